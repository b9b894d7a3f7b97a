//! Logging a letter or a package that arrived (postal.md 4.7.1): the body and its reading.

use std::collections::BTreeMap;

use domain::mail::{self, Accountable, MailFlag, MailType, PHOTOS_MAX, PhotoKind};
use domain::{Result, Timestamp, days};
use serde_json::Value;
use utoipa::ToSchema;

use crate::partner::shapes;
use crate::reader::Fields;

/// A letter or package that arrived.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateMail::read takes")]
pub struct MailCreate {
    /// One of the partner's customers, approved and paid.
    #[schema(max_length = 64, examples("cus_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    customer_id: String,
    /// letter or package; also mail, envelope, flat, postcard, magazine, catalog, parcel, box,
    /// poly_mailer and tube.
    #[serde(rename = "type")]
    #[schema(max_length = 40, examples("package"))]
    kind: String,
    /// 1 to 20 pictures: https URLs, or objects with url and kind. Fetched after the answer.
    #[schema(min_items = 1, max_items = 20)]
    photos: Vec<PhotoBody>,
    /// The partner's own staff id.
    #[schema(min_length = 1, max_length = 128, examples("warehouse_user_42"))]
    performed_by: String,
    /// The carrier is guessed from its pattern.
    #[schema(max_length = 64, examples("1Z9999999999999999"))]
    tracking_number: Option<String>,
    /// Who brought it; guessed from the tracking number when it is left out.
    #[schema(max_length = 40)]
    carrier: Option<String>,
    /// As read from the label.
    #[schema(max_length = 200)]
    sender_name: Option<String>,
    /// The name on the label.
    #[schema(max_length = 200)]
    addressed_to: Option<String>,
    /// The recipient whose name is on the label.
    #[schema(max_length = 64)]
    recipient_id: Option<String>,
    /// At most 30 days ago; default now.
    #[schema(format = DateTime)]
    received_at: Option<String>,
    /// In grams.
    #[schema(minimum = 1, maximum = 1_000_000)]
    weight_g: Option<i64>,
    /// In ounces, where grams are not given.
    #[schema(minimum = 1, maximum = 35_000)]
    weight_oz: Option<i64>,
    /// In millimetres.
    dimensions: Option<DimensionsBody>,
    /// none, certified, registered, insured, restricted, signature, cod or express.
    #[schema(max_length = 40, examples("certified"))]
    accountable: Option<String>,
    /// What a clerk noticed: legal_process, check, government, tax, perishable, damaged, oversize,
    /// hazmat_suspect, return_to_sender, unauthorised_name.
    #[schema(max_items = 12)]
    flags: Option<Vec<String>>,
    /// The partner's own id.
    #[schema(max_length = 255)]
    external_mail_id: Option<String>,
    #[schema(schema_with = shapes::metadata_set)]
    metadata: Option<BTreeMap<String, String>>,
    /// Must be the mailbox's own location.
    #[schema(max_length = 64)]
    location_id: Option<String>,
}

/// A picture to fetch.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum PhotoBody {
    #[schema(examples("https://example.com/package-front.jpg"))]
    Url(String),
    WithKind(PhotoWithKind),
}

/// A picture to fetch, and what it shows.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateMail::read takes")]
pub struct PhotoWithKind {
    /// https, on a public address, without user name or password.
    #[schema(max_length = 2048)]
    url: String,
    /// front, back, label, contents, damage or proof; default front.
    #[schema(max_length = 40, examples("front"))]
    kind: Option<String>,
}

/// The sides of a package, in millimetres.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateMail::read takes")]
pub struct DimensionsBody {
    /// The longest side.
    #[schema(minimum = 1, maximum = 10_000)]
    length: i64,
    /// All three sides are needed.
    #[schema(minimum = 1, maximum = 10_000)]
    width: i64,
    /// All three sides are needed.
    #[schema(minimum = 1, maximum = 10_000)]
    height: i64,
}

/// A read [`MailCreate`]. URLs were not judged yet.
#[derive(Clone, Debug)]
pub struct CreateMail {
    pub customer_id: String,
    pub kind: MailType,
    pub subtype: Option<&'static str>,
    pub photos: Vec<(String, PhotoKind)>,
    pub performed_by: String,
    pub tracking_number: Option<String>,
    pub carrier: Option<String>,
    pub sender_name: Option<String>,
    pub addressed_to: Option<String>,
    pub recipient_id: Option<String>,
    pub received_at: Option<Timestamp>,
    pub weight_g: Option<i64>,
    pub dimensions_mm: Option<(i64, i64, i64)>,
    pub accountable: Accountable,
    pub flags: Vec<MailFlag>,
    pub external_mail_id: Option<String>,
    pub metadata: Vec<(String, String)>,
    pub location_id: Option<String>,
}

/// Millimetres of a side: ten metres.
const SIDE_MM_MAX: i64 = 10_000;

/// Days that a mail item may be logged late.
pub const LATE_DAYS_MAX: i64 = 30;

/// Who says what arrived.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Partner,
    Operator,
}

impl CreateMail {
    /// `now` is the tenant's time.
    pub fn read(body: Value, now: Timestamp) -> Result<Self> {
        Self::read_by(By::Partner, body, now)
    }

    /// The same from the operator's staff, who have the item in hand: photos may be left out, and
    /// every flag may be set.
    pub fn read_from_operator(body: Value, now: Timestamp) -> Result<Self> {
        Self::read_by(By::Operator, body, now)
    }

