//! Photos through `inspect` and `clean`: what is kept, what is gone, what is refused.
//!
//! Every picture is made here, so that each byte of it has a reason.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageEncoder, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;

use super::{Kind, PHOTO_BYTES_MAX, Refused, Size, THUMBNAIL_SIDE_MAX, clean, inspect};

const SECRET: &[u8] = b"SECRET-GPS-52.52N";

/// Red above, blue below.
fn red_over_blue(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |_, y| {
        if y < height / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) }
    })
    .into()
}

/// A TIFF block with an orientation and a text that must not survive.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif.extend(SECRET);
    exif
}

fn jpeg(picture: &DynamicImage, orientation: u8) -> Bytes {
    let mut out = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut out, 95);
    encoder.set_exif_metadata(exif(orientation)).unwrap();
    picture.write_with_encoder(encoder).unwrap();
    out.into()
}

fn png(picture: &DynamicImage, orientation: u8) -> Bytes {
    let mut out = Vec::new();
    let mut encoder = PngEncoder::new(&mut out);
    encoder.set_exif_metadata(exif(orientation)).unwrap();
    picture.write_with_encoder(encoder).unwrap();
    out.into()
}

fn webp(picture: &DynamicImage, orientation: u8) -> Bytes {
    let mut out = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut out);
    encoder.set_exif_metadata(exif(orientation)).unwrap();
    picture.write_with_encoder(encoder).unwrap();
    out.into()
}

fn iso_box(name: &[u8], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).unwrap();
    [&size.to_be_bytes()[..], name, body].concat()
}

/// A HEIC file with one picture and one EXIF item, whose pixels no decoder is asked about.
fn heic() -> Bytes {
    let item =
        |id: u8, kind: &[u8]| iso_box(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], kind, b"\0"].concat());
    let iinf =
        iso_box(b"iinf", &[&[0, 0, 0, 0, 0, 2], &item(1, b"hvc1")[..], &item(2, b"Exif")].concat());
    let ftyp = iso_box(b"ftyp", b"heic\0\0\0\0mif1heic");
    let uuid = iso_box(b"uuid", SECRET);
    let meta = |first: u32| {
        let place = |id: u8, offset: u32, length: usize| {
            let length = u32::try_from(length).unwrap();
            [&[0, id, 0, 0, 0, 1][..], &offset.to_be_bytes(), &length.to_be_bytes()].concat()
        };
        let places = [place(1, first, 6), place(2, first + 6, SECRET.len())].concat();
        let iloc = iso_box(b"iloc", &[&[0, 0, 0, 0, 0x44, 0, 0, 2][..], &places].concat());
        let xml = iso_box(b"xml ", SECRET);
        iso_box(b"meta", &[&[0; 4][..], &iinf, &iloc, &xml].concat())
    };
    let before = ftyp.len() + meta(0).len() + uuid.len() + 8;
    let mdat = iso_box(b"mdat", &[b"PIXELS", SECRET].concat());
    [ftyp, meta(u32::try_from(before).unwrap()), uuid, mdat].concat().into()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_photo_comes_out_upright_without_its_exif_and_with_a_thumbnail() {
    // Orientation 6 asks to turn clockwise: what was on top is then on the right.
    let sideways = red_over_blue(640, 320);
    let files = [
        (Kind::Jpeg, jpeg(&sideways, 6), Kind::Jpeg),
        (Kind::Png, png(&sideways, 6), Kind::Png),
        (Kind::Webp, webp(&sideways, 6), Kind::Jpeg),
    ];
    for (kind, file, kept) in files {
        assert!(holds(&file, SECRET));
        assert_eq!(inspect(&file), Ok(kind));
        let photo = clean(kind, &file).unwrap();
        assert_eq!((photo.kind, inspect(&photo.bytes)), (kept, Ok(kept)));
        assert_eq!(photo.size, Some(Size { width: 320, height: 640 }));
        assert!(!holds(&photo.bytes, SECRET) && !holds(&photo.bytes, b"Exif"), "{kind}");

        let decoded = image::load_from_memory(&photo.bytes).unwrap().to_rgb8();
        assert_eq!(decoded.dimensions(), (320, 640));
        assert!(decoded.get_pixel(10, 320).0[2] > 200, "blue on the left of {kind}");
        assert!(decoded.get_pixel(310, 320).0[0] > 200, "red on the right of {kind}");

        let thumbnail = photo.thumbnail.unwrap();
        assert_eq!(inspect(&thumbnail), Ok(Kind::Jpeg));
        let thumbnail = image::load_from_memory(&thumbnail).unwrap();
        assert_eq!((thumbnail.width(), thumbnail.height()), (240, THUMBNAIL_SIDE_MAX));
    }
}

