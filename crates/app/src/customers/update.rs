//! Changing the fields that a CRM owns (postal.md 4.5.4), and what a changed field asks of the form.
//!
//! No event is emitted for a change. What may be written at all was decided where the body was read.

use domain::address::Address;
use domain::compliance::{CURE_DAYS, ComplianceStatus, Requirement};
use domain::customer::{Customer, CustomerStatus, ForwardingAddress};
use domain::id::AddressId;
use domain::mailbox::MailboxStatus;
use domain::{Date, Error, ErrorCode, Field, Result, days};
use storage::{Tx, compliance, customers, mailboxes};
use wire::reader::Patch;

use super::create::MailboxChoice;
use super::view::view;
use super::{CustomerView, assign, billing, change, get};
use crate::compliance::Case;
use crate::{OpCtx, audit};

/// Pairs of metadata that one customer holds.
pub const METADATA_MAX: usize = 50;

/// What is to be changed. `name` and `email` cannot be cleared.
#[derive(Clone, Debug, Default)]
pub struct CustomerChange {
    pub external_customer_id: Patch<String>,
    pub name: Patch<String>,
    pub email: Patch<String>,
    pub phone: Patch<String>,
    pub business_name: Patch<String>,
    pub prepay: Option<bool>,
    pub paid_through: Patch<Date>,
    pub plan_id: Patch<String>,
    /// Merged into what is there; a pair without a value is removed.
    pub metadata: Patch<Vec<(String, Option<String>)>>,
    pub tags: Patch<Vec<String>>,
    pub locale: Patch<String>,
    /// Merged into what is there.
    pub notification_prefs: Patch<Vec<(String, bool)>>,
    /// Becomes the default address of forwards.
    pub forwarding_address: Patch<Address>,
    /// Another number, while the mailbox is not open.
    pub mailbox: Option<MailboxChoice>,
}

/// Changes what differs. A change that changes nothing leaves the version as it is.
///
/// With a version, the customer must still be at it: `precondition_failed` otherwise.
pub async fn update(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    version: Option<i64>,
    input: &CustomerChange,
) -> Result<CustomerView> {
    let customer = get::find_locked(tx, ctx, customer_id).await?;
    must_be_at(&customer, version)?;
    let case = Case::of(tx, customer).await?;
    let mut editing = Editing { case, changed: Vec::new(), leaves_form: false };
    editing.edit(input)?;
    editing.forwarding_address(tx, ctx, input).await?;
    editing.refuse_what_the_state_forbids(ctx, input)?;
    if let Some(external) = editing.new_external_id() {
        refuse_known(tx, ctx, external).await?;
    }
    if let Some(choice) = &input.mailbox {
        editing.number(tx, ctx, choice).await?;
    }
    let Editing { mut case, changed, leaves_form } = editing;
    if changed.is_empty() {
        return view(tx, case.customer).await;
    }
    bill(ctx, &mut case.customer, input);
    change::store(tx, ctx, &mut case.customer).await?;
    ask_of_the_form(tx, ctx, &mut case, &changed, leaves_form).await?;
    let detail = [("changed", &*changed.join(","))];
    audit::record(tx, ctx, "customer.update", case.customer.id, &detail).await?;
    if case.customer.status != CustomerStatus::Deactivated {
        billing::settle_case(tx, ctx, &mut case).await?;
    }
    view(tx, case.customer).await
}

fn must_be_at(customer: &Customer, version: Option<i64>) -> Result<()> {
    if version.is_none_or(|v| v == customer.version) {
        return Ok(());
    }
    Err(Error::refused(
        ErrorCode::PreconditionFailed,
        format!("the customer was changed; its version is {} now", customer.version),
    )
    .fix("read the customer again and send its new ETag in If-Match"))
}

/// A customer on the way from old to new, and the names of what differs.
struct Editing {
    case: Case,
    changed: Vec<&'static str>,
    /// The forwarding address is no longer the one in item 6 of the form.
    leaves_form: bool,
}