    fn read_by(by: By, body: Value, now: Timestamp) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let types = "letter or package, or mail, envelope, flat, postcard, magazine, catalog, parcel, box, \
            poly_mailer, tube";
        let customer_id = f.text("customer_id", 1..=64);
        let kind = f.parsed("type", mail::fold_type, types);
        let photos = photos(&mut f, by);
        let ounces = f.opt_integer("weight_oz", 1..=35_000);
        let pairs = f.opt_metadata("metadata");
        let read = Self {
            customer_id,
            kind: kind.map_or(MailType::Letter, |k| k.0),
            subtype: kind.and_then(|k| k.1),
            photos,
            performed_by: f.text("performed_by", 1..=128),
            tracking_number: f.opt_text("tracking_number", 1..=64),
            carrier: f.opt_text("carrier", 1..=40),
            sender_name: f.opt_text("sender_name", 0..=200),
            addressed_to: f.opt_text("addressed_to", 0..=200),
            recipient_id: f.opt_text("recipient_id", 1..=64),
            received_at: f.opt_instant("received_at"),
            // An ounce is 28.35 g; rounded half up.
            weight_g: f
                .opt_integer("weight_g", 1..=1_000_000)
                .or(ounces.map(|oz| (oz * 2835 + 50) / 100)),
            dimensions_mm: f.opt_object("dimensions", dimensions).flatten(),
            accountable: f
                .opt_parsed(
                    "accountable",
                    Accountable::parse,
                    "certified, registered, insured, restricted, signature, cod, express or none",
                )
                .unwrap_or(Accountable::None),
            flags: flags(&mut f, by),
            external_mail_id: f.opt_text("external_mail_id", 1..=255),
            metadata: pairs.into_iter().flatten().filter_map(|(k, v)| v.map(|v| (k, v))).collect(),
            location_id: f.opt_text("location_id", 1..=64),
        };
        if let Some(at) = read.received_at
            && (at > now || at < now.plus(-days(LATE_DAYS_MAX)))
        {
            f.problem("received_at", "invalid", "received_at must be within the last 30 days");
        }
        f.finish()?;
        Ok(read)
    }
}

fn photos(f: &mut Fields, by: By) -> Vec<(String, PhotoKind)> {
    let kinds = "front, back, label, contents, damage or proof";
    let list = f.opt_list("photos", PHOTOS_MAX, |f, at, item| match item {
        Value::Object(_) => f.check_object(at, item, |p| {
            let url = p.text("url", 1..=2048);
            (url, p.opt_parsed("kind", PhotoKind::parse, kinds).unwrap_or(PhotoKind::Front))
        }),
        item => f.item_text(at, item, 1..=2048).map(|url| (url, PhotoKind::Front)),
    });
    if by == By::Partner && list.as_ref().is_none_or(Vec::is_empty) {
        f.problem("photos", "too_few", "photos must contain at least one https URL");
    }
    list.unwrap_or_default()
}

fn dimensions(f: &mut Fields) -> Option<(i64, i64, i64)> {
    let mut side = |name| f.integer(name, 1..=SIDE_MM_MAX);
    let (length, width, height) = (side("length"), side("width"), side("height"));
    Some((length?, width?, height?))
}

fn flags(f: &mut Fields, by: By) -> Vec<MailFlag> {
    let own: &[MailFlag] = match by {
        By::Partner => &[MailFlag::ReturnedForward, MailFlag::NotMine, MailFlag::LegalHold],
        By::Operator => &[],
    };
    let list = f.opt_list("flags", MailFlag::ALL.len(), |f, at, item| {
        let flag = item.as_str().and_then(MailFlag::parse).filter(|flag| !own.contains(flag));
        if flag.is_none() {
            f.problem(at, "invalid", "there is no such flag");
        }
        flag
    });
    list.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Error;
    use serde_json::json;

    #[test]
    fn the_body_of_the_seed_is_read() {
        let body = json!({"customer_id": "cus_123", "type": "package",
            "photos": ["https://example.com/package-front.jpg"], "performed_by": "warehouse_user_42",
            "tracking_number": "1Z9999999999999999"});
        let read = CreateMail::read(body, Timestamp::from_micros(0)).unwrap();
        assert_eq!((read.kind, read.photos.len()), (MailType::Package, 1));
    }

    #[test]
    fn what_is_missing_is_named() {
        let body = json!({"customer_id": "cus_1", "type": "letter", "photos": []});
        let Error::Refused { fields, .. } =
            CreateMail::read(body, Timestamp::from_micros(0)).unwrap_err()
        else {
            panic!("a refusal")
        };
        let params: Vec<_> = fields.iter().map(|f| f.param.as_str()).collect();
        assert_eq!(params, ["photos", "performed_by"]);
    }

    #[test]
    fn the_operator_may_leave_photos_out_and_set_marks_of_the_house() {
        let body = || {
            json!({"customer_id": "cus_1", "type": "letter", "performed_by": "wes",
                "flags": ["legal_hold"]})
        };
        let now = Timestamp::from_micros(0);
        let read = CreateMail::read_from_operator(body(), now).unwrap();
        assert_eq!(read.flags, [MailFlag::LegalHold]);
        let Error::Refused { fields, .. } = CreateMail::read(body(), now).unwrap_err() else {
            panic!("a refusal")
        };
        let params: Vec<_> = fields.iter().map(|f| f.param.as_str()).collect();
        assert_eq!(params, ["photos", "flags/0"]);
    }
}
