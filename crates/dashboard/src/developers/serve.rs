//! Answering requests for the documents: paths, negotiation, caching, security headers.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;

use super::guides::FRONT;
use super::reference::HOST;
use super::site::{self, SCRIPT, STYLE, Site};
use super::{Brand, Documents};

/// Nothing but our own style, script and pictures; no form, no frame, no base.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Pages may be kept five minutes; after that the tag decides.
const KEPT: &str = "public, max-age=300";
/// For what has its version in its address: a year.
const KEPT_FOR_EVER: &str = "public, max-age=31536000, immutable";

const HTML: &str = "text/html; charset=utf-8";
const MARKDOWN: &str = "text/markdown; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Where the documents come from.
type Source = Box<dyn Fn() -> Documents + Send + Sync>;

#[derive(Clone)]
struct Pages(Arc<Inner>);

struct Inner {
    documents: Source,
    brand: Brand,
    site: OnceLock<Site>,
}

impl Pages {
    fn site(&self) -> &Site {
        self.0.site.get_or_init(|| Site::build(&(self.0.documents)(), &self.0.brand))
    }
}

pub(crate) fn router(documents: Source, brand: Brand) -> Router {
    let pages = Pages(Arc::new(Inner { documents, brand, site: OnceLock::new() }));
    let front = get(async || Redirect::permanent("/developers"));
    Router::new()
        .route("/developers", get(page))
        .route("/developers/", front.clone())
        .route(&format!("/developers/{FRONT}"), front)
        .route("/developers/{*path}", get(page))
        .route("/developers/developers.css", get(async || asset("text/css; charset=utf-8", STYLE)))
        .route(
            "/developers/developers.js",
            get(async || asset("text/javascript; charset=utf-8", SCRIPT)),
        )
        .route("/llms.txt", get(llms))
        .route("/llms-full.txt", get(llms_full))
        .with_state(pages)
}

/// A page, as HTML or as Markdown: by its path, or by what the reader accepts.
async fn page(State(pages): State<Pages>, request: Request) -> Response<Body> {
    let path = request.uri().path();
    let headers = request.headers();
    let base = pages.base(headers);
    let site = pages.site();
    if let Some(page) = site.pages.iter().find(|page| page.twin == path) {
        return send(headers, &base, &page.markdown, MARKDOWN, None);
    }
    let Some(page) = site.pages.iter().find(|page| page.path == path) else {
        let mut lost = send(headers, &base, &site.lost, HTML, None);
        *lost.status_mut() = StatusCode::NOT_FOUND;
        return lost;
    };
    if prefers_markdown(headers) {
        send(headers, &base, &page.markdown, MARKDOWN, None)
    } else {
        send(headers, &base, &page.html, HTML, Some(&page.twin))
    }
}

async fn llms(State(pages): State<Pages>, headers: HeaderMap) -> Response<Body> {
    send(&headers, &pages.base(&headers), &pages.site().llms, TEXT, None)
}

async fn llms_full(State(pages): State<Pages>, headers: HeaderMap) -> Response<Body> {
    send(&headers, &pages.base(&headers), &pages.site().llms_full, TEXT, None)
}

fn asset(media: &'static str, content: &'static str) -> Response<Body> {
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CACHE_CONTROL, KEPT_FOR_EVER),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, content).into_response()
}

impl Pages {
    /// The origin that the reader asked, so that examples run as they are copied.
    fn base(&self, headers: &HeaderMap) -> String {
        let public = &self.0.brand.public_url;
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let plain =
            |host: &&str| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
        match (host.filter(plain), public.split_once("://")) {
            (Some(host), Some((scheme, _))) => format!("{scheme}://{host}"),
            _ => public.clone(),
        }
    }
}

fn send(
    asked: &HeaderMap,
    base: &str,
    content: &str,
    media: &'static str,
    twin: Option<&str>,
) -> Response<Body> {
    let content = content.replace(HOST, base);
    let tag = format!("\"{}\"", site::tag(&content));
    let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let is_known =
        known.is_some_and(|tags| tags.split(',').any(|t| t.trim().trim_start_matches("W/") == tag));
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { content.into_response() };
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, media);
    set(header::CACHE_CONTROL, KEPT);
    set(header::ETAG, &tag);
    set(header::VARY, "accept");
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    if let Some(twin) = twin {
        set(header::LINK, &format!("<{twin}>; rel=\"alternate\"; type=\"text/markdown\""));
    }
    response
}

/// True when Markdown is asked for, and no less than HTML.
fn prefers_markdown(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let weight = |media: &str| {
        let wanted = accept?.split(',').map(str::trim);
        let mut parts = wanted.map(|part| part.split(';').map(str::trim));
        let mut found = parts.find_map(|mut part| (part.next() == Some(media)).then_some(part))?;
        let weight = found.find_map(|p| p.strip_prefix("q=")).unwrap_or("1");
        weight.parse::<f32>().ok()
    };
    weight("text/markdown").is_some_and(|markdown| {
        markdown > 0.0 && weight("text/html").is_none_or(|html| markdown >= html)
    })
}
