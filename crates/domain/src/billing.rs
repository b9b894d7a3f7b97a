//! Who pays for a mailbox, and whether it is paid.

use crate::{Date, Timestamp, days};

crate::words! {
    /// Through whom the customer's subscription is charged.
    pub enum BillingMode {
        ExternalPrepay = "external_prepay",
        StripeConnect = "stripe_connect",
        OperatorDirect = "operator_direct",
    }
}

crate::words! {
    pub enum BillingStatus {
        Active = "active",
        Grace = "grace",
        PastDue = "past_due",
        Suspended = "suspended",
        None = "none",
    }
}

impl BillingStatus {
    /// True while mail may be logged and work requested: paid, or within the grace period.
    pub const fn allows_service(self) -> bool {
        matches!(self, Self::Active | Self::Grace)
    }
}

/// Days after `paid_through` during which service goes on.
pub const GRACE_DAYS: i64 = 7;

/// The state of external billing (postal.md 9.4): `prepay` is the partner's word that the mailbox is
/// paid, for ever or through a day. `lapsed_at` is when that word was withdrawn.
pub fn prepay_status(
    prepay: bool,
    paid_through: Option<Date>,
    lapsed_at: Option<Timestamp>,
    now: Timestamp,
    zone: &str,
) -> BillingStatus {
    if !prepay {
        return match lapsed_at {
            Some(at) if now < at.plus(days(GRACE_DAYS)) => BillingStatus::Grace,
            Some(_) => BillingStatus::Suspended,
            None => BillingStatus::None,
        };
    }
    let today = now.date_in(zone);
    match paid_through {
        Some(last) if today > last.plus_days(GRACE_DAYS) => BillingStatus::Suspended,
        Some(last) if today > last => BillingStatus::Grace,
        Some(_) | None => BillingStatus::Active,
    }
}

crate::words! {
    /// Movements on a partner's prepaid balance (postal.md 9.5).
    pub enum LedgerKind {
        TopUp = "topup",
        Hold = "hold",
        Release = "release",
        Capture = "capture",
        Refund = "refund",
        Adjust = "adjust",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paid_day_is_followed_by_a_week_of_grace() {
        let last = Date::parse("2026-11-21");
        let on = |text| prepay_status(true, last, None, Timestamp::parse(text).unwrap(), "UTC");
        assert_eq!(on("2026-11-21T23:00:00Z"), BillingStatus::Active);
        assert_eq!(on("2026-11-28T23:00:00Z"), BillingStatus::Grace);
        assert_eq!(on("2026-11-29T00:00:00Z"), BillingStatus::Suspended);
    }
}
