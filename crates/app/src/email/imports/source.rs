//! Finding the messages in a file: one, an mbox, or an archive of both (email-engine.md 5.1).
//!
//! Runs on a thread of its own and hands messages over one by one, already read, so that few are in
//! memory. The same file gives the same messages in the same order, by which a job goes on where it was.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use domain::email::import::{ImportFormat, Place};
use email::mbox::{self, Entry, Split, Splitter};
use email::parse::MESSAGE_BYTES_MAX;
use email::{ParseProblem, Parsed};
use rawzip::{CompressionMethod, RangeReader, ReaderAt, ZipLocator};
use tokio::sync::mpsc::Sender;

use super::file::File;

/// Bytes that are read at once.
const READ_BYTES: usize = 64 << 10;
/// Bytes by which a file is told to be what it is.
const START_BYTES: usize = 1_024;
/// Entries of an archive.
const ZIP_ENTRIES_MAX: u64 = 65_000;
/// How many bytes one byte of an archive may become, and bytes that any entry may have beyond that.
const ZIP_RATIO_MAX: u64 = 200;
const ZIP_SPARE_BYTES: u64 = 64 << 10;
/// How archives begin: zip, zip without entries, gzip, 7z, xz, bzip2.
const ARCHIVES: [&[u8]; 6] =
    [b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf", b"\xfd7zXZ", b"BZh"];

/// One message of the file.
pub(super) enum Found {
    Message {
        bytes: Bytes,
        parsed: Arc<Parsed>,
    },
    /// It is no message, or too large.
    Failed,
    /// Its header is shaped to hurt whoever reads it.
    Unsafe,
}

/// What the reader says.
pub(super) enum Item {
    /// A message, and where to go on after it.
    Found(Found, Place),
    /// All was read.
    End,
    /// The file is refused, for this reason.
    Refused(String),
}

/// Why reading ends early.
enum Stop {
    /// Nobody listens any more.
    Gone,
    Refused(String),
    /// Our own storage fails; the job is tried again.
    Io(io::Error),
}

/// Reads a file from a place on, and passes over what is processed of that.
pub(super) fn read(
    file: &File,
    format: ImportFormat,
    place: Place,
    processed: i64,
    send: Sender<Item>,
) {
    let mut sink = Sink { place, n: place.before, processed, send };
    let last = match read_as(file, format, &mut sink) {
        Ok(()) if sink.n == 0 => Item::Refused("the file holds no message".to_owned()),
        Ok(()) => Item::End,
        Err(Stop::Refused(reason)) => Item::Refused(reason),
        Err(Stop::Gone) => return,
        Err(Stop::Io(error)) => {
            tracing::warn!(%error, "the file of an import can't be read now");
            return;
        }
    };
    // Nobody need listen to the end.
    drop(sink.send.blocking_send(last));
}

fn read_as(file: &File, format: ImportFormat, sink: &mut Sink) -> Result<(), Stop> {
    let rest = |at: i64| RangeReader::new(file, at.unsigned_abs()..file.size());
    match known(file, format)? {
        ImportFormat::Zip => read_zip(file, sink),
        ImportFormat::Mbox => {
            let at = sink.place.at;
            read_mbox(rest(at), Some(at), sink)
        }
        ImportFormat::Eml | ImportFormat::Auto => read_one(rest(0), sink),
    }
}

/// What a file is that was not said to be anything.
fn known(file: &File, format: ImportFormat) -> Result<ImportFormat, Stop> {
    if format != ImportFormat::Auto {
        return Ok(format);
    }
    let mut start = [0; START_BYTES];
    let n = file.read_at(&mut start, 0).map_err(Stop::Io)?;
    let start = &start[..n];
    Ok(if start.starts_with(ARCHIVES[0]) || start.starts_with(ARCHIVES[1]) {
        ImportFormat::Zip
    } else if mbox::is_mbox(start) {
        ImportFormat::Mbox
    } else {
        ImportFormat::Eml
    })
}

/// `at` is where in the file it begins; one that is packed can be read only from there.
fn read_mbox(mut from: impl Read, at: Option<i64>, sink: &mut Sink) -> Result<(), Stop> {
    let mut splitter = Splitter::default();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match from.read(&mut buffer).map_err(stop)? {
            0 => break,
            n => splitter.push(&buffer[..n]).into_iter().try_for_each(|s| sink.split(s, at))?,
        }
    }
    splitter.finish().map_or(Ok(()), |last| sink.split(last, at))
}

fn read_one(from: impl Read, sink: &mut Sink) -> Result<(), Stop> {
    let mut bytes = Vec::new();
    let n = from.take(MESSAGE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(stop)?;
    if n > MESSAGE_BYTES_MAX { sink.put(|| Found::Failed) } else { sink.message(bytes) }
}

fn read_zip(file: &File, sink: &mut Sink) -> Result<(), Stop> {
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

/// What our own storage says is of the kind `Other`; anything else is wrong with the file.
fn stop(error: io::Error) -> Stop {
    match error.kind() {
        io::ErrorKind::Other => Stop::Io(error),
        _ => Stop::Refused(format!("the file is damaged: {error}")),
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

fn refuse(reason: String) -> Result<(), Stop> {
    Err(Stop::Refused(reason))
}

/// A place in the file, which is of at most 1 GiB.
fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Where messages go.
struct Sink {
    /// Where to go on after the message that is read.
    place: Place,
    /// Messages of the file up to here.
    n: i64,
    processed: i64,
    send: Sender<Item>,
}

impl Sink {
    fn split(&mut self, split: Split, at: Option<i64>) -> Result<(), Stop> {
        if let Some(at) = at {
            self.place = Place { at: at + signed(split.ends_at), before: self.n + 1, unpacked: 0 };
        }
        match split.entry {
            Entry::Message(bytes) => self.message(bytes),
            Entry::TooLarge { .. } => self.put(|| Found::Failed),
        }
    }

    fn message(&mut self, bytes: Vec<u8>) -> Result<(), Stop> {
        self.put(|| match email::parse(&bytes) {
            Ok(parsed) => Found::Message { parsed: Arc::new(parsed), bytes: bytes.into() },
            Err(ParseProblem::HeaderTooLarge | ParseProblem::TooManyFields) => Found::Unsafe,
            Err(ParseProblem::TooLarge | ParseProblem::NoHeader) => Found::Failed,
        })
    }

    fn put(&mut self, found: impl FnOnce() -> Found) -> Result<(), Stop> {
        self.n += 1;
        if self.n <= self.processed {
            return Ok(());
        }
        self.send.blocking_send(Item::Found(found(), self.place)).map_err(|_| Stop::Gone)
    }
}
