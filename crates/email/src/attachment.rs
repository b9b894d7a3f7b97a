//! What may be attached to a message that we send, and what of it is refused (email-api 6.5).
//!
//! The rules are checked at the entrance, which answers 422 with the field; the builder checks them again.

use std::collections::HashSet;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use crate::filename;

/// Decoded bytes of all attachments of a message (email-api 6.5).
pub const TOTAL_BYTES_MAX: usize = 25 * 1_024 * 1_024;
/// Attachments of a message. With its multiparts it stays well below the parts that we read.
pub const ATTACHMENTS_MAX: usize = 500;
/// Bytes of a content type.
const TYPE_BYTES_MAX: usize = 127;
/// Bytes of a content id.
const CONTENT_ID_BYTES_MAX: usize = 255;
/// Endings of programs, which are refused (email-api 6.5).
pub const REFUSED_ENDINGS: [&str; 3] = ["exe", "bat", "scr"];

/// A file to send with a message.
#[derive(Clone, Debug)]
pub struct Attachment {
    pub filename: String,
    /// `type/subtype`, see [`content_type`].
    pub content_type: String,
    /// Without brackets; set for an image that the HTML shows.
    pub content_id: Option<String>,
    pub bytes: Bytes,
}

/// Why an attachment is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentProblem {
    #[error(
        "the name of the file is empty, longer than 255 bytes, or holds characters that no name may hold"
    )]
    Filename,
    #[error("files ending in .exe, .bat and .scr are refused")]
    Program,
    #[error("the content type is not of the form type/subtype")]
    ContentType,
    #[error("the content is not base64")]
    Base64,
    #[error("the attachments are larger than 25 MiB together")]
    TooLarge,
    #[error("there are more than 500 attachments")]
    TooMany,
    #[error("the content id is empty, longer than 255 bytes, or holds spaces or angle brackets")]
    ContentId,
    #[error("a content id needs an HTML body that shows the image")]
    ContentIdWithoutHtml,
    #[error("a content id needs a content type image/…")]
    ContentIdNotImage,
    #[error("the content id is used twice")]
    ContentIdTwice,
    #[error("a forward takes no attachment with a content id")]
    ContentIdInForward,
}

/// Whether the message has an HTML body, which inline images need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    Html,
    NoHtml,
    /// What a forward adds; no content id at all (email-api 6.7).
    Forward,
}

/// Checks the attachments of a message. On a refusal names the attachment by its place.
pub fn check(attachments: &[Attachment], body: Body) -> Result<(), (usize, AttachmentProblem)> {
    if attachments.len() > ATTACHMENTS_MAX {
        return Err((ATTACHMENTS_MAX, AttachmentProblem::TooMany));
    }
    let mut total = 0_usize;
    let mut content_ids = HashSet::new();
    for (place, attachment) in attachments.iter().enumerate() {
        check_one(attachment, body).map_err(|problem| (place, problem))?;
        total = total.saturating_add(attachment.bytes.len());
        if total > TOTAL_BYTES_MAX {
            return Err((place, AttachmentProblem::TooLarge));
        }
        if attachment.content_id.as_ref().is_some_and(|id| !content_ids.insert(id)) {
            return Err((place, AttachmentProblem::ContentIdTwice));
        }
    }
    Ok(())
}

fn check_one(attachment: &Attachment, body: Body) -> Result<(), AttachmentProblem> {
    check_filename(&attachment.filename)?;
    if content_type(&attachment.content_type).as_deref() != Ok(attachment.content_type.as_str()) {
        return Err(AttachmentProblem::ContentType);
    }
    let Some(id) = &attachment.content_id else { return Ok(()) };
    match body {
        Body::Forward => return Err(AttachmentProblem::ContentIdInForward),
        Body::NoHtml => return Err(AttachmentProblem::ContentIdWithoutHtml),
        Body::Html => {}
    }
    if !is_content_id(id) {
        return Err(AttachmentProblem::ContentId);
    }
    if !attachment.content_type.starts_with("image/") {
        return Err(AttachmentProblem::ContentIdNotImage);
    }
    Ok(())
}

/// Whether a text can stand between the brackets of Content-ID and behind `cid:`.
pub(crate) fn is_content_id(id: &str) -> bool {
    let is_mark = |b: u8| matches!(b, b'<' | b'>' | b'"' | b'\\');
    (1..=CONTENT_ID_BYTES_MAX).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_graphic() && !is_mark(b))
}

fn check_filename(name: &str) -> Result<(), AttachmentProblem> {
    if name.len() > filename::NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(AttachmentProblem::Filename);
    }
    // The sanitised name is the one that arrives, so it is the one that is judged.
    let name = filename::sanitise(name).ok_or(AttachmentProblem::Filename)?;
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    if REFUSED_ENDINGS.contains(&ending.as_str()) {
        return Err(AttachmentProblem::Program);
    }
    Ok(())
}

