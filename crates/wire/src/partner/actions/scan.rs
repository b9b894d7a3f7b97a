//! Asking for a scan: the body and its reading.

use std::collections::BTreeMap;

use domain::Result;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::common::{Common, with};
use crate::partner::shapes;
use crate::reader::Fields;

/// A request to scan the contents. An empty body scans all pages.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ScanRequest::read takes")]
pub struct ScanBody {
    /// "all" or a range such as "1-4".
    #[schema(default = "all", max_length = 11)]
    pages: Option<String>,
    /// In colour instead of grey.
    #[schema(default = false)]
    color: Option<bool>,
    /// Both sides of each sheet.
    #[schema(default = true)]
    duplex: Option<bool>,
    /// Make the text searchable.
    #[schema(default = true)]
    ocr: Option<bool>,
    /// Scan again although a scan exists.
    #[schema(default = false)]
    rescan: Option<bool>,
    /// Photograph the contents of a package; a package can't be scanned otherwise.
    #[schema(default = false)]
    contents_photo: Option<bool>,
    /// What the customer means to do next: hold, shred or forward. A note for the clerk.
    #[schema(max_length = 40, examples("hold"))]
    then: Option<String>,
    /// For the clerk; shown beside the work.
    #[schema(max_length = 1000)]
    notes: Option<String>,
    /// standard or expedited.
    #[schema(max_length = 40, default = "standard")]
    priority: Option<String>,
    /// The partner's own user on whose word this is asked; kept for the audit.
    #[schema(max_length = 128)]
    requested_by_user: Option<String>,
    #[schema(schema_with = shapes::metadata_set)]
    metadata: Option<BTreeMap<String, String>>,
}

/// A read [`ScanBody`].
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the body")]
pub struct ScanRequest {
    pub common: Common,
    pub pages: String,
    pub color: bool,
    pub duplex: bool,
    pub ocr: bool,
    pub rescan: bool,
    pub contents_photo: bool,
    pub then: Option<String>,
}

impl ScanRequest {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let pages = |text: &str| is_page_range(text).then(|| text.to_owned());
        let then =
            |text: &str| ["hold", "shred", "forward"].contains(&text).then(|| text.to_owned());
        let read = Self {
            common: Common::read(&mut f),
            pages: f
                .opt_parsed("pages", pages, "\"all\" or a range such as \"1-4\"")
                .unwrap_or_else(|| "all".to_owned()),
            color: f.bool("color", false),
            duplex: f.bool("duplex", true),
            ocr: f.bool("ocr", true),
            rescan: f.bool("rescan", false),
            contents_photo: f.bool("contents_photo", false),
            then: f.opt_parsed("then", then, "hold, shred or forward"),
        };
        f.finish()?;
        Ok(read)
    }

    /// The options as the action keeps them.
    pub fn to_options(&self) -> String {
        with(
            &self.common,
            json!({
                "pages": self.pages, "color": self.color, "duplex": self.duplex, "ocr": self.ocr,
                "rescan": self.rescan, "contents_photo": self.contents_photo, "then": self.then,
            }),
        )
    }
}

fn is_page_range(text: &str) -> bool {
    let number = |t: &str| t.parse::<u16>().ok().filter(|n| *n >= 1);
    match text.split_once('-') {
        _ if text == "all" => true,
        Some((from, to)) => number(from).zip(number(to)).is_some_and(|(a, b)| a <= b),
        None => number(text).is_some(),
    }
}
