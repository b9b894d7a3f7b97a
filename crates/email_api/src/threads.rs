//! `/api/v1/mail/mailboxes/{email_address}/threads`.

use app::email::folders::{delete, folders, get, list, update};
use app::{OpCtx, Tx};
use axum::extract::State;
use domain::email::Folder;
use wire::email::messages::Message;
use wire::email::page::Page;
use wire::email::threads::{Thread, ThreadDetail, ThreadMove, read_folder};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer, page};

/// List threads
///
/// Those with the latest messages first, of one folder or of all that the caller sees.
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes/{email_address}/threads", operation_id = "listThreads", tag = "Threads",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("folder" = Option<String>, Query, description = "inbox, spam, blocked or archive."),
        ("limit" = Option<u32>, Query, description = "Rows of a page; 1 to 100, default 50."),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before."),
    ),
    responses((status = 200, description = "One page.", body = Page<Thread>))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let address = call.mailbox();
    let folder = query.word("folder", Folder::parse, "must be inbox, spam, blocked or archive")?;
    let (limit, name) = (query.limit()?, format!("threads {address}"));
    let after = page::place(&ctx, &query, &name)?;
    let work =
        async move |tx: &Tx, ctx: &OpCtx| list(tx, ctx, &address, folder, after, limit).await;
    let found = api.app.query(&ctx, work).await?;
    let last = found.items.last().map(|t| (t.last_message_at, t.id));
    let shown = found.items.iter().map(Thread::of).collect();
    Ok(answer::ok(&page::page(&ctx, &name, shown, last, found.has_more)))
}

/// List folders
///
/// Those that hold at least one thread, in the order of the alphabet.
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes/{email_address}/threads/folders", operation_id = "listFolders",
    tag = "Threads", params(("email_address" = String, Path, description = "The mailbox.")),
    responses((status = 200, description = "Their names.", body = Vec<String>))
)]
pub(crate) async fn folders_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let address = call.param("email_address");
    let found = api.app.query(&ctx, async move |tx, ctx| folders(tx, ctx, &address).await).await?;
    Ok(answer::ok(&found.iter().map(|folder| folder.as_str()).collect::<Vec<_>>()))
}

/// Retrieve a thread
///
/// With its messages, oldest first, without their texts. Nothing is marked as read.
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes/{email_address}/threads/{thread_id}", operation_id = "getThread",
    tag = "Threads",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("thread_id" = String, Path, description = "The thread."),
    ),
    responses((status = 200, description = "The thread.", body = ThreadDetail))
)]
pub(crate) async fn get_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let (address, id) = (call.param("email_address"), call.param("thread_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| get(tx, ctx, &address, &id).await;
    let (thread, messages) = api.app.query(&ctx, work).await?;
    let messages = messages.iter().map(Message::of).collect();
    Ok(answer::ok(&ThreadDetail { thread: Thread::of(&thread), messages }))
}

/// Move a thread to another folder
#[utoipa::path(
    patch, path = "/api/v1/mail/mailboxes/{email_address}/threads/{thread_id}", operation_id = "updateThread",
    tag = "Threads",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("thread_id" = String, Path, description = "The thread."),
    ),
    request_body = ThreadMove,
    responses((status = 200, description = "The thread as it is now.", body = Thread))
)]
pub(crate) async fn update_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (address, id) = (call.param("email_address"), call.param("thread_id"));
    let folder = read_folder(body)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| update(tx, ctx, &address, &id, folder).await;
    Ok(answer::ok(&Thread::of(&api.app.act(&ctx, work).await?)))
}

/// Delete a thread with its messages
#[utoipa::path(
    delete, path = "/api/v1/mail/mailboxes/{email_address}/threads/{thread_id}", operation_id = "deleteThread",
    tag = "Threads",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("thread_id" = String, Path, description = "The thread."),
    ),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let (address, id) = (call.param("email_address"), call.param("thread_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| delete(tx, ctx, &address, &id).await;
    api.app.act(&ctx, work).await?;
    Ok(answer::gone())
}
