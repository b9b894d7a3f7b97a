//! Finding and blanking what is not a picture in a HEIC file, without decoding it.
//!
//! A HEIC file is a row of boxes (ISO/IEC 14496-12). Its `meta` box lists items (`iinf`) and where
//! their bytes are (`iloc`, ISO/IEC 23008-12); EXIF and XMP are items like the picture. Zeros in
//! their place keep every offset as it was. Decoding needs a C library and is not done.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::picture::{Kind, Refused};

/// Brands of a still HEIC picture: HEVC, main and extended profile, one view or several.
const BRANDS: [&[u8; 4]; 4] = [b"heic", b"heix", b"heim", b"heis"];

/// The brand of a still picture of any codec; HEVC must then be among the compatible brands.
const ANY_CODEC_BRAND: &[u8; 4] = b"mif1";

/// Kinds of items that hold or combine pixels. Everything else is blanked.
const PICTURE_ITEMS: [&[u8; 4]; 7] =
    [b"hvc1", b"hev1", b"lhv1", b"grid", b"iden", b"iovl", b"tmap"];

/// Boxes at the top that a picture needs, and those inside `meta`.
const TOP_BOXES: [&[u8; 4]; 3] = [b"ftyp", b"meta", b"mdat"];
const META_BOXES: [&[u8; 4]; 9] =
    [b"hdlr", b"pitm", b"iinf", b"iloc", b"iprp", b"iref", b"idat", b"dinf", b"grpl"];

/// Boxes in one container and items of one file. A picture of 48 megapixels is about 200 tiles.
const PARTS_MAX: usize = 4096;

/// Pieces of one item.
const EXTENTS_MAX: usize = 256;

/// Whether the file says that it is a still HEIC picture.
pub(crate) fn is_heic(bytes: &[u8]) -> bool {
    let mut file = Reader { bytes, at: 0 };
    let Some(Part { name: [b'f', b't', b'y', b'p'], body, .. }) = file.part() else { return false };
    let mut brands = bytes[body].chunks_exact(4).take(PARTS_MAX);
    let hevc = |brand: &[u8]| BRANDS.iter().any(|b| *b == brand);
    match brands.next() {
        Some(major) if hevc(major) => true,
        Some(major) if major == ANY_CODEC_BRAND => brands.any(hevc),
        _ => false,
    }
}

/// The same file with everything that is not a picture overwritten with zeros.
pub(crate) fn strip(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    if !is_heic(bytes) {
        return Err(Refused::NotAccepted);
    }
    let contents = Contents::read(bytes)
        .ok_or_else(|| Refused::damaged(Kind::Heic, "its table of contents is broken"))?;
    // Honest files name each byte once; without this, pieces that overlap would cost hours.
    if contents.other_items.iter().map(ExactSizeIterator::len).sum::<usize>() > bytes.len() {
        return Err(Refused::damaged(Kind::Heic, "its table of contents overlaps"));
    }
    let mut out = bytes.to_vec();
    for item in contents.other_items {
        out[item].fill(0);
    }
    for Part { start, body, .. } in contents.other_boxes {
        // An empty box of the kind that every reader skips.
        out[start + 4..start + 8].copy_from_slice(b"free");
        out[body].fill(0);
    }
    Ok(out)
}

/// What is not a picture in a file.
struct Contents {
    other_items: Vec<Range<usize>>,
    other_boxes: Vec<Part>,
}

impl Contents {
    /// `None` when the file is broken.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (top, mut other_boxes): (Vec<_>, Vec<_>) = parts(bytes, 0..bytes.len())?
            .into_iter()
            .partition(|part| TOP_BOXES.contains(&&part.name));
        let mut metas = top.iter().filter(|part| &part.name == b"meta");
        let (meta, None) = (metas.next()?, metas.next()) else { return None };
        // `meta` has a version and flags before its boxes.
        let (inner, others): (Vec<_>, Vec<_>) =
            parts(bytes, meta.body.start.checked_add(4)?..meta.body.end)?
                .into_iter()
                .partition(|part| META_BOXES.contains(&&part.name));
        other_boxes.extend(others);
        let find = |name: &[u8; 4]| {
            let mut named = inner.iter().filter(|part| &part.name == name);
            named.next().filter(|_| named.next().is_none()).map(|part| &part.body)
        };
        let wanted = other_items(bytes, find(b"iinf")?)?;
        let other_items = extents(bytes, find(b"iloc")?, &wanted, find(b"idat"))?;
        Some(Self { other_items, other_boxes })
    }
}

