//! `postroom mail log`: what a clerk does when mail arrives.
//!
//! What is typed becomes the body that a partner would send, and is read as such.

use app::OpCtx;
use app::mail::create::NewMail;
use app::mail::photos::vet;
use app::mail::{MailView, log};
use clap::Args;
use domain::mail::{Accountable, MailFlag, PhotoKind};
use domain::{Error, ErrorCode, Timestamp};
use serde_json::{Map, Value, json};
use wire::partner::mail::CreateMail;

use crate::commands::parse::{self, one_of};
use crate::commands::who::Tenant;

/// What a customer's argument begins with when it names a box.
const BOX: &str = "box:";

/// Log a letter or a package that arrived, also one that is held for a customer who left.
#[derive(Args)]
pub(super) struct Log {
    /// Whose it is: an id, ext: and the partner's own id, or box: with location and number, such as
    /// box:SITE1:302.
    customer: String,
    #[command(flatten)]
    item: Item,
}

/// What a clerk sees of an item.
#[derive(Args)]
pub(crate) struct Item {
    /// letter or package, or a word for one such as envelope, postcard, box or tube.
    #[arg(value_name = "TYPE")]
    kind: String,
    /// An https URL to fetch a picture from, as URL or KIND:URL; can be given several times.
    #[arg(long = "photo", value_name = "URL")]
    photos: Vec<String>,
    /// The carrier is guessed from it.
    #[arg(long, value_name = "NUMBER")]
    tracking_number: Option<String>,
    #[arg(long)]
    carrier: Option<String>,
    /// As read from the label.
    #[arg(long, value_name = "NAME")]
    sender: Option<String>,
    /// The name on the label.
    #[arg(long, value_name = "NAME")]
    addressed_to: Option<String>,
    /// The recipient whose name is on the label, by id.
    #[arg(long, value_name = "ID")]
    recipient: Option<String>,
    /// At most 30 days ago; default is now.
    #[arg(long, value_name = "TIME", value_parser = parse::instant)]
    received_at: Option<Timestamp>,
    /// In grams.
    #[arg(long, value_name = "GRAMS")]
    weight_g: Option<i64>,
    /// Length, width and height in millimetres, such as 300x200x100.
    #[arg(long, value_name = "LxWxH", value_parser = sides)]
    size_mm: Option<[i64; 3]>,
    /// What had to be signed for, or is tracked by law.
    #[arg(long, value_parser = one_of!(Accountable), default_value = "none")]
    accountable: Accountable,
    /// What is noticed about it; several are separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = one_of!(MailFlag))]
    flags: Vec<MailFlag>,
    /// An id of the mailroom's own.
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// A pair of the mailroom's own; can be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse::pair)]
    metadata: Vec<(String, String)>,
}

impl Log {
    pub(super) async fn run(&self, tenant: &Tenant, ctx: &OpCtx) -> anyhow::Result<MailView> {
        let customer = match self.customer.strip_prefix(BOX) {
            Some(place) => customer_at(tenant, ctx, place).await?,
            None => self.customer.clone(),
        };
        let mut body = self.item.body(&tenant.staff.name);
        body["customer_id"] = json!(customer);
        let read = CreateMail::read_from_operator(body, ctx.now)?;
        let photos = vet(&ctx.app, read.photos.clone()).await;
        let new = NewMail::of(read, photos);
        Ok(ctx.app.act(ctx, async move |tx, ctx| log::log(tx, ctx, &new).await).await?)
    }
}

impl Item {
    /// All but whose it is.
    pub(crate) fn body(&self, clerk: &str) -> Value {
        let metadata: Map<_, _> =
            self.metadata.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let [length, width, height] = self.size_mm.unwrap_or_default();
        let dimensions = json!({"length": length, "width": width, "height": height});
        json!({
            "type": self.kind,
            "photos": self.photos.iter().map(|text| photo(text)).collect::<Vec<_>>(),
            "performed_by": clerk,
            "tracking_number": self.tracking_number,
            "carrier": self.carrier,
            "sender_name": self.sender,
            "addressed_to": self.addressed_to,
            "recipient_id": self.recipient,
            "received_at": self.received_at.map(|at| at.to_string()),
            "weight_g": self.weight_g,
            "dimensions": self.size_mm.map(|_| dimensions),
            "accountable": self.accountable.as_str(),
            "flags": self.flags.iter().map(|flag| flag.as_str()).collect::<Vec<_>>(),
            "external_mail_id": self.external_id,
            "metadata": metadata,
        })
    }
}

/// Whose box it is that bears a number, written `SITE1:302`.
async fn customer_at(tenant: &Tenant, ctx: &OpCtx, place: &str) -> anyhow::Result<String> {
    let (location, number) = place.rsplit_once(':').unwrap_or_default();
    let number = number.parse().map_err(|_| {
        Error::refused(ErrorCode::InvalidParameter, "a box is written box:SITE1:302")
    })?;
    let location = tenant.location(&ctx.app, location).await?;
    let work = async move |tx: &_, ctx: &_| log::customer_of(tx, ctx, location, number).await;
    Ok(ctx.app.query(ctx, work).await?)
}

fn photo(text: &str) -> Value {
    let kind =
        text.split_once(':').and_then(|(kind, url)| PhotoKind::parse(kind).map(|kind| (kind, url)));
    let (kind, url) = kind.unwrap_or((PhotoKind::Front, text));
    json!({"url": url, "kind": kind.as_str()})
}

fn sides(text: &str) -> Result<[i64; 3], String> {
    let sides: Option<Vec<i64>> = text.split('x').map(|side| side.parse().ok()).collect();
    let three = sides.and_then(|sides| <[i64; 3]>::try_from(sides).ok());
    three.ok_or_else(|| "a size is written 300x200x100".to_owned())
}
