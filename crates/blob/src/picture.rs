//! What a photo is, by its bytes, and how it is made safe to keep: checked, upright, without metadata.
//!
//! Pure and CPU only, up to seconds for a large picture: call it on a blocking thread, few at once
//! (a picture of 50 megapixels can take some 600 MiB while it is worked on). Decoding is in
//! `raster`, HEIC in `heic`, fetching the bytes in `tasks`.

#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::{heic, raster};

/// The largest photo that is accepted, in bytes (postal.md 4.7.1).
pub const PHOTO_BYTES_MAX: usize = 20 << 20;

/// The largest picture that is decoded, in pixels. The largest phone cameras make 50 million.
pub const PICTURE_PIXELS_MAX: u64 = 50_000_000;

/// The longest side of a thumbnail, in pixels: twice the 240 of a tile, for sharp screens.
pub const THUMBNAIL_SIDE_MAX: u32 = 480;

/// Where a PDF must have said that it ends, in bytes from its end (the habit of every reader).
const PDF_END_BYTES_MAX: usize = 1024;

domain::words! {
    /// What a photo can be, spelled as its content type.
    pub enum Kind {
        Jpeg = "image/jpeg",
        Png = "image/png",
        Webp = "image/webp",
        Heic = "image/heic",
        Pdf = "application/pdf",
    }
}

/// Why a photo is not kept. The text is for the one who sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the file is not a picture that we can keep; send a JPEG, PNG, WebP, HEIC or PDF")]
    NotAccepted,
    #[error("the file is {size_bytes} bytes; send one of at most {PHOTO_BYTES_MAX} bytes (20 MiB)")]
    TooManyBytes { size_bytes: usize },
    #[error(
        "the picture is {width} by {height} pixels; send one of at most {} megapixels",
        PICTURE_PIXELS_MAX / 1_000_000
    )]
    TooManyPixels { width: u32, height: u32 },
    #[error("the picture takes more memory than is allowed; send it smaller, or as a JPEG")]
    TooMuchMemory,
    #[error("the picture is animated; send a still one")]
    Animated,
    #[error("the file begins as {kind} but can't be read ({detail}); send it again or as a JPEG")]
    Damaged { kind: Kind, detail: String },
}

impl Refused {
    pub(crate) fn damaged(kind: Kind, detail: impl Into<String>) -> Self {
        Self::Damaged { kind, detail: detail.into() }
    }
}

/// A photo that is safe to keep and to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clean {
    pub bytes: Bytes,
    /// What `bytes` are now, which can differ from what was sent: see [`clean`].
    pub kind: Kind,
    /// In pixels, upright. `None` where the picture is not decoded (HEIC, PDF).
    pub size: Option<Size>,
    /// A JPEG, at most [`THUMBNAIL_SIDE_MAX`] on its longest side. `None` for HEIC and PDF.
    pub thumbnail: Option<Bytes>,
}

/// Width and height, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

/// Tells what a file is by its first bytes. A name or a declared content type counts for nothing.
pub fn inspect(bytes: &[u8]) -> Result<Kind, Refused> {
    if bytes.len() > PHOTO_BYTES_MAX {
        return Err(Refused::TooManyBytes { size_bytes: bytes.len() });
    }
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Ok(Kind::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Kind::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Kind::Webp),
        [b'%', b'P', b'D', b'F', b'-', ..] => Ok(Kind::Pdf),
        _ if heic::is_heic(bytes) => Ok(Kind::Heic),
        _ => Err(Refused::NotAccepted),
    }
}

/// Makes a photo safe to keep.
///
/// JPEG, PNG and WebP are decoded, turned upright and encoded again, so that nothing but pixels is
/// left: no place, no camera, no hidden second file, no colour profile (colours are taken as sRGB).
/// A JPEG stays a JPEG and a PNG a PNG. A WebP becomes a JPEG, or a PNG when it has transparency,
/// because there is no lossy WebP encoder in Rust.
///
/// HEIC keeps its picture as sent: everything in it that is not a picture (EXIF, XMP, other boxes) is
/// overwritten with zeros. Free text in picture properties and unused bytes beside the picture stay.
///
/// PDF is kept byte for byte, metadata and scripts included: serve it as a download only, with
/// `nosniff` and a `Content-Security-Policy` of `sandbox`.
pub fn clean(kind: Kind, bytes: &Bytes) -> Result<Clean, Refused> {
    if bytes.len() > PHOTO_BYTES_MAX {
        return Err(Refused::TooManyBytes { size_bytes: bytes.len() });
    }
    match kind {
        Kind::Jpeg | Kind::Png | Kind::Webp => raster::clean(kind, bytes),
        Kind::Heic => heic::strip(bytes).map(|bytes| undecoded(kind, bytes.into())),
        Kind::Pdf => {
            let end = &bytes[bytes.len().saturating_sub(PDF_END_BYTES_MAX)..];
            if !bytes.starts_with(b"%PDF-") || !end.windows(5).any(|w| w == b"%%EOF") {
                return Err(Refused::damaged(kind, "its end is missing"));
            }
            Ok(undecoded(kind, bytes.clone()))
        }
    }
}

fn undecoded(kind: Kind, bytes: Bytes) -> Clean {
    Clean { bytes, kind, size: None, thumbnail: None }
}