impl Editing {
    fn edit(&mut self, input: &CustomerChange) -> Result<()> {
        let (c, changed) = (&mut self.case.customer, &mut self.changed);
        let mut put = |name, slot: &mut Option<String>, new: &Patch<String>| {
            set(changed, name, slot, new.clone().over(slot.clone()));
        };
        put("external_customer_id", &mut c.external_customer_id, &input.external_customer_id);
        put("phone", &mut c.phone, &input.phone);
        put("business_name", &mut c.business_name, &input.business_name);
        put("plan_id", &mut c.plan_id, &input.plan_id);
        put("locale", &mut c.locale, &input.locale);
        if let Patch::Set(name) = &input.name {
            set(changed, "name", &mut c.name, name.clone());
        }
        if let Patch::Set(email) = &input.email {
            set(changed, "email", &mut c.email, email.clone());
        }
        if let Some(prepay) = input.prepay {
            set(changed, "prepay", &mut c.prepay, prepay);
        }
        let paid_through = input.paid_through.clone().over(c.paid_through);
        set(changed, "paid_through", &mut c.paid_through, paid_through);
        let tags = input.tags.clone().over(Some(c.tags.clone())).unwrap_or_default();
        set(changed, "tags", &mut c.tags, tags);
        let metadata = merged(&c.metadata, &input.metadata)?;
        set(changed, "metadata", &mut c.metadata, metadata);
        let prefs = switched(&c.notification_prefs, &input.notification_prefs);
        set(changed, "notification_prefs", &mut c.notification_prefs, prefs);
        Ok(())
    }

    async fn forwarding_address(
        &mut self,
        tx: &Tx,
        ctx: &OpCtx,
        input: &CustomerChange,
    ) -> Result<()> {
        let customer = &mut self.case.customer;
        let address = match &input.forwarding_address {
            Patch::Keep => return Ok(()),
            Patch::Clear => {
                set(
                    &mut self.changed,
                    "forwarding_address",
                    &mut customer.default_address_id,
                    None,
                );
                return Ok(());
            }
            Patch::Set(address) => address,
        };
        if let Some(id) = customer.default_address_id {
            let default = customers::address_find(tx, customer, id).await?;
            if default.is_some_and(|d| d.address == *address) {
                return Ok(());
            }
        }
        let on_form = self.case.form.data.transfer.as_ref();
        let saved = ForwardingAddress {
            id: AddressId::new(ctx.app.ids.as_ref(), ctx.app.clock.now()),
            customer_id: customer.id,
            address: address.clone(),
            is_on_form: customer.compliance_status.allows_release()
                && on_form.is_some_and(|a| a.is_same_place(address)),
            created_at: ctx.now,
        };
        customers::address_insert(tx, &saved).await?;
        customer.default_address_id = Some(saved.id);
        self.changed.push("forwarding_address");
        if customer.compliance_status == ComplianceStatus::PendingForm {
            self.case.form.data.transfer = Some(address.clone());
        } else if !saved.is_on_form && !on_form.is_some_and(|a| a.is_same_place(address)) {
            self.leaves_form = true;
        }
        Ok(())
    }

    /// Refuses what a customer who left, or a signed form, does not allow.
    fn refuse_what_the_state_forbids(&self, ctx: &OpCtx, input: &CustomerChange) -> Result<()> {
        let kept_open = ["external_customer_id", "metadata", "tags", "forwarding_address"];
        let customer = &self.case.customer;
        let beyond = self.changed.iter().find(|name| !kept_open.contains(name));
        if beyond.is_some() || input.mailbox.is_some() {
            change::refuse_deactivated(customer)?;
        }
        let is_locked = ctx.partner.settings.strict_form_lock && is_signed(customer);
        let on_form = self.changed.iter().find(|name| ON_FORM.contains(name));
        match on_form.or_else(|| self.leaves_form.then_some(&"forwarding_address")) {
            Some(name) if is_locked => Err(Error::refused(
                ErrorCode::FieldLocked,
                format!("{name} stands on the signed Form 1583"),
            )
            .param(*name)
            .fix("have the customer sign a revised form first")),
            Some(_) | None => Ok(()),
        }
    }

    fn new_external_id(&self) -> Option<&str> {
        let is_new = self.changed.contains(&"external_customer_id");
        self.case.customer.external_customer_id.as_deref().filter(|_| is_new)
    }

    async fn number(&mut self, tx: &Tx, ctx: &OpCtx, choice: &MailboxChoice) -> Result<()> {
        if self.already_has(tx, choice).await? {
            return Ok(());
        }
        assign::choose(tx, ctx, &mut self.case.customer, choice).await?;
        self.changed.push("mailbox");
        Ok(())
    }

    /// True when the number that is asked for is the one that the customer has reserved.
    async fn already_has(&self, tx: &Tx, choice: &MailboxChoice) -> Result<bool> {
        let Some(id) = self.case.customer.mailbox_id else { return Ok(false) };
        let Some(mailbox) = mailboxes::find(tx, id).await? else { return Ok(false) };
        if mailbox.status != MailboxStatus::Reserved {
            return Ok(false);
        }
        Ok(choice.mailbox_id.as_deref() == Some(&*id.to_string())
            || choice.pmb_number.as_deref() == Some(&*mailbox.number.to_string()))
    }
}

