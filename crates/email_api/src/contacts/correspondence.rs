//! `GET /api/v1/contacts/{contact_id}/correspondence`.

use app::OpCtx;
use app::email::contacts::correspondence::{Found, Order, Question, correspondence};
use app::email::messages::list::MessageFilter;
use domain::Result;
use domain::id::IdentityId;
use wire::email::contacts::{
    CHANNELS, ContactCorrespondence, CorrespondenceChannel, EMAIL, EmailCorrespondence,
    LATER_CHANNELS,
};

use crate::call::{Call, Handled};
use crate::query::{Query, invalid};
use crate::{answer, page};

/// Messages of a page.
const LIMIT_MAX: i64 = 100;
const LIMIT_DEFAULT: usize = 25;

/// How much of each message is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Metadata,
    Preview,
    Full,
}

/// Retrieve what was written with a contact
///
/// The messages of one agent's mailbox that an address of the contact is on. A page may hold fewer items than asked
/// for, or none, and have a cursor: so much was looked through, and there is more.
#[utoipa::path(
    get, path = "/api/v1/contacts/{contact_id}/correspondence", operation_id = "getContactCorrespondence",
    tag = "Contacts",
    params(
        ("contact_id" = String, Path, description = "The contact."),
        ("identity_id" = Option<String>, Query, description = "Whose mailbox; must be given with a key of the organization."),
        ("channels" = Option<String>, Query, description = "Of email, sms, imessage, calls, whatsapp and slack, with commas between or one a parameter; default the first four."),
        ("after" = Option<String>, Query, description = "From then on."),
        ("before" = Option<String>, Query, description = "Until then."),
        ("order" = Option<String>, Query, description = "asc, or desc, the default."),
        ("content" = Option<String>, Query, description = "metadata; preview, the default; or full, with the text."),
        ("include_failed" = Option<bool>, Query, description = "Whether what failed or bounced is told too."),
        ("limit_per_channel" = Option<u32>, Query, description = "1 to 100, default 25."),
        ("email_limit" = Option<u32>, Query, description = "The same for mail alone."),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before."),
    ),
    responses((status = 200, description = "One page.", body = ContactCorrespondence))
)]
pub(crate) async fn handler(call: Call) -> Handled {
    let (ctx, query) = call.read();
    let id = call.param("contact_id");
    let channels = channels(&query)?;
    let content = query.word("content", content, "must be metadata, preview or full")?;
    let content = content.unwrap_or(Content::Preview);
    let order = query.word("order", order, "must be asc or desc")?.unwrap_or(Order::Newest);
    let name = format!("correspondence {id} {order:?}");
    let question = Question {
        identity: query.word("identity_id", IdentityId::parse, "must be a UUID")?,
        created: MessageFilter {
            created: (query.moment("after", false)?, query.moment("before", true)?),
            ..MessageFilter::default()
        },
        order,
        after: page::place(&ctx, &query, &name)?,
        limit: if channels.contains(&EMAIL) { limit(&query)? } else { 0 },
        with_failed: query.flag("include_failed")?.unwrap_or(false),
        with_text: content == Content::Full,
    };
    let found = correspondence(&ctx, &id, question).await?;
    Ok(answer::ok(&shown(&ctx, &name, found, &channels, content == Content::Metadata)))
}

/// The channels that are asked for, of those that clients know: with commas between, or one a parameter.
fn channels(query: &Query) -> Result<Vec<&'static str>> {
    let all = || CHANNELS.into_iter().chain(LATER_CHANNELS);
    let known = |word: &str| all().find(|name| *name == word.trim());
    let asked = query.all("channels").flat_map(|text| text.split(','));
    let found: Option<Vec<_>> = asked.take(all().count()).map(known).collect();
    let what = "must be of email, sms, imessage, calls, whatsapp, slack";
    let found = found.ok_or_else(|| invalid("channels", what))?;
    Ok(if found.is_empty() { CHANNELS.to_vec() } else { found })
}

fn content(text: &str) -> Option<Content> {
    match text {
        "metadata" => Some(Content::Metadata),
        "preview" => Some(Content::Preview),
        "full" => Some(Content::Full),
        _ => None,
    }
}

fn order(text: &str) -> Option<Order> {
    match text {
        "asc" => Some(Order::Oldest),
        "desc" => Some(Order::Newest),
        _ => None,
    }
}

fn limit(query: &Query) -> Result<usize> {
    let own = query.number("email_limit", 1..=LIMIT_MAX)?;
    let limit = own.or(query.number("limit_per_channel", 1..=LIMIT_MAX)?);
    Ok(limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(LIMIT_DEFAULT))
}

fn shown(
    ctx: &OpCtx,
    name: &str,
    found: Found,
    channels: &[&str],
    is_brief: bool,
) -> ContactCorrespondence {
    let (owner, address) = (found.owner.id.to_string(), found.owner.address);
    let next = found.next.filter(|_| channels.contains(&EMAIL));
    let show = |(message, written)| {
        EmailCorrespondence::of(&message, written, owner.clone(), &address, is_brief)
    };
    let items: Vec<_> = found.items.into_iter().map(show).collect();
    let channel = |name: &&str| {
        let is_mail = *name == EMAIL;
        let status = match (is_mail, found.has_address) {
            (false, _) => "no_resource",
            (true, false) => "no_identifier",
            (true, true) => "available",
        };
        let returned = if is_mail { items.len() } else { 0 };
        CorrespondenceChannel { channel: (*name).to_owned(), status: status.to_owned(), returned }
    };
    let channels = channels.iter().map(channel).collect();
    let page = page::page(ctx, name, items, next, next.is_some());
    ContactCorrespondence {
        contact_id: found.contact.to_string(),
        identity_id: owner,
        items: page.items,
        channels,
        next_cursor: page.next_cursor,
    }
}
