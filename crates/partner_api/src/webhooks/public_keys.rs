//! `GET /api/v1/webhook-endpoints/{endpoint_id}/public-keys`, for receivers: no key is asked for.

use app::endpoints::keys::{self, Published};
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{self, HeaderValue};
use axum::response::Response;
use domain::{Error, ErrorCode};
use wire::partner::webhook_keys::{WebhookPublicKey, WebhookPublicKeys};

use crate::refusal::Refusal;
use crate::{PartnerApi, answer};

/// Read the public keys of a webhook endpoint
///
/// For its receiver, which checks the `v1a,` signatures of `webhook-signature` with them; it needs no
/// key of the API. May be remembered for five minutes; ask again when no key fits. 404 where the
/// endpoint has `ed25519` off.
#[utoipa::path(
    get, path = "/webhook-endpoints/{endpoint_id}/public-keys", operation_id = "getWebhookPublicKeys",
    tag = "Webhooks", security(()),
    params(("endpoint_id" = String, Path, description = "whe_…", max_length = 64)),
    responses((status = 200, description = "A JSON Web Key Set.", body = WebhookPublicKeys))
)]
pub(crate) async fn handler(
    State(api): State<PartnerApi>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    if query.is_some_and(|query| !query.is_empty()) {
        let message = "this takes no query parameters";
        return Err(Refusal(Error::refused(ErrorCode::UnknownParameter, message)));
    }
    let found = keys::public(&api.app, &id).await?;
    let shown = |key: Published| WebhookPublicKey::new(&id, key.number, key.x, key.text);
    let keys = WebhookPublicKeys { keys: found.into_iter().map(shown).collect() };
    let mut response = answer::respond(&answer::ok(&keys, None));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}
