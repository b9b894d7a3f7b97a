//! Every route of the API, in the order of the documentation.

use axum::Router;
use axum::extract::{OriginalUri, Request, State};
use axum::http::header::{self, HeaderValue};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use domain::{Error, ErrorCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::refusal::Refusal;
use crate::{
    PartnerApi, answer, customers, entrance, events, events_stream, mail, mail_actions, me,
    test_helpers, usage, webhooks,
};

/// The operations with their documentation; paths are under `/api/v1`.
pub(crate) fn operations() -> OpenApiRouter<PartnerApi> {
    OpenApiRouter::new()
        .routes(routes!(customers::create::handler, customers::list::handler))
        .routes(routes!(customers::get::handler, customers::update::handler))
        .routes(routes!(customers::deactivate::handler))
        .routes(routes!(customers::compliance::handler))
        .routes(routes!(customers::mailbox::handler))
        .routes(routes!(mail::list::handler))
        .routes(routes!(mail::create::handler))
        .routes(routes!(mail::get::handler, mail::delete::handler))
        .routes(routes!(mail_actions::scan_handler))
        .routes(routes!(mail_actions::forward_handler))
        .routes(routes!(mail_actions::shred_handler))
        .routes(routes!(mail_actions::pickup_handler))
        .routes(routes!(webhooks::types::handler))
        .routes(routes!(webhooks::endpoints::create_handler, webhooks::endpoints::list_handler))
        .routes(routes!(
            webhooks::endpoints::get_handler,
            webhooks::endpoints::update_handler,
            webhooks::endpoints::delete_handler
        ))
        .routes(routes!(webhooks::endpoints::test_handler))
        .routes(routes!(webhooks::hold::pause_handler))
        .routes(routes!(webhooks::hold::resume_handler))
        .routes(routes!(webhooks::recover::recover_handler))
        .routes(routes!(webhooks::recover::get_handler))
        .routes(routes!(webhooks::recover::cancel_handler))
        .routes(routes!(webhooks::recover::pause_handler))
        .routes(routes!(webhooks::recover::resume_handler))
        .routes(routes!(webhooks::secrets::rotate_handler))
        .routes(routes!(webhooks::secrets::switch_handler))
        .routes(routes!(webhooks::secrets::revoke_handler))
        .routes(routes!(webhooks::deliveries::handler))
        .routes(routes!(webhooks::redelivery::retry_handler))
        .routes(routes!(events::list_handler))
        .routes(routes!(events_stream::handler))
        .routes(routes!(events::get_handler))
        .routes(routes!(webhooks::redelivery::replay_handler))
        .routes(routes!(usage::handler))
        .routes(routes!(me::handler))
        .routes(routes!(test_helpers::clock::get_handler, test_helpers::clock::advance_handler))
        .routes(routes!(test_helpers::compliance::handler))
        .routes(routes!(test_helpers::mail::simulate_handler))
        .routes(routes!(test_helpers::mail::complete_handler))
        .routes(routes!(test_helpers::webhooks::trigger_handler))
}

/// Operations that ask for no key: what they answer is for everybody.
pub(crate) fn open_operations() -> OpenApiRouter<PartnerApi> {
    OpenApiRouter::new().routes(routes!(webhooks::public_keys::handler))
}

/// The service: the API behind its entrance, and its public document.
pub fn router(api: PartnerApi) -> Router {
    let (operations, _) = operations().split_for_parts();
    let guarded = operations
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(middleware::from_fn_with_state(api.clone(), entrance::guarded));
    let (open, _) = open_operations().split_for_parts();
    let public = Router::new()
        .nest("/api/v1", open.method_not_allowed_fallback(no_method))
        .route("/api/openapi.json", axum::routing::get(document))
        .route("/files/{photo_id}", axum::routing::get(mail::files::photo))
        .route("/files/{photo_id}/thumbnail", axum::routing::get(mail::files::thumbnail))
        .layer(middleware::from_fn_with_state(api.clone(), entrance::open));
    Router::new().nest("/api/v1", guarded).merge(public).with_state(api)
}

async fn no_route(request: Request) -> Refusal {
    let path = request.extensions().get::<OriginalUri>().map(|uri| uri.path().to_owned());
    let path = path.unwrap_or_default();
    Refusal(
        Error::refused(ErrorCode::RouteNotFound, format!("there is nothing at {path}"))
            .fix("/developers/reference lists every route"),
    )
}

async fn no_method(request: Request) -> Refusal {
    let message = format!("{} is not possible here; see the Allow header", request.method());
    Refusal(Error::refused(ErrorCode::MethodNotAllowed, message))
}

/// `GET /api/openapi.json`: the committed document, with the asking host as its server.
async fn document(State(api): State<PartnerApi>, request: Request) -> Response {
    let mut document = crate::document().clone();
    let base = entrance::base_of(&api, request.headers());
    if let Some(url) = document.pointer_mut("/servers/0/url") {
        *url = format!("{base}/api/v1").into();
    }
    let mut response = document.to_string().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, answer::JSON);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
