//! `/api/v1/contacts`: the list, a new contact, lookup, and many deleted at once.

use app::email::contacts::create::create;
use app::email::contacts::delete::bulk_delete;
use app::email::contacts::list::{Filter, Lookup, Order, list, lookup};
use app::{OpCtx, Tx};
use axum::extract::State;
use domain::Result;
use domain::email::contact::ReviewStatus;
use wire::email::contacts::{
    BulkDelete, BulkDeleted, Contact, ContactBulkDelete, ContactCreate, CreateContact,
};

use super::{all_shown, shown};
use crate::call::{Call, Handled};
use crate::query::{Query, invalid};
use crate::{EmailApi, answer};

/// Rows of a page, and how far the first may lie.
const LIMIT_MAX: i64 = 200;
const LIMIT_DEFAULT: i64 = 50;
const OFFSET_MAX: i64 = 10_000;
/// Characters of a search.
const WORDS_CHARS_MAX: usize = 100;
/// The parameters of a lookup.
const LOOKUPS: [&str; 5] = ["email", "email_contains", "email_domain", "phone", "phone_contains"];

/// List contacts
#[utoipa::path(
    get, path = "/api/v1/contacts", operation_id = "listContacts", tag = "Contacts",
    params(
        ("q" = Option<String>, Query, description = "Words in names, company, title or notes, in any case; at most 100 characters."),
        ("order" = Option<String>, Query, description = "name, the default, or recent."),
        ("review_status" = Option<String>, Query, description = "unreviewed or confirmed; may be given again."),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50."),
        ("offset" = Option<u32>, Query, description = "Rows to leave out, at most 10000."),
    ),
    responses((status = 200, description = "The contacts.", body = Vec<Contact>))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let order = |text: &str| match text {
        "name" => Some(Order::Name),
        "recent" => Some(Order::Recent),
        _ => None,
    };
    let order = query.word("order", order, "must be name or recent")?.unwrap_or(Order::Name);
    let limit = query.number("limit", 1..=LIMIT_MAX)?.unwrap_or(LIMIT_DEFAULT);
    let offset = query.number("offset", 0..=OFFSET_MAX)?.unwrap_or(0);
    let filter = filter(&query)?;
    let work =
        async move |tx: &Tx, ctx: &OpCtx| list(tx, ctx, &filter, order, (limit, offset)).await;
    let found = api.app.query(&ctx, work).await?;
    Ok(answer::ok(&all_shown(&ctx, &found)))
}

fn filter(query: &Query) -> Result<Filter> {
    let words = query.text("q");
    if words.is_some_and(|words| words.chars().count() > WORDS_CHARS_MAX) {
        return Err(invalid("q", "has at most 100 characters"));
    }
    let mut reviews = Vec::new();
    for text in query.all("review_status") {
        let review = ReviewStatus::parse(text);
        reviews.push(
            review.ok_or_else(|| invalid("review_status", "must be unreviewed or confirmed"))?,
        );
    }
    reviews.sort_unstable();
    reviews.dedup();
    // Both together are all there are.
    let review = if let [one] = reviews.as_slice() { Some(*one) } else { None };
    Ok(Filter { words: words.map(ToOwned::to_owned), review })
}

/// Make a contact
#[utoipa::path(
    post, path = "/api/v1/contacts", operation_id = "createContact", tag = "Contacts",
    request_body = ContactCreate,
    responses((status = 201, description = "The contact.", body = Contact))
)]
pub(crate) async fn create_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let input = CreateContact::read(body)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| create(tx, ctx, &input).await;
    let made = api.app.act(&ctx, work).await?;
    Ok(answer::created(&shown(&ctx, &made)))
}

/// Look contacts up by an address or a number
///
/// With exactly one parameter. All that match and are visible, oldest first: the first is the one that
/// events name.
#[utoipa::path(
    get, path = "/api/v1/contacts/lookup", operation_id = "lookupContacts", tag = "Contacts",
    params(
        ("email" = Option<String>, Query, description = "A whole address, in any case."),
        ("email_contains" = Option<String>, Query, description = "A part of an address."),
        ("email_domain" = Option<String>, Query, description = "What follows the @."),
        ("phone" = Option<String>, Query, description = "A whole number in E.164."),
        ("phone_contains" = Option<String>, Query, description = "Some digits of a number."),
    ),
    responses((status = 200, description = "The contacts; none is an empty list.", body = Vec<Contact>))
)]
pub(crate) async fn lookup_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let given: Vec<_> = LOOKUPS
        .iter()
        .filter_map(|name| query.text(name).map(|text| (*name, text.trim())))
        .collect();
    let [(name, text)] = given.as_slice() else {
        let rule = "give exactly one of email, email_contains, email_domain, phone, phone_contains";
        return Err(invalid("lookup:", rule).into());
    };
    let text = (*text).to_owned();
    let by = match *name {
        "email" => Lookup::Email(text),
        "email_contains" => Lookup::EmailContains(text),
        "email_domain" => Lookup::EmailDomain(text),
        "phone" => Lookup::Phone(text),
        _ => Lookup::PhoneContains(text),
    };
    let work = async move |tx: &Tx, ctx: &OpCtx| lookup(tx, ctx, &by).await;
    let found = api.app.query(&ctx, work).await?;
    Ok(answer::ok(&all_shown(&ctx, &found)))
}

/// Delete many contacts
///
/// What is not there is told of one by one; the others are deleted.
#[utoipa::path(
    post, path = "/api/v1/contacts/bulk-delete", operation_id = "bulkDeleteContacts", tag = "Contacts",
    request_body = ContactBulkDelete,
    responses((status = 200, description = "What became of each.", body = BulkDeleted))
)]
pub(crate) async fn bulk_delete_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let input = BulkDelete::read(body)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| bulk_delete(tx, ctx, &input).await;
    Ok(answer::ok(&api.app.act(&ctx, work).await?))
}