/// The ids of items that are not pictures (`iinf`, ISO/IEC 14496-12, 8.11.6).
fn other_items(bytes: &[u8], body: &Range<usize>) -> Option<BTreeSet<u64>> {
    let mut table = Reader { bytes: &bytes[..body.end], at: body.start };
    let version = table.number(1)?;
    table.number(3)?;
    let count = table.number(if version == 0 { 2 } else { 4 })?;
    let entries = parts(bytes, table.at..body.end)?;
    if usize::try_from(count).ok()? != entries.len() {
        return None;
    }
    let mut others = BTreeSet::new();
    for entry in entries {
        let mut entry = Reader { bytes: &bytes[..entry.body.end], at: entry.body.start };
        // Versions 0 and 1 have no kind of item; no HEIC writer uses them.
        let id_bytes = match entry.number(1)? {
            2 => 2,
            3 => 4,
            _ => return None,
        };
        entry.number(3)?;
        let id = entry.number(id_bytes)?;
        entry.number(2)?;
        if !PICTURE_ITEMS.contains(&entry.four()?) {
            others.insert(id);
        }
    }
    Some(others)
}

/// Where the bytes of `wanted` items are (`iloc`, ISO/IEC 14496-12, 8.11.3).
fn extents(
    bytes: &[u8],
    body: &Range<usize>,
    wanted: &BTreeSet<u64>,
    idat: Option<&Range<usize>>,
) -> Option<Vec<Range<usize>>> {
    let mut table = Reader { bytes: &bytes[..body.end], at: body.start };
    let version = table.number(1)?;
    table.number(3)?;
    let sizes = table.number(2)?;
    let nibble = |shift: u32| usize::try_from(sizes >> shift & 0xf).unwrap_or(0);
    let (offset_bytes, length_bytes, base_bytes) = (nibble(12), nibble(8), nibble(4));
    let index_bytes = if version == 0 { 0 } else { nibble(0) };
    let id_bytes = if version < 2 { 2 } else { 4 };
    let count = usize::try_from(table.number(id_bytes)?).ok().filter(|n| *n <= PARTS_MAX)?;
    let mut found = Vec::new();
    for _ in 0..count {
        let id = table.number(id_bytes)?;
        let place = if version == 0 { 0 } else { table.number(2)? & 0xf };
        let other_file = table.number(2)? != 0;
        let base = table.number(base_bytes)?;
        let pieces = usize::try_from(table.number(2)?).ok().filter(|n| *n <= EXTENTS_MAX)?;
        for _ in 0..pieces {
            table.number(index_bytes)?;
            let offset = base.checked_add(table.number(offset_bytes)?)?;
            let length = table.number(length_bytes)?;
            if !wanted.contains(&id) || other_file {
                continue;
            }
            let within = match place {
                0 => 0..bytes.len(),
                1 => idat?.clone(),
                _ => return None,
            };
            // A length of zero means all that follows.
            let start = within.start.checked_add(usize::try_from(offset).ok()?)?;
            let end = match usize::try_from(length).ok()? {
                0 => return None,
                length => start.checked_add(length)?,
            };
            found.push((end <= within.end).then_some(start..end)?);
        }
    }
    Some(found)
}

/// A box: where it begins, its name, and where its content is in the file.
struct Part {
    start: usize,
    name: [u8; 4],
    body: Range<usize>,
}

/// The boxes of a container, which they must fill.
fn parts(bytes: &[u8], within: Range<usize>) -> Option<Vec<Part>> {
    let mut reader = Reader { bytes: bytes.get(..within.end)?, at: within.start };
    let mut parts = Vec::new();
    while reader.at < within.end {
        parts.push(reader.part().filter(|_| parts.len() < PARTS_MAX)?);
    }
    Some(parts)
}

/// Reads big-endian numbers from `bytes`, from `at` on.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn four(&mut self) -> Option<&'a [u8; 4]> {
        self.take(4)?.try_into().ok()
    }

    /// A number of up to 8 bytes; of 0 bytes it is 0.
    fn number(&mut self, count: usize) -> Option<u64> {
        if count > 8 {
            return None;
        }
        Some(self.take(count)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// The next box. A size of 1 means that a long size follows, 0 that the box is the last one.
    fn part(&mut self) -> Option<Part> {
        let start = self.at;
        let size = self.number(4)?;
        let name = *self.four()?;
        let end = match size {
            0 => self.bytes.len(),
            1 => start.checked_add(usize::try_from(self.number(8)?).ok()?)?,
            _ => start.checked_add(usize::try_from(size).ok()?)?,
        };
        let body = self.at..end;
        if end < self.at || end > self.bytes.len() {
            return None;
        }
        self.at = end;
        Some(Part { start, name, body })
    }
}
