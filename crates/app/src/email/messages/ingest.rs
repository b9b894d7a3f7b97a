//! A raw message from outside: read within bounds, its bytes put where they last, and stored in every
//! mailbox that it is for, in one transaction.

use std::sync::Arc;

use bytes::Bytes;
use domain::partner::{Partner, PartnerKind};
use domain::{Error, ErrorCode, Result};
use email::Address;
use storage::{Tx, tenancy};

use super::receive::{Arrival, Received, receive};
use super::send::route;
use crate::email::{mailbox, no_mailbox, raw};
use crate::{Actor, App, OpCtx};

/// From whom and for whom, as the transport says; the header may say otherwise.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Empty for a bounce.
    pub sender: String,
    pub recipients: Vec<Address>,
}

/// Stores a message for each recipient of this install, all of them or none. A recipient that is nobody's
/// refuses it.
pub async fn ingest(app: &App, envelope: Envelope, bytes: Bytes) -> Result<Vec<Received>> {
    let parsed = email::parse(&bytes).map_err(|problem| {
        Error::refused(ErrorCode::ValidationFailed, format!("the message can't be read: {problem}"))
    })?;
    let staged = raw::stage(app, &bytes).await?;
    let arrival = Arrival { parsed: Arc::new(parsed), raw: staged, sender: envelope.sender };
    let unit = app.clone();
    app.db
        .write(async move |tx: &Tx| {
            let mut stored = Vec::new();
            let mut mailboxes = Vec::new();
            for address in &envelope.recipients {
                let owner = route(tx, &unit.email.domain, address).await?;
                let owner = owner.ok_or_else(|| no_such(address))?;
                // A mailbox that is named twice, plainly and with a tag, has the message once.
                if mailboxes.contains(&owner.mailbox_id) {
                    continue;
                }
                mailboxes.push(owner.mailbox_id);
                let partner = tenancy::partner_find(tx, owner.partner_id).await?;
                let partner = partner.filter(|p: &Partner| p.kind != PartnerKind::Operator);
                let partner = partner.ok_or_else(|| no_such(address))?;
                let ctx = OpCtx::new(&unit, Arc::new(partner), true, Actor::System);
                stored.push(receive(tx, &ctx, &owner, &arrival).await?);
            }
            Ok::<_, Error>(stored)
        })
        .await
}

/// The same for one mailbox of the caller's.
pub async fn ingest_for(
    ctx: &OpCtx,
    address: &str,
    sender: &str,
    bytes: Bytes,
) -> Result<Received> {
    let name = address.to_owned();
    let work = async move |tx: &Tx, ctx: &OpCtx| mailbox(tx, ctx, &name).await;
    let owner = ctx.app.query(ctx, work).await?;
    let recipient = Address::parse(&owner.address)
        .map_err(|problem| Error::internal("reading a mailbox's own address", problem))?;
    let envelope = Envelope { sender: sender.to_owned(), recipients: vec![recipient] };
    let stored = ingest(&ctx.app, envelope, bytes).await?;
    stored.first().copied().ok_or_else(no_mailbox)
}

fn no_such(address: &Address) -> Error {
    let message = format!("{} is no mailbox of this install", address.as_str());
    Error::refused(ErrorCode::NotFound, message)
}
