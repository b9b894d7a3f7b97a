//! `GET /files/{photo_id}` and its thumbnail: pictures behind links that end.
//!
//! The link is the authentication. Whatever is stored is served so that a browser runs nothing of it.

use app::mail::photos::find;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::Response;
use axum::http::header::{self, HeaderValue};
use domain::id::PhotoId;
use domain::{Error, ErrorCode, Result};

use crate::PartnerApi;
use crate::refusal::Refusal;

pub(crate) async fn photo(
    State(api): State<PartnerApi>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refusal> {
    serve(&api, &id, "", query.as_deref()).await
}

pub(crate) async fn thumbnail(
    State(api): State<PartnerApi>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refusal> {
    serve(&api, &id, "/thumbnail", query.as_deref()).await
}

fn gone() -> Error {
    Error::refused(ErrorCode::NotFound, "this link has ended, or was never one of ours")
        .fix("read the mail item again for a fresh link")
}

async fn serve(
    api: &PartnerApi,
    id: &str,
    part: &str,
    query: Option<&str>,
) -> Result<Response<Body>, Refusal> {
    let value = |name: &str| {
        let pairs = query.unwrap_or_default().split('&').filter_map(|p| p.split_once('='));
        pairs.into_iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    };
    let expires: i64 = value("expires").and_then(|v| v.parse().ok()).ok_or_else(gone)?;
    let signature = value("signature").ok_or_else(gone)?;
    let path = format!("/files/{id}{part}");
    let good = api.app.secrets.link_is_good(&path, expires, signature, api.app.clock.now());
    let id = PhotoId::parse(id).filter(|_| good).ok_or_else(gone)?;
    let photo = find(&api.app, id).await?.ok_or_else(gone)?;
    let (key, media) = match part {
        "" => (photo.blob, photo.content_type),
        _ => (photo.thumbnail, Some("image/jpeg".to_owned())),
    };
    let bytes = api.app.photo_bytes(&key.ok_or_else(gone)?).await?.ok_or_else(gone)?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    let media = media.and_then(|m| HeaderValue::from_str(&m).ok());
    headers.insert(
        header::CONTENT_TYPE,
        media.unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    Ok(response)
}