/// Items 4 and 7 of the form.
const ON_FORM: [&str; 4] = ["name", "email", "phone", "business_name"];

fn set<T: PartialEq>(changed: &mut Vec<&'static str>, name: &'static str, slot: &mut T, new: T) {
    if *slot != new {
        *slot = new;
        changed.push(name);
    }
}

fn is_signed(customer: &Customer) -> bool {
    match customer.compliance_status {
        ComplianceStatus::PendingForm | ComplianceStatus::Rejected => false,
        ComplianceStatus::PendingNotary
        | ComplianceStatus::PendingReview
        | ComplianceStatus::Approved
        | ComplianceStatus::MailboxActive => true,
    }
}

fn merged(
    old: &[(String, String)],
    change: &Patch<Vec<(String, Option<String>)>>,
) -> Result<Vec<(String, String)>> {
    let pairs = match change {
        Patch::Keep => return Ok(old.to_vec()),
        Patch::Clear => return Ok(Vec::new()),
        Patch::Set(pairs) => pairs,
    };
    let mut all = old.to_vec();
    for (name, value) in pairs {
        all.retain(|(n, _)| n != name);
        all.extend(value.clone().map(|v| (name.clone(), v)));
    }
    if all.len() > METADATA_MAX {
        let message =
            format!("metadata would hold {} pairs; {METADATA_MAX} is the most", all.len());
        return Err(Error::invalid(vec![Field::new("metadata", "too_many", message)]));
    }
    all.sort();
    Ok(all)
}

fn switched(old: &[(String, bool)], change: &Patch<Vec<(String, bool)>>) -> Vec<(String, bool)> {
    let switches = match change {
        Patch::Keep => return old.to_vec(),
        Patch::Clear => return Vec::new(),
        Patch::Set(switches) => switches,
    };
    let mut all = old.to_vec();
    for (name, is_on) in switches {
        all.retain(|(n, _)| n != name);
        all.push((name.clone(), *is_on));
    }
    all.sort();
    all
}

/// Notes when the partner's word was withdrawn, from which grace runs.
fn bill(ctx: &OpCtx, customer: &mut Customer, input: &CustomerChange) {
    match input.prepay {
        Some(true) => customer.billing_lapsed_at = None,
        Some(false) if customer.billing_lapsed_at.is_none() => {
            customer.billing_lapsed_at = Some(ctx.now);
        }
        Some(false) | None => {}
    }
}

async fn refuse_known(tx: &Tx, ctx: &OpCtx, external: &str) -> Result<()> {
    match customers::find_by_external_id(tx, &ctx.scope, external).await? {
        None => Ok(()),
        Some(known) => Err(Error::refused(
            ErrorCode::ExternalCustomerIdExists,
            format!("external_customer_id is taken by {}", known.id),
        )
        .param("external_customer_id")),
    }
}

/// Carries a change into the draft, or asks for a revision of what was signed.
async fn ask_of_the_form(
    tx: &Tx,
    ctx: &OpCtx,
    case: &mut Case,
    changed: &[&str],
    leaves_form: bool,
) -> Result<()> {
    let id = case.customer.id;
    if case.customer.status == CustomerStatus::Deactivated {
        return Ok(());
    }
    if case.customer.compliance_status == ComplianceStatus::PendingForm {
        fill_draft(case, changed);
        return Ok(compliance::form_update(tx, &case.form).await?);
    }
    if !is_signed(&case.customer) {
        return Ok(());
    }
    let due_at = ctx.now.plus(days(CURE_DAYS));
    if changed.iter().any(|name| ON_FORM.contains(name)) {
        compliance::requirement_put(tx, id, Requirement::Revision, due_at).await?;
    }
    if leaves_form {
        compliance::requirement_put(tx, id, Requirement::TransferAddress, due_at).await?;
    }
    Ok(())
}

fn fill_draft(case: &mut Case, changed: &[&str]) {
    let (customer, data) = (&mut case.customer, &mut case.form.data);
    for name in changed {
        match *name {
            "name" => {
                let (first, last) = super::create::split_name(&customer.name);
                data.first_name = first.unwrap_or_default();
                data.last_name = last.unwrap_or_default();
            }
            "email" => data.email = Some(customer.email.clone()),
            "phone" => data.phone.clone_from(&customer.phone),
            "business_name" => {
                let name = customer.business_name.clone().unwrap_or_default();
                data.business.get_or_insert_default().name = name;
            }
            _ => {}
        }
    }
}
