//! A customer with what is shown beside it: the mailbox, its location, the invitation.

use domain::customer::Customer;
use domain::mailbox::Mailbox;
use domain::partner::Location;
use domain::{Error, Result};
use storage::Tx;
use storage::{mailboxes, tenancy};

use crate::OpCtx;

/// See the module.
#[derive(Clone, Debug)]
pub struct CustomerView {
    pub customer: Customer,
    pub mailbox: Option<(Mailbox, Location)>,
}

/// Loads what is shown beside a customer.
pub async fn view(tx: &Tx, customer: Customer) -> Result<CustomerView> {
    let Some(id) = customer.mailbox_id else { return Ok(CustomerView { customer, mailbox: None }) };
    let gone = || Error::internal("loading a mailbox", "a row is missing");
    let mailbox = mailboxes::find(tx, id).await?.ok_or_else(gone)?;
    let location = tenancy::location_find(tx, mailbox.location_id).await?.ok_or_else(gone)?;
    Ok(CustomerView { customer, mailbox: Some((mailbox, location)) })
}

impl CustomerView {
    /// Where the customer takes up the invitation, while there is one.
    pub fn onboarding_url(&self, ctx: &OpCtx) -> Option<String> {
        let token = self.customer.invite_token.as_deref()?;
        Some(match &ctx.partner.settings.portal_url {
            Some(url) => url.replace("{token}", token),
            None => format!("{}/invite/{token}", ctx.app.public_url),
        })
    }
}
