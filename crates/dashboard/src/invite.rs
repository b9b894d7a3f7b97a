//! `/invite/{token}`: where an invited customer takes up the account (C3).
//!
//! Brands with a portal of their own set `portal_url` and never show this page. Whoever holds the token
//! is the customer, so a page is neither kept nor indexed and names no referrer. Looking changes
//! nothing, because mail programs open links; the button does.

use app::customers::{CustomerView, activate};
use app::{App, OpCtx, Tx, snapshot};
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::Error;

const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";
const STYLE: &str = include_str!("../assets/invite.css");
/// Bytes of a token in a link; ours have 32.
const TOKEN_BYTES_MAX: usize = 64;

/// The routes of the invitation.
pub fn invite(app: App) -> Router {
    let style = || async { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE) };
    Router::new()
        .route("/invite/invite.css", get(style))
        .route("/invite/{token}", get(show).post(accept))
        .with_state(app)
}

#[derive(Template)]
#[template(path = "invite/invited.html")]
struct Invited {
    brand: String,
    name: String,
    address: Vec<String>,
}

#[derive(Template)]
#[template(path = "invite/welcome.html")]
struct Welcome {
    brand: String,
    name: String,
    address: Vec<String>,
    is_usable: bool,
}

#[derive(Template)]
#[template(path = "invite/void.html")]
struct Void;

async fn show(State(app): State<App>, Path(token): Path<String>) -> Response {
    let found = async {
        let ctx = open(&app, &token).await?;
        let work = async move |tx: &Tx, ctx: &OpCtx| activate::invitation(tx, ctx, &token).await;
        let view = app.query(&ctx, work).await?;
        Ok((ctx, view))
    };
    match found.await {
        Ok((ctx, view)) => page(&Invited {
            brand: ctx.partner.name.clone(),
            address: address(&view),
            name: view.customer.name,
        }),
        Err(error) => refused(&error),
    }
}

async fn accept(State(app): State<App>, Path(token): Path<String>) -> Response {
    let taken = async {
        let ctx = open(&app, &token).await?;
        let work = async move |tx: &Tx, ctx: &OpCtx| activate::accept(tx, ctx, &token).await;
        let view = app.act(&ctx, work).await?;
        Ok((ctx, view))
    };
    match taken.await {
        Ok((ctx, view)) => page(&Welcome {
            brand: ctx.partner.name.clone(),
            is_usable: snapshot::mailbox(&view).is_some_and(|mailbox| mailbox.usable),
            address: address(&view),
            name: view.customer.name,
        }),
        Err(error) => refused(&error),
    }
}

async fn open(app: &App, token: &str) -> Result<OpCtx, Error> {
    let token = if token.len() > TOKEN_BYTES_MAX { "" } else { token };
    activate::invite_ctx(app, token).await
}

fn address(view: &CustomerView) -> Vec<String> {
    snapshot::mailbox(view).map(|mailbox| mailbox.formatted_address).unwrap_or_default()
}

/// A void invitation looks the same whether it was used, has run out or never was.
fn refused(error: &Error) -> Response {
    match error {
        Error::Refused { .. } => (StatusCode::NOT_FOUND, page(&Void)).into_response(),
        Error::Internal { .. } => {
            tracing::error!(%error, "an invitation was not shown");
            let retry = [(header::RETRY_AFTER, "5")];
            (StatusCode::SERVICE_UNAVAILABLE, retry, "Please try again in a moment.\n")
                .into_response()
        }
    }
}

fn page(page: &impl Template) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    match page.render() {
        Ok(html) => (headers, html).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