#[test]
fn a_small_picture_is_not_blown_up_for_its_thumbnail() {
    let photo = clean(Kind::Png, &png(&red_over_blue(3, 2), 1)).unwrap();
    let thumbnail = image::load_from_memory(&photo.thumbnail.unwrap()).unwrap();
    assert_eq!((thumbnail.width(), thumbnail.height()), (3, 2));
}

#[test]
fn transparency_is_kept_in_the_photo_and_white_in_the_thumbnail() {
    let clear = DynamicImage::from(RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0])));
    let photo = clean(Kind::Webp, &webp(&clear, 1)).unwrap();
    assert_eq!(photo.kind, Kind::Png);
    assert_eq!(image::load_from_memory(&photo.bytes).unwrap().to_rgba8().get_pixel(4, 4).0[3], 0);
    let thumbnail = image::load_from_memory(&photo.thumbnail.unwrap()).unwrap().to_rgb8();
    assert!(thumbnail.get_pixel(4, 4).0.iter().all(|channel| *channel > 250));
}

#[test]
fn grey_and_deep_pictures_are_kept() {
    for picture in [
        DynamicImage::from(red_over_blue(20, 10).to_luma8()),
        DynamicImage::from(red_over_blue(20, 10).to_rgba16()),
        DynamicImage::from(red_over_blue(20, 10).to_luma_alpha16()),
    ] {
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, ImageFormat::Png).unwrap();
        let photo = clean(Kind::Png, &file.into_inner().into()).unwrap();
        assert_eq!(photo.size, Some(Size { width: 20, height: 10 }));
    }
    let grey = DynamicImage::from(red_over_blue(20, 10).to_luma8());
    assert!(clean(Kind::Jpeg, &jpeg(&grey, 1)).is_ok());
}

#[test]
fn a_text_with_the_name_of_a_picture_is_refused_with_what_is_accepted() {
    for bytes in
        [&b"Dear customer, this is photo.jpg"[..], b"", b"GIF89a", b"RIFF\0\0\0\0WAVE", b"<svg/>"]
    {
        assert_eq!(inspect(bytes), Err(Refused::NotAccepted));
    }
    assert!(Refused::NotAccepted.to_string().contains("JPEG, PNG, WebP, HEIC or PDF"));
    // AVIF says mif1 too, and is not accepted.
    assert_eq!(inspect(&iso_box(b"ftyp", b"mif1\0\0\0\0mif1avif")), Err(Refused::NotAccepted));
}

#[test]
fn a_file_over_the_limit_is_refused_before_it_is_read() {
    let large = Bytes::from(vec![0xff; PHOTO_BYTES_MAX + 1]);
    assert_eq!(inspect(&large), Err(Refused::TooManyBytes { size_bytes: large.len() }));
    assert_eq!(clean(Kind::Pdf, &large), Err(Refused::TooManyBytes { size_bytes: large.len() }));
}

/// Rewrites the header of a PNG: width, height, and bits a channel.
fn png_declaring(width: u32, height: u32, bits: u8) -> Bytes {
    let mut file = png(&DynamicImage::from(RgbaImage::new(1, 1)), 1).to_vec();
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    file[24] = bits;
    let sum = crc32fast::hash(&file[12..29]);
    file[29..33].copy_from_slice(&sum.to_be_bytes());
    file.into()
}

#[test]
fn a_bomb_is_refused_by_its_header_alone() {
    let too_many = |width, height| Err(Refused::TooManyPixels { width, height });
    assert_eq!(clean(Kind::Png, &png_declaring(60_000, 60_000, 8)), too_many(60_000, 60_000));
    assert_eq!(clean(Kind::Png, &png_declaring(7000, 7000, 16)), Err(Refused::TooMuchMemory));
    assert!(matches!(
        clean(Kind::Png, &png_declaring(1 << 30, 1, 8)),
        Err(Refused::Damaged { kind: Kind::Png, .. })
    ));

    let mut file = jpeg(&red_over_blue(8, 8), 1).to_vec();
    let frame = file.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    file[frame + 5..frame + 9].copy_from_slice(&[0xff, 0, 0xff, 0]);
    assert_eq!(clean(Kind::Jpeg, &file.into()), too_many(0xff00, 0xff00));
}

