//! Finding the messages in a zip, which may be made to hurt: entries, sizes and what they unpack to are bounded.

use std::io::{self, Read};

use domain::email::import::Place;
use email::mbox;
use rawzip::{CompressionMethod, ZipLocator};

use super::file::File;
use super::source::{ARCHIVES, START_BYTES, Sink, Stop, read_mbox, read_one, refuse, signed, stop};

/// Entries of an archive.
const ZIP_ENTRIES_MAX: u64 = 65_000;
/// How many bytes one byte of an archive may become, and bytes that any entry may have beyond that.
const ZIP_RATIO_MAX: u64 = 200;
const ZIP_SPARE_BYTES: u64 = 64 << 10;

/// Reads an archive from the place of a sink on.
pub(super) fn read_zip(file: &File, sink: &mut Sink) -> Result<(), Stop> {
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let located = ZipLocator::new().locate_in_reader(file, &mut buffer, file.size());
    let archive = located.map_err(|(_, error)| broken(&error))?;
    let mut entries = archive.entries(&mut buffer);
    let start = sink.place;
    let most_in_all = file.size().saturating_mul(ZIP_RATIO_MAX);
    let mut spare = most_in_all.saturating_sub(start.unpacked.unsigned_abs());
    let mut n = 0;
    while let Some(entry) = entries.next_entry().map_err(|error| broken(&error))? {
        n += 1;
        if n > ZIP_ENTRIES_MAX {
            return refuse(format!("an archive has at most {ZIP_ENTRIES_MAX} entries"));
        }
        if n <= start.at.unsigned_abs() {
            continue;
        }
        let unpacked = signed(most_in_all - spare);
        sink.place = Place { at: signed(n - 1), before: sink.n, unpacked };
        let name = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
        if entry.is_dir() || is_hidden(&name) {
            continue;
        }
        if entry.flags().is_encrypted() {
            return refuse("the archive is encrypted; unpack it and pack it without".to_owned());
        }
        let method = entry.compression_method();
        let found = archive.get_entry(entry.wayfinder()).map_err(|error| broken(&error))?;
        let (from, to) = found.compressed_data_range();
        let most = to.saturating_sub(from).saturating_mul(ZIP_RATIO_MAX) + ZIP_SPARE_BYTES;
        let bounded = |inner| Bounded { inner, left: most.min(spare), is_over: false };
        let left = match method {
            CompressionMethod::STORE => {
                let mut read =
                    bounded(Box::new(found.verifying_reader(found.reader())) as Box<dyn Read>);
                read_entry(&mut read, &name, sink)?;
                read.left
            }
            CompressionMethod::DEFLATE => {
                let inflated = flate2::read::DeflateDecoder::new(found.reader());
                let mut read = bounded(Box::new(found.verifying_reader(inflated)) as Box<dyn Read>);
                read_entry(&mut read, &name, sink)?;
                read.left
            }
            _ => {
                return refuse(
                    "the archive is packed in a way that is not known; use deflate".to_owned(),
                );
            }
        };
        spare -= most.min(spare) - left;
    }
    Ok(())
}

/// Reads what an archive holds, if it is mail.
fn read_entry(from: &mut Bounded<'_>, name: &str, sink: &mut Sink) -> Result<(), Stop> {
    let mut start = Vec::with_capacity(START_BYTES);
    let read = from.by_ref().take(START_BYTES as u64).read_to_end(&mut start);
    let outcome = read.map_err(stop).and_then(|_| {
        if ARCHIVES.iter().any(|archive| start.starts_with(archive)) {
            return refuse("the archive holds another archive; unpack that first".to_owned());
        }
        let whole = start.as_slice().chain(from.by_ref());
        if mbox::is_mbox(&start) {
            read_mbox(whole, None, sink)
        } else if is_message(name) {
            read_one(whole, sink)
        } else {
            Ok(())
        }
    });
    if from.is_over {
        return refuse(format!("the archive unpacks to more than {ZIP_RATIO_MAX} times its size"));
    }
    outcome
}

/// What systems put beside the files that people see.
fn is_hidden(name: &str) -> bool {
    name.starts_with("__MACOSX/") || name.rsplit('/').next().is_some_and(|n| n.starts_with('.'))
}

/// A file for one message, or one of a maildir.
fn is_message(name: &str) -> bool {
    let is_eml = name.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case("eml"));
    is_eml || name.contains("cur/") || name.contains("new/")
}

/// An entry that may not become larger than it should.
struct Bounded<'a> {
    inner: Box<dyn Read + 'a>,
    left: u64,
    is_over: bool,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        match self.left.checked_sub(n as u64) {
            Some(left) => self.left = left,
            None => {
                self.is_over = true;
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it unpacks to too much"));
            }
        }
        Ok(n)
    }
}

fn broken(error: &rawzip::Error) -> Stop {
    match error.kind() {
        rawzip::ErrorKind::IO(inner) if inner.kind() == io::ErrorKind::Other => {
            Stop::Io(io::Error::other(inner.to_string()))
        }
        _ => Stop::Refused(format!("the archive can't be read: {error}")),
    }
}
