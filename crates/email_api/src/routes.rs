//! Every route of the e-mail API. Paths are without a final slash; `entrance` takes one off.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::http::header;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use domain::{Error, ErrorCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::JSON;
use crate::refusal::Refusal;
use crate::{
    EmailApi, api_keys, contact_rules, contacts, domains, drafts, entrance, identities, imports,
    mailboxes, messages, notes, refusal, search, signing_keys, threads, webhooks, whoami,
};

/// What would otherwise be taken for the id of a contact (email-api.md 7.4).
const NOT_BUILT: &str = "/api/v1/contacts/with-permissions";

/// The operations with their documentation.
pub(crate) fn operations() -> OpenApiRouter<EmailApi> {
    people().merge(book()).merge(mail()).merge(hooks())
}

/// Who there is: keys, agents, and whose mail they take.
fn people() -> OpenApiRouter<EmailApi> {
    OpenApiRouter::new()
        .routes(routes!(whoami::handler))
        .routes(routes!(api_keys::create_handler))
        .routes(routes!(api_keys::self_handler))
        .routes(routes!(identities::create::handler, identities::list::handler))
        .routes(routes!(
            identities::get::handler,
            identities::update::handler,
            identities::delete::handler
        ))
        .routes(routes!(identities::access::list_handler, identities::access::grant_handler))
        .routes(routes!(identities::access::revoke_handler))
        .routes(routes!(contact_rules::list_handler, contact_rules::create_handler))
        .routes(routes!(
            contact_rules::get_handler,
            contact_rules::update_handler,
            contact_rules::delete_handler
        ))
        .routes(routes!(contact_rules::list_all_handler))
}

/// The address book.
fn book() -> OpenApiRouter<EmailApi> {
    OpenApiRouter::new()
        .routes(routes!(contacts::book::list_handler, contacts::book::create_handler))
        .routes(routes!(contacts::book::lookup_handler))
        .routes(routes!(contacts::book::bulk_delete_handler))
        .routes(routes!(
            contacts::one::get_handler,
            contacts::one::update_handler,
            contacts::one::delete_handler
        ))
        .routes(routes!(contacts::access::list_handler, contacts::access::grant_handler))
        .routes(routes!(contacts::access::revoke_handler))
        .routes(routes!(contacts::facts::list_handler, contacts::facts::create_handler))
        .routes(routes!(
            contacts::facts::get_handler,
            contacts::facts::update_handler,
            contacts::facts::delete_handler
        ))
        .routes(routes!(contacts::merge::handler))
        .routes(routes!(contacts::correspondence::handler))
        .routes(routes!(contacts::vcard::import_handler))
        .routes(routes!(contacts::vcard::many_handler))
        .routes(routes!(notes::list_handler, notes::create_handler))
        .routes(routes!(notes::get_handler, notes::update_handler, notes::delete_handler))
        .routes(routes!(notes::access::list_handler, notes::access::grant_handler))
        .routes(routes!(notes::access::revoke_handler))
}

/// Mailboxes and all that is in them.
fn mail() -> OpenApiRouter<EmailApi> {
    OpenApiRouter::new()
        .routes(routes!(mailboxes::list_handler))
        .routes(routes!(mailboxes::get_handler, mailboxes::update_handler))
        .routes(routes!(messages::send::handler, messages::list::handler))
        .routes(routes!(
            messages::get::handler,
            messages::flags::update_handler,
            messages::flags::delete_handler
        ))
        .routes(routes!(messages::answer::reply_handler))
        .routes(routes!(messages::answer::forward_handler))
        .routes(routes!(messages::attachments::handler))
        .routes(routes!(messages::ingest::handler))
        .routes(routes!(messages::lookup::handler))
        .routes(routes!(domains::list_handler))
        .routes(routes!(domains::default_handler))
        .routes(routes!(search::handler))
        .routes(routes!(drafts::edit::create_handler, drafts::read::list_handler))
        .routes(routes!(
            drafts::read::get_handler,
            drafts::edit::update_handler,
            drafts::edit::delete_handler
        ))
        .routes(routes!(drafts::edit::duplicate_handler))
        .routes(routes!(drafts::attachments::add_handler))
        .routes(routes!(drafts::attachments::get_handler, drafts::attachments::remove_handler))
        .routes(routes!(drafts::send::handler))
        .routes(routes!(imports::create_handler, imports::list_handler))
        .routes(routes!(imports::get_handler))
        .routes(routes!(imports::renew_handler))
        .routes(routes!(imports::start_handler))
        .routes(routes!(imports::cancel_handler))
        .routes(routes!(threads::list_handler))
        .routes(routes!(threads::folders_handler))
        .routes(routes!(threads::get_handler, threads::update_handler, threads::delete_handler))
}

/// Who hears of it.
fn hooks() -> OpenApiRouter<EmailApi> {
    OpenApiRouter::new()
        .routes(routes!(signing_keys::create_handler, signing_keys::get_handler))
        .routes(routes!(signing_keys::create_older_handler, signing_keys::get_older_handler))
        .routes(routes!(
            webhooks::subscriptions::create_handler,
            webhooks::subscriptions::list_handler
        ))
        .routes(routes!(
            webhooks::subscriptions::get_handler,
            webhooks::subscriptions::update_handler,
            webhooks::subscriptions::delete_handler
        ))
        .routes(routes!(webhooks::catalog::handler))
        .routes(routes!(webhooks::deliveries::list_handler))
        .routes(routes!(webhooks::deliveries::replay_handler))
}

/// The service behind its entrance, and its public document.
pub(crate) fn router(api: EmailApi) -> Router {
    let (operations, _) = operations().split_for_parts();
    let guarded = operations
        .merge(of_older_clients())
        .route(NOT_BUILT, any(no_route))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(middleware::from_fn_with_state(api.clone(), entrance::guarded));
    let public = Router::new()
        .route("/api/openapi-email.json", get(document))
        .route("/files/messages/{message_id}/open.gif", get(messages::attachments::open_handler))
        .route("/files/messages/{message_id}/{part}", get(messages::attachments::file))
        // Counted as it streams in.
        .route(
            "/files/imports/{import_id}",
            post(imports::upload).layer(DefaultBodyLimit::disable()),
        )
        .layer(middleware::map_response(refusal::written));
    guarded.merge(public).with_state(api)
}

/// Contact rules under their mailbox: the same operations; `spec` documents them.
fn of_older_clients() -> Router<EmailApi> {
    let all = get(contact_rules::list_handler).post(contact_rules::create_handler);
    let one = get(contact_rules::get_handler)
        .patch(contact_rules::update_handler)
        .delete(contact_rules::delete_handler);
    Router::new()
        .route("/api/v1/mail/mailboxes/{email_address}/contact-rules", all)
        .route("/api/v1/mail/mailboxes/{email_address}/contact-rules/{rule_id}", one)
}

async fn no_route() -> Refusal {
    Refusal(Error::refused(ErrorCode::RouteNotFound, "Not Found"))
}

async fn no_method() -> Refusal {
    Refusal(Error::refused(ErrorCode::MethodNotAllowed, "Method Not Allowed"))
}

async fn document() -> Response {
    let mut response = crate::document().to_string().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