/// A WebP with a canvas of 1 by 1 and the chunks that are given.
fn webp_with(chunks: &[u8]) -> Bytes {
    let chunks = [b"VP8X\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0", chunks].concat();
    let size = u32::try_from(chunks.len() + 4).unwrap();
    [b"RIFF", &size.to_le_bytes()[..], b"WEBP", &chunks].concat().into()
}

#[test]
fn a_webp_whose_parts_claim_more_than_it_holds_is_refused() {
    // The frame says 16383 by 16383 behind a canvas of one pixel.
    let frame = webp_with(b"VP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f");
    assert_eq!(
        clean(Kind::Webp, &frame),
        Err(Refused::TooManyPixels { width: 16_383, height: 16_383 })
    );
    let claim = webp_with(b"EXIF\xff\xff\xff\xff");
    assert!(matches!(clean(Kind::Webp, &claim), Err(Refused::Damaged { .. })));
    assert_eq!(clean(Kind::Webp, &webp_with(b"ANIM\x02\0\0\0\0\0")), Err(Refused::Animated));
}

#[test]
fn a_heic_keeps_its_picture_and_loses_everything_else() {
    let file = heic();
    assert_eq!(inspect(&file), Ok(Kind::Heic));
    assert!(holds(&file, SECRET));
    let photo = clean(Kind::Heic, &file).unwrap();
    assert_eq!(photo.bytes.len(), file.len());
    assert!(holds(&photo.bytes, b"PIXELS") && !holds(&photo.bytes, SECRET));
    assert!(!holds(&photo.bytes, b"uuid") && !holds(&photo.bytes, b"xml "));
    assert_eq!((photo.kind, photo.size, photo.thumbnail), (Kind::Heic, None, None));
    assert_eq!(
        clean(Kind::Heic, &photo.bytes).unwrap().bytes,
        photo.bytes,
        "cleaning is idempotent"
    );
}

#[test]
fn a_heic_that_is_cut_short_is_refused() {
    let file = heic();
    for end in 0..file.len() {
        let cut = file.slice(..end);
        assert!(clean(Kind::Heic, &cut).is_err(), "cut at {end}");
    }
}

#[test]
fn a_pdf_is_kept_as_it_is_when_it_is_whole() {
    let file = Bytes::from_static(b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n");
    assert_eq!(inspect(&file), Ok(Kind::Pdf));
    let photo = clean(Kind::Pdf, &file).unwrap();
    assert_eq!((photo.bytes, photo.size, photo.thumbnail), (file.clone(), None, None));
    assert!(matches!(clean(Kind::Pdf, &file.slice(..20)), Err(Refused::Damaged { .. })));
}

#[test]
fn the_kind_that_the_caller_names_is_not_believed() {
    let file = png(&red_over_blue(4, 4), 1);
    for kind in [Kind::Jpeg, Kind::Webp, Kind::Heic, Kind::Pdf] {
        assert!(clean(kind, &file).is_err(), "{kind}");
    }
}

/// Whole files of every kind, small enough to decode hundreds of times.
fn samples() -> Vec<(Kind, Bytes)> {
    let picture = red_over_blue(24, 16);
    vec![
        (Kind::Jpeg, jpeg(&picture, 6)),
        (Kind::Png, png(&picture, 6)),
        (Kind::Webp, webp(&picture, 6)),
        (Kind::Heic, heic()),
        (Kind::Pdf, Bytes::from_static(b"%PDF-1.7\n%%EOF")),
    ]
}

proptest! {
    #[test]
    fn random_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        drop(inspect(&bytes));
        for kind in Kind::ALL {
            drop(clean(*kind, &bytes.clone().into()));
        }
    }

    #[test]
    fn a_damaged_picture_is_answered(
        sample in prop::sample::select(samples()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let (kind, file) = sample;
        let mut file = file.to_vec();
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if cut {
            file.truncate(end.index(file.len()));
        }
        drop(clean(kind, &file.into()));
    }
}
