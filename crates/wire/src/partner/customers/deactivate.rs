//! Ending service: the body and its reading.

use domain::address::Address;
use domain::customer::{DeactivationReason, RemailInstruction};
use domain::{Result, Timestamp};
use serde_json::Value;
use utoipa::ToSchema;

use crate::partner::mailboxes;
use crate::reader::Fields;

/// How service ends. Every field is optional.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what DeactivateCustomer::read takes")]
pub struct CustomerDeactivate {
    /// customer_request, nonpayment, fraud, compliance, moved or other.
    #[schema(default = "other", max_length = 40)]
    reason: Option<String>,
    /// For the operator; at most 500 characters.
    #[schema(max_length = 500)]
    note: Option<String>,
    /// From now to 90 days ahead; service goes on until then.
    #[schema(format = DateTime)]
    effective_at: Option<String>,
    /// What happens to mail that still comes; default is to hold it.
    remail: Option<RemailBody>,
    /// False cancels actions that were not started.
    #[schema(default = true)]
    complete_open_actions: Option<bool>,
}

/// What happens to mail that still comes in the six months after service.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what DeactivateCustomer::read takes")]
pub struct RemailBody {
    /// forward, hold_for_pickup or destroy_by_written_consent.
    #[schema(max_length = 40, examples("forward"))]
    instruction: String,
    /// Where to, with forward; default is the forwarding address.
    address: Option<mailboxes::AddressBody>,
}

/// A read [`CustomerDeactivate`].
#[derive(Clone, Debug)]
pub struct DeactivateCustomer {
    pub reason: DeactivationReason,
    pub note: Option<String>,
    pub effective_at: Option<Timestamp>,
    pub remail: Option<(RemailInstruction, Option<Address>)>,
    pub complete_open_actions: bool,
}

impl DeactivateCustomer {
    pub fn read(body: Value) -> Result<Self> {
        use RemailInstruction as Remail;
        let mut f = Fields::new(body)?;
        let reasons = "customer_request, nonpayment, fraud, compliance, moved or other";
        let instructions = "forward, hold_for_pickup or destroy_by_written_consent";
        let asked = |text: &str| Remail::parse(text).filter(|r| *r != Remail::PendingConsent);
        let reason = f.opt_parsed("reason", DeactivationReason::parse, reasons);
        let read = Self {
            reason: reason.unwrap_or(DeactivationReason::Other),
            note: f.opt_prose("note", 500),
            effective_at: f.opt_instant("effective_at"),
            remail: f
                .opt_object("remail", |r| {
                    let instruction = r.parsed("instruction", asked, instructions);
                    (instruction, r.opt_address("address"))
                })
                .and_then(|(instruction, address)| instruction.map(|i| (i, address))),
            complete_open_actions: f.bool("complete_open_actions", true),
        };
        f.finish()?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ErrorCode;
    use serde_json::json;

    #[test]
    fn an_unknown_remail_instruction_is_refused() {
        let error = DeactivateCustomer::read(json!({"remail": {"instruction": "pending_consent"}}));
        assert_eq!(error.unwrap_err().code(), ErrorCode::ValidationFailed);
    }
}