/// A content type in lower case and without parameters; refused unless it is `token/token` (RFC 2045 5.1)
/// and no multipart, whose bytes would need a boundary.
pub fn content_type(text: &str) -> Result<String, AttachmentProblem> {
    let word = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_token = |part: &str| {
        let is_mark = |b: u8| b"!#$&-^_.+".contains(&b);
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || is_mark(b))
    };
    match word.split_once('/') {
        Some((family, subtype))
            if is_token(family)
                && is_token(subtype)
                && family != "multipart"
                && word.len() <= TYPE_BYTES_MAX
                && !text.chars().any(char::is_control) =>
        {
            Ok(word)
        }
        _ => Err(AttachmentProblem::ContentType),
    }
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of `content_base64`: the standard alphabet, with or without padding, without line breaks.
pub fn decode_base64(text: &str) -> Result<Bytes, AttachmentProblem> {
    // Refused before it is decoded, so that a text of any length costs no memory.
    if text.len() / 4 * 3 > TOTAL_BYTES_MAX + 3 {
        return Err(AttachmentProblem::TooLarge);
    }
    BASE64.decode(text).map(Bytes::from).map_err(|_| AttachmentProblem::Base64)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{
        Attachment, AttachmentProblem, Body, TOTAL_BYTES_MAX, check, content_type, decode_base64,
    };

    fn file(filename: &str, content_type: &str, content_id: Option<&str>) -> Attachment {
        Attachment {
            filename: filename.to_owned(),
            content_type: content_type.to_owned(),
            content_id: content_id.map(str::to_owned),
            bytes: Bytes::from_static(b"x"),
        }
    }

    #[test]
    fn each_rule_has_its_refusal() {
        use AttachmentProblem as P;
        let long = format!("{}.pdf", "a".repeat(252));
        for (attachment, body, problem) in [
            (file("a.EXE", "application/pdf", None), Body::NoHtml, P::Program),
            (file("a.scr.", "application/pdf", None), Body::NoHtml, P::Program),
            (file("a.bat ", "application/pdf", None), Body::NoHtml, P::Program),
            (file("", "application/pdf", None), Body::NoHtml, P::Filename),
            (file(&long, "application/pdf", None), Body::NoHtml, P::Filename),
            (file("a\r\nb", "application/pdf", None), Body::NoHtml, P::Filename),
            (file("a", "pdf", None), Body::NoHtml, P::ContentType),
            (file("a", "text/plain\r\nX: y", None), Body::NoHtml, P::ContentType),
            (file("a", "multipart/mixed", None), Body::NoHtml, P::ContentType),
            (file("a", "text/plain; charset=x", None), Body::NoHtml, P::ContentType),
            (file("a", "image/png", Some("x")), Body::NoHtml, P::ContentIdWithoutHtml),
            (file("a", "image/png", Some("x")), Body::Forward, P::ContentIdInForward),
            (file("a", "text/plain", Some("x")), Body::Html, P::ContentIdNotImage),
            (file("a", "image/png", Some("x>\r\n")), Body::Html, P::ContentId),
            (file("a", "image/png", Some("")), Body::Html, P::ContentId),
        ] {
            assert_eq!(check(&[attachment], body), Err((0, problem)));
        }
        let image = file("a.png", "image/png", Some("x"));
        assert_eq!(check(std::slice::from_ref(&image), Body::Html), Ok(()));
        assert_eq!(check(&[image.clone(), image], Body::Html), Err((1, P::ContentIdTwice)));
    }

    #[test]
    fn the_total_is_bounded() {
        let mut half = file("a", "text/plain", None);
        half.bytes = Bytes::from(vec![0; TOTAL_BYTES_MAX / 2 + 1]);
        assert_eq!(
            check(&[half.clone(), half], Body::NoHtml),
            Err((1, AttachmentProblem::TooLarge))
        );
        let many = vec![file("a", "text/plain", None); 501];
        assert_eq!(check(&many, Body::NoHtml).unwrap_err().1, AttachmentProblem::TooMany);
    }

    #[test]
    fn content_types_lose_their_parameters_and_base64_is_strict() {
        assert_eq!(content_type("Text/Plain; charset=utf-8").unwrap(), "text/plain");
        assert_eq!(decode_base64("aGVsbG8=").unwrap(), "hello");
        assert_eq!(decode_base64("aGVsbG8").unwrap(), "hello");
        for text in ["aGV sbG8=", "a", "aGVs\nbG8=", "äöü"] {
            assert_eq!(decode_base64(text), Err(AttachmentProblem::Base64), "{text}");
        }
    }
}
