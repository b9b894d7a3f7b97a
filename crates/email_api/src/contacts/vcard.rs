//! Contacts as vCards: `/api/v1/contacts/import`, `/api/v1/contacts/{contact_id}.vcf` and
//! `/api/v1/contacts/vcard-export`.

use app::email::contacts::vcard::{EXPORT_MAX, Imported, cards, export, import};
use app::{OpCtx, Tx};
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use axum::http::header::{self, HeaderValue};
use domain::{Error, ErrorCode, Result};
use wire::email::contacts::{
    CardImported, ContactExport, ContactsExported, ContactsImported, read_export,
};

use super::shown;
use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

const VCARD: &str = "text/vcard";
/// What an import may be called (email-api.md 7.6).
const IMPORTS: [&str; 2] = [VCARD, "text/x-vcard"];
const VCARD_UTF8: HeaderValue = HeaderValue::from_static("text/vcard; charset=utf-8");

/// Import contacts
///
/// Cards of vCard 3.0 or 4.0, at most 1000 in 5 MiB. Each is judged for itself. One that has an e-mail address of
/// a visible contact, or has none and its phone, is a conflict and is left out.
#[utoipa::path(
    post, path = "/api/v1/contacts/import", operation_id = "importContacts", tag = "Contacts",
    request_body(content = String, content_type = "text/vcard"),
    responses((status = 200, description = "What became of each card.", body = ContactsImported))
)]
pub(crate) async fn import_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    call.must_write()?;
    must_be_vcard(&call)?;
    let cards = cards(&call.bytes())?;
    let work = async move |tx: &Tx, ctx: &OpCtx| import(tx, ctx, &cards).await;
    let outcomes = api.app.act(&ctx, work).await?;
    let results: Vec<_> =
        outcomes.iter().enumerate().map(|(index, one)| outcome(&ctx, index, one)).collect();
    let created_count = results.iter().filter(|one| one.contact.is_some()).count();
    let error_count = results.len() - created_count;
    Ok(answer::ok(&ContactsImported { created_count, error_count, results }))
}

fn must_be_vcard(call: &Call) -> Result<()> {
    let media = call.media_type();
    if IMPORTS.iter().any(|name| media.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let message = "an import is text/vcard or text/x-vcard";
    Err(Error::refused(ErrorCode::UnsupportedMediaType, message))
}

fn outcome(ctx: &OpCtx, index: usize, one: &Imported) -> CardImported {
    let mut shown_one = CardImported {
        index,
        status: String::new(),
        contact: None,
        error: None,
        conflicting_contact_id: None,
    };
    let status = match one {
        Imported::Created(view) => {
            shown_one.contact = Some(shown(ctx, view));
            "created"
        }
        Imported::Conflict(id) => {
            shown_one.error = Some("a contact has this address or number already".to_owned());
            shown_one.conflicting_contact_id = Some(id.to_string());
            "conflict"
        }
        Imported::Refused(problem) => {
            shown_one.error = Some(problem.clone());
            "error"
        }
    };
    status.clone_into(&mut shown_one.status);
    shown_one
}

/// Export a contact
#[utoipa::path(
    get, path = "/api/v1/contacts/{contact_id}.vcf", operation_id = "exportContact", tag = "Contacts",
    params(("contact_id" = String, Path, description = "The contact.")),
    responses((status = 200, description = "vCard 4.0.", body = String, content_type = "text/vcard"))
)]
pub(crate) async fn one_handler(State(api): State<EmailApi>, call: Call, id: String) -> Handled {
    let (ctx, _) = call.read();
    let ids = [id];
    let work = async move |tx: &Tx, ctx: &OpCtx| export(tx, ctx, &ids).await;
    let (_, text) = api.app.query(&ctx, work).await?;
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, VCARD_UTF8);
    let attached = HeaderValue::from_static("attachment; filename=\"contact.vcf\"");
    headers.insert(header::CONTENT_DISPOSITION, attached);
    Ok(response)
}

/// Export several contacts
///
/// All must be visible.
#[utoipa::path(
    post, path = "/api/v1/contacts/vcard-export", operation_id = "exportContacts", tag = "Contacts",
    request_body = ContactExport,
    responses((status = 200, description = "The contacts, one after another.", body = ContactsExported))
)]
pub(crate) async fn many_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let ids = read_export(body, EXPORT_MAX)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| export(tx, ctx, &ids).await;
    let (contact_count, vcard) = api.app.query(&ctx, work).await?;
    Ok(answer::ok(&ContactsExported { content_type: VCARD.to_owned(), contact_count, vcard }))
}
