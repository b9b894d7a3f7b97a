//! Identities with their mailboxes, the handles in use, and what each mailbox holds.

use bytes::Bytes;
use domain::Timestamp;
use domain::email::{Identity, Signature};
use domain::id::{EmailMailboxId, IdentityId};

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, statements};

/// What [`identity`] reads, in its order.
macro_rules! columns {
    () => {
        "id, partner_id, handle, display_name, description, contact_sharing, imessage, mailbox_id, address,
        inbound_filter, outbound_filter, signature_html, signature_text, signature_enabled, storage_limit,
        signing_key_at, created_at, updated_at, mailbox_updated_at"
    };
}

statements! {
    INSERT = "insert into identities (id, partner_id, handle, display_name, description, contact_sharing, imessage,
        mailbox_id, address, inbound_filter, outbound_filter, signature_html, signature_text, signature_enabled,
        storage_limit, created_at, updated_at, mailbox_updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    UPDATE = "update identities set handle = $2, display_name = $3, description = $4, contact_sharing = $5, imessage = $6,
        inbound_filter = $7, outbound_filter = $8, signature_html = $9, signature_text = $10,
        signature_enabled = $11, storage_limit = $12, updated_at = $13, mailbox_updated_at = $14 where id = $1";
    DELETE = "update identities set deleted_at = $2 where id = $1";
    LIST = concat!("select ", columns!(), " from identities where partner_id = $1 and deleted_at is null
        order by created_at desc, id desc limit $2");
    COUNT = "select count(*) from identities where partner_id = $1 and deleted_at is null";
    GET = concat!("select ", columns!(), " from identities where partner_id = $1 and id = $2 and deleted_at is null");
    BY_HANDLE = concat!("select ", columns!(), " from identities
        where partner_id = $1 and handle = $2 and deleted_at is null");
    BY_HANDLE_LOCKED = concat!("select ", columns!(), " from identities
        where partner_id = $1 and handle = $2 and deleted_at is null {lock}");
    BY_MAILBOX = concat!("select ", columns!(), " from identities
        where partner_id = $1 and mailbox_id = $2 and deleted_at is null");
    OF_MAILBOX = concat!("select ", columns!(), " from identities where mailbox_id = $1 and deleted_at is null");
    BY_ADDRESS = concat!("select ", columns!(), " from identities
        where partner_id = $1 and address = $2 and deleted_at is null");
    /// Whoever's: mail is addressed to the install, not to a tenant.
    ROUTE = concat!("select ", columns!(), " from identities where address = $1 and deleted_at is null");
    HANDLE_TAKE = "insert into handles (handle, identity_id, free_at) values ($1, $2, null)
        on conflict (handle) do update set identity_id = excluded.identity_id, free_at = null
        where handles.free_at <= $3 or handles.identity_id = excluded.identity_id";
    HANDLE_LEAVE = "update handles set free_at = $2 where handle = $1";
    USAGE_INSERT = "insert into mailbox_usage (mailbox_id, used_bytes) values ($1, 0)";
    USAGE_GET = "select used_bytes from mailbox_usage where mailbox_id = $1";
    USAGE_ADD = "update mailbox_usage set used_bytes = used_bytes + $2 where mailbox_id = $1";
    SENT_ADD = "update mailbox_usage set n_sent = case when sent_on = $2 then n_sent + 1 else 1 end, sent_on = $2
        where mailbox_id = $1 and (sent_on <> $2 or n_sent < $3)";
    KEY_GET = "select signing_key_sealed from identities where id = $1";
    KEY_LAST = "select max(signing_key_at) from identities where partner_id = $1 and deleted_at is null";
    KEY_PUT = "update identities set signing_key_sealed = $2, signing_key_at = $3 where id = $1";
}

pub async fn insert(tx: &Tx, i: &Identity) -> Result<()> {
    let row = args![
        i.id,
        i.partner_id,
        i.handle,
        i.display_name,
        i.description,
        i.contact_sharing,
        i.imessage,
        i.mailbox_id,
        i.address,
        i.inbound_filter,
        i.outbound_filter,
        i.signature.html,
        i.signature.text,
        i.signature.is_enabled,
        i.storage_limit,
        i.created_at,
        i.updated_at,
        i.mailbox_updated_at
    ];
    tx.post(INSERT, row).await?;
    tx.post(USAGE_INSERT, args![i.mailbox_id]).await
}

/// Stores all that can change.
pub async fn update(tx: &Tx, i: &Identity) -> Result<()> {
    let row = args![
        i.id,
        i.handle,
        i.display_name,
        i.description,
        i.contact_sharing,
        i.imessage,
        i.inbound_filter,
        i.outbound_filter,
        i.signature.html,
        i.signature.text,
        i.signature.is_enabled,
        i.storage_limit,
        i.updated_at,
        i.mailbox_updated_at
    ];
    tx.post(UPDATE, row).await
}

pub async fn delete(tx: &Tx, id: IdentityId, now: Timestamp) -> Result<()> {
    tx.post(DELETE, args![id, now]).await
}

/// Identities of an organization, newest first.
pub async fn list(tx: &Tx, scope: &Scope, limit: i64) -> Result<Vec<Identity>> {
    tx.all(LIST, args![scope.partner_id(), limit], identity).await
}

pub async fn count(tx: &Tx, scope: &Scope) -> Result<i64> {
    tx.one(COUNT, args![scope.partner_id()], Row::next).await
}

pub async fn find(tx: &Tx, scope: &Scope, id: IdentityId) -> Result<Option<Identity>> {
    tx.opt(GET, args![scope.partner_id(), id], identity).await
}

pub async fn find_by_handle(tx: &Tx, scope: &Scope, handle: &str) -> Result<Option<Identity>> {
    tx.opt(BY_HANDLE, args![scope.partner_id(), handle], identity).await
}

/// An identity that is about to change.
pub async fn find_by_handle_locked(
    tx: &Tx,
    scope: &Scope,
    handle: &str,
) -> Result<Option<Identity>> {
    tx.opt(BY_HANDLE_LOCKED, args![scope.partner_id(), handle], identity).await
}

pub async fn find_by_mailbox(
    tx: &Tx,
    scope: &Scope,
    mailbox_id: EmailMailboxId,
) -> Result<Option<Identity>> {
    tx.opt(BY_MAILBOX, args![scope.partner_id(), mailbox_id], identity).await
}

pub async fn find_by_address(tx: &Tx, scope: &Scope, address: &str) -> Result<Option<Identity>> {
    tx.opt(BY_ADDRESS, args![scope.partner_id(), address], identity).await
}

/// Whose mailbox it is, in any organization.
pub async fn of_mailbox(tx: &Tx, mailbox_id: EmailMailboxId) -> Result<Option<Identity>> {
    tx.opt(OF_MAILBOX, args![mailbox_id], identity).await
}

/// Whose mailbox has this address, in lower case, in any organization.
pub async fn route(tx: &Tx, address: &str) -> Result<Option<Identity>> {
    tx.opt(ROUTE, args![address], identity).await
}

/// Takes a handle; false while it belongs to another, or did until a short time ago.
pub async fn take_handle(tx: &Tx, handle: &str, id: IdentityId, now: Timestamp) -> Result<bool> {
    Ok(tx.exec(HANDLE_TAKE, args![handle, id, now]).await? == 1)
}

/// Gives a handle back, for others to take from `free_at` on.
pub async fn leave_handle(tx: &Tx, handle: &str, free_at: Timestamp) -> Result<()> {
    tx.post(HANDLE_LEAVE, args![handle, free_at]).await
}

/// Bytes of the raw messages in a mailbox.
pub async fn used_bytes(tx: &Tx, mailbox_id: EmailMailboxId) -> Result<i64> {
    tx.one(USAGE_GET, args![mailbox_id], Row::next).await
}

pub async fn add_used_bytes(tx: &Tx, mailbox_id: EmailMailboxId, bytes: i64) -> Result<()> {
    tx.post(USAGE_ADD, args![mailbox_id, bytes]).await
}

/// Counts a message that a mailbox sends on a day, numbered from 1970; false where it has sent `limit` by then.
pub async fn count_sent(tx: &Tx, mailbox_id: EmailMailboxId, day: i64, limit: i64) -> Result<bool> {
    Ok(tx.exec(SENT_ADD, args![mailbox_id, day, limit]).await? == 1)
}

/// The signing key of an identity, sealed.
pub async fn signing_key(tx: &Tx, id: IdentityId) -> Result<Option<Bytes>> {
    tx.one(KEY_GET, args![id], Row::next).await
}

/// When the newest signing key of an organization's identities was made; `None` when no identity has one.
pub async fn last_signing_key(tx: &Tx, scope: &Scope) -> Result<Option<Timestamp>> {
    tx.one(KEY_LAST, args![scope.partner_id()], Row::next).await
}

pub async fn put_signing_key(
    tx: &Tx,
    id: IdentityId,
    sealed: &Bytes,
    now: Timestamp,
) -> Result<()> {
    tx.post(KEY_PUT, args![id, sealed, now]).await
}

fn identity(r: &mut Row) -> Result<Identity> {
    Ok(Identity {
        id: r.next()?,
        partner_id: r.next()?,
        handle: r.next()?,
        display_name: r.next()?,
        description: r.next()?,
        contact_sharing: r.next()?,
        imessage: r.next()?,
        mailbox_id: r.next()?,
        address: r.next()?,
        inbound_filter: r.next()?,
        outbound_filter: r.next()?,
        signature: Signature { html: r.next()?, text: r.next()?, is_enabled: r.next()? },
        storage_limit: r.next()?,
        signing_key_at: r.next()?,
        created_at: r.next()?,
        updated_at: r.next()?,
        mailbox_updated_at: r.next()?,
    })
}
