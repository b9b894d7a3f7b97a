//! Changing what a draft says: each field is kept, cleared or set.

use domain::Result;
use domain::email::{Draft, Identity, Message};
use domain::id::ThreadId;
use storage::Tx;
use storage::email::messages as rows;
use wire::email::drafts::{DraftChange, DraftFields};
use wire::reader::Patch;

use super::{Shown, invalid, locked, save};
use crate::OpCtx;
use crate::email::messages::compose::find_parent;

pub async fn update(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    id: &str,
    change: &DraftChange,
) -> Result<Shown> {
    let (owner, mut draft) = locked(tx, ctx, address, id, change.generation).await?;
    let before = draft.size();
    apply(tx, ctx, &owner, &mut draft, &change.fields).await?;
    save(tx, ctx, &owner, &mut draft, before).await?;
    Ok(Shown { address: owner.address, draft })
}

/// Changes the fields that are named.
pub(super) async fn apply(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    draft: &mut Draft,
    fields: &DraftFields,
) -> Result<()> {
    let lists = || Some((draft.to.clone(), draft.cc.clone(), draft.bcc.clone()));
    let recipients = match fields.recipients.clone() {
        Patch::Keep => lists(),
        Patch::Clear => None,
        Patch::Set(lists) => Some((lists.to, lists.cc, lists.bcc)),
    };
    (draft.to, draft.cc, draft.bcc) = recipients.unwrap_or_default();
    over(&mut draft.subject, &fields.subject);
    over(&mut draft.text, &fields.text);
    over(&mut draft.html, &fields.html);
    over(&mut draft.reply_to, &fields.reply_to);
    over(&mut draft.note_text, &fields.note_text);
    over(&mut draft.note_html, &fields.note_html);
    let tracks = fields.track_opens.clone().over(Some(draft.track_opens));
    draft.track_opens = tracks.unwrap_or(false);
    answer(tx, ctx, owner, draft, fields).await
}

fn over(value: &mut Option<String>, patch: &Patch<String>) {
    *value = patch.clone().over(value.take());
}

/// What the draft answers: the message that is named, or the newest of the thread that is. References
/// that are given stand as they are given.
async fn answer(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    draft: &mut Draft,
    fields: &DraftFields,
) -> Result<()> {
    match (&fields.in_reply_to, &fields.thread_id) {
        (Patch::Keep, Patch::Keep) => {}
        (Patch::Set(parent), _) => {
            let parent = find_parent(tx, ctx, owner, parent).await?;
            answers(draft, Some(parent));
        }
        (_, Patch::Set(thread)) => {
            let parent = newest(tx, ctx, owner, thread).await?;
            answers(draft, Some(parent));
        }
        (Patch::Clear, _) | (Patch::Keep, Patch::Clear) => answers(draft, None),
    }
    draft.references = match fields.references.clone() {
        Patch::Keep => std::mem::take(&mut draft.references),
        Patch::Clear => Vec::new(),
        Patch::Set(references) => references,
    };
    Ok(())
}

fn answers(draft: &mut Draft, parent: Option<Message>) {
    draft.thread_id = parent.as_ref().map(|m| m.thread_id);
    draft.in_reply_to = parent.as_ref().map(|m| m.message_id.clone());
    draft.references = parent.map(|m| m.references).unwrap_or_default();
}

async fn newest(tx: &Tx, ctx: &OpCtx, owner: &Identity, thread: &str) -> Result<Message> {
    let found = match ThreadId::parse(thread) {
        Some(id) => rows::last_of_thread(tx, owner.mailbox_id, id).await?,
        None => None,
    };
    let visible = found.filter(|m| !m.is_blocked || ctx.identity.is_none());
    visible.ok_or_else(|| invalid("thread_id", "the thread was not found"))
}
