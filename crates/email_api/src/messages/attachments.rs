//! `GET …/messages/{message_id}/attachments/{filename}`, and the files behind the links that it gives.

use app::email::messages::attachment::{LINK_LIFE, link, open};
use app::email::messages::opens;
use axum::body::Body;
use axum::extract::{OriginalUri, Path, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{Response, StatusCode, Uri};
use domain::{Error, ErrorCode, seconds};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use wire::email::messages::AttachmentLink;

use crate::EmailApi;
use crate::answer;
use crate::call::{Call, Handled};
use crate::query::Query;
use crate::refusal::Refusal;

/// Get a link to an attachment
///
/// Good without a key for a quarter of an hour. With `redirect=true` the answer leads there.
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes/{email_address}/messages/{message_id}/attachments/{filename}",
    operation_id = "getAttachment", tag = "Messages",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("message_id" = String, Path, description = "The message's id."),
        ("filename" = String, Path, description = "The attachment's name; of two with one name, the first."),
        ("redirect" = Option<bool>, Query, description = "Answer 302."),
    ),
    responses(
        (status = 200, description = "The link.", body = AttachmentLink),
        (status = 302, description = "The way there, and the same in the body.", body = serde_json::Value),
    )
)]
pub(crate) async fn handler(call: Call) -> Handled {
    let (ctx, query) = call.read();
    let (address, id) = (call.param("email_address"), call.param("message_id"));
    let found = link(&ctx, &address, &id, &call.param("filename")).await?;
    if query.text("redirect") == Some("true") {
        let mut response = answer::ok(&json!({"url": found.url}));
        *response.status_mut() = StatusCode::FOUND;
        if let Ok(place) = HeaderValue::from_str(&found.url) {
            response.headers_mut().insert(header::LOCATION, place);
        }
        return Ok(response);
    }
    let expires_in = LINK_LIFE / seconds(1);
    Ok(answer::ok(&AttachmentLink { url: found.url, filename: found.filename, expires_in }))
}

/// `GET /files/messages/{message_id}/{part}` with a signature. Whatever a sender attached is only ever
/// downloaded: a browser must not show it as a page of this host.
pub(crate) async fn file(
    State(api): State<EmailApi>,
    Path((id, part)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
) -> Handled {
    check_link(&api, &uri)?;
    let index = part.parse().map_err(|_| no_file())?;
    let file = open(&api.app, &id, index).await?;
    let name = utf8_percent_encode(&file.filename, NON_ALPHANUMERIC);
    let mut response = Response::new(Body::from(file.bytes));
    let headers = response.headers_mut();
    let mut set = |name: header::HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, &file.content_type);
    set(header::CONTENT_DISPOSITION, &format!("attachment; filename*=UTF-8''{name}"));
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'");
    set(header::CACHE_CONTROL, "private, no-store");
    Ok(response)
}

/// `GET /files/messages/{message_id}/open.gif` with a signature: somebody looks at a message.
pub(crate) async fn open_handler(
    State(api): State<EmailApi>,
    Path(id): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Handled {
    check_link(&api, &uri)?;
    opens::note(&api.app, &id).await?;
    let mut response = Response::new(Body::from(opens::POINT));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/gif"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn check_link(api: &EmailApi, uri: &Uri) -> Result<(), Refusal> {
    let query = Query::read(uri.query());
    let expires = query.text("expires").and_then(|text| text.parse().ok()).unwrap_or(0);
    let signature = query.text("signature").unwrap_or_default();
    let is_good = api.app.secrets.link_is_good(uri.path(), expires, signature, api.app.clock.now());
    if is_good { Ok(()) } else { Err(Refusal(no_file())) }
}

fn no_file() -> Error {
    Error::refused(ErrorCode::NotFound, "no such file, or the link is too old")
}
