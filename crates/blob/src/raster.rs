//! Decoding a photo within limits and encoding nothing but its pixels again.
//!
//! Which formats are accepted and what the caller gets is in [`crate::picture`].

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::{CompressionType, FilterType, PngDecoder, PngEncoder};
use image::codecs::webp::WebPDecoder;
use image::error::LimitErrorKind;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, Limits, Rgb, RgbImage};

use crate::BLOB_BYTES_MAX;
use crate::picture::{Clean, Kind, PICTURE_PIXELS_MAX, Refused, Size, THUMBNAIL_SIDE_MAX};

/// The longest side of a picture, in pixels: the most that a JPEG can say.
const SIDE_MAX: u32 = 65_535;

/// The most that decoded pixels may take, in bytes: 50 megapixels with transparency fit, 16 bits a
/// channel at that size do not. Decoders keep up to three times this while they work.
const DECODED_BYTES_MAX: u64 = 256 << 20;

/// Of 100. Small print on a label stays readable, and a photo stays about the size that was sent.
const PHOTO_QUALITY: u8 = 88;
const THUMBNAIL_QUALITY: u8 = 80;

/// Decodes, turns upright and encodes again. `kind` is one of JPEG, PNG and WebP.
pub(crate) fn clean(kind: Kind, bytes: &[u8]) -> Result<Clean, Refused> {
    let picture = decode(kind, bytes)?;
    let size = Size { width: picture.width(), height: picture.height() };
    let thumbnail = thumbnail(&picture).map_err(|e| refusal(kind, &e))?;
    let kept =
        if kind == Kind::Png || picture.color().has_alpha() { Kind::Png } else { Kind::Jpeg };
    let encoded = if kept == Kind::Png { png(&picture) } else { jpeg(picture, PHOTO_QUALITY) };
    let bytes = encoded.map_err(|e| refusal(kind, &e))?;
    // A PNG of few colours is a third of its size in full colour, which is how it is kept.
    if bytes.len() > BLOB_BYTES_MAX {
        return Err(Refused::TooMuchMemory);
    }
    Ok(Clean { bytes, kind: kept, size: Some(size), thumbnail: Some(thumbnail) })
}

fn decode(kind: Kind, bytes: &[u8]) -> Result<DynamicImage, Refused> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    match kind {
        Kind::Png => PngDecoder::with_limits(Cursor::new(bytes), limits)
            .map_err(|e| refusal(kind, &e))
            .and_then(|decoder| upright(kind, decoder)),
        Kind::Webp => WebPDecoder::new(Cursor::new(webp_checked(bytes)?))
            .and_then(|mut decoder| decoder.set_limits(limits).map(|()| decoder))
            .map_err(|e| refusal(kind, &e))
            .and_then(|decoder| upright(kind, decoder)),
        Kind::Jpeg => JpegDecoder::new(Cursor::new(bytes))
            .and_then(|mut decoder| decoder.set_limits(limits).map(|()| decoder))
            .map_err(|e| refusal(kind, &e))
            .and_then(|decoder| upright(kind, decoder)),
        Kind::Heic | Kind::Pdf => Err(Refused::NotAccepted),
    }
}

/// Decodes what the headers promised, once the promise is small enough.
fn upright(kind: Kind, mut decoder: impl ImageDecoder) -> Result<DynamicImage, Refused> {
    let (width, height) = decoder.dimensions();
    within_pixels(width, height)?;
    if decoder.total_bytes() > DECODED_BYTES_MAX {
        return Err(Refused::TooMuchMemory);
    }
    // A broken EXIF block is no reason to lose the photo.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|e| refusal(kind, &e))?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn within_pixels(width: u32, height: u32) -> Result<(), Refused> {
    let fits = u64::from(width) * u64::from(height) <= PICTURE_PIXELS_MAX;
    if fits { Ok(()) } else { Err(Refused::TooManyPixels { width, height }) }
}

/// Checks what the WebP decoder trusts, and cuts off what follows the picture.
///
/// The decoder allocates what a chunk claims to hold, and decodes a whole lossy frame before it
/// compares the size of the frame with that of the canvas, which is the one that limits see.
fn webp_checked(bytes: &[u8]) -> Result<&[u8], Refused> {
    let damaged = |detail| Refused::damaged(Kind::Webp, detail);
    let number = |at: usize| -> Option<usize> {
        let four = bytes.get(at..at.checked_add(4)?)?;
        usize::try_from(u32::from_le_bytes(four.try_into().ok()?)).ok()
    };
    let riff_bytes = number(4).ok_or_else(|| damaged("it has no header"))?;
    let bytes = riff_bytes
        .checked_add(8)
        .and_then(|end| bytes.get(..end))
        .ok_or_else(|| damaged("it is cut short"))?;
    let mut at = 12;
    // Ends: each turn moves on by at least the 8 bytes of a header.
    while at + 8 <= bytes.len() {
        let size_bytes = number(at + 4).ok_or_else(|| damaged("it is cut short"))?;
        let chunk = (at + 8)
            .checked_add(size_bytes)
            .and_then(|end| bytes.get(at + 8..end))
            .ok_or_else(|| damaged("a part of it is cut short"))?;
        match (&bytes[at..at + 4], chunk) {
            (b"ANIM" | b"ANMF", _) => return Err(Refused::Animated),
            // A frame tag, a start code, then width and height of 14 bits each (RFC 6386, 9.1).
            (b"VP8 ", [_, _, _, _, _, _, w0, w1, h0, h1, ..]) => {
                let side = |low: u8, high: u8| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
                within_pixels(side(*w0, *w1), side(*h0, *h1))?;
            }
            _ => {}
        }
        at += 8 + size_bytes + (size_bytes & 1);
    }
    Ok(bytes)
}

fn thumbnail(picture: &DynamicImage) -> Result<Bytes, ImageError> {
    let small = if picture.width().max(picture.height()) > THUMBNAIL_SIDE_MAX {
        &picture.thumbnail(THUMBNAIL_SIDE_MAX, THUMBNAIL_SIDE_MAX)
    } else {
        picture
    };
    jpeg(DynamicImage::ImageRgb8(on_white(small)), THUMBNAIL_QUALITY)
}

/// Lays a picture on white, as paper does; transparent pixels would come out black in a JPEG.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let source = picture.to_rgba8();
    RgbImage::from_fn(source.width(), source.height(), |x, y| {
        let [r, g, b, alpha] = source.get_pixel(x, y).0;
        let over = |channel: u8| {
            let (channel, alpha) = (u32::from(channel), u32::from(alpha));
            u8::try_from((channel * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
        };
        Rgb([over(r), over(g), over(b)])
    })
}

fn jpeg(picture: DynamicImage, quality: u8) -> Result<Bytes, ImageError> {
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, quality);
    match picture {
        grey @ DynamicImage::ImageLuma8(_) => grey.write_with_encoder(encoder)?,
        other => other.into_rgb8().write_with_encoder(encoder)?,
    }
    Ok(out.into())
}

fn png(picture: &DynamicImage) -> Result<Bytes, ImageError> {
    let mut out = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut out, CompressionType::Default, FilterType::Adaptive);
    picture.write_with_encoder(encoder)?;
    Ok(out.into())
}

fn refusal(kind: Kind, error: &ImageError) -> Refused {
    match error {
        ImageError::Limits(limit) => match limit.kind() {
            LimitErrorKind::DimensionError => {
                Refused::damaged(kind, format!("a side is over {SIDE_MAX} pixels"))
            }
            _ => Refused::TooMuchMemory,
        },
        other => Refused::damaged(kind, other.to_string()),
    }
}
