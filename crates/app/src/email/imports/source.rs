//! Finding the messages in a file: one, or an mbox (email-engine.md 5.1). Archives of both are in `archive`.
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
use rawzip::{RangeReader, ReaderAt};
use tokio::sync::mpsc::Sender;

use super::archive::read_zip;
use super::file::File;

/// Bytes that are read at once.
const READ_BYTES: usize = 64 << 10;
/// Bytes by which a file is told to be what it is.
pub(super) const START_BYTES: usize = 1_024;
/// How archives begin: zip, zip without entries, gzip, 7z, xz, bzip2.
pub(super) const ARCHIVES: [&[u8]; 6] =
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
pub(super) enum Stop {
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
pub(super) fn read_mbox(mut from: impl Read, at: Option<i64>, sink: &mut Sink) -> Result<(), Stop> {
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

pub(super) fn read_one(from: impl Read, sink: &mut Sink) -> Result<(), Stop> {
    let mut bytes = Vec::new();
    let n = from.take(MESSAGE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(stop)?;
    if n > MESSAGE_BYTES_MAX { sink.put(|| Found::Failed) } else { sink.message(bytes) }
}

/// What our own storage says is of the kind `Other`; anything else is wrong with the file.
pub(super) fn stop(error: io::Error) -> Stop {
    match error.kind() {
        io::ErrorKind::Other => Stop::Io(error),
        _ => Stop::Refused(format!("the file is damaged: {error}")),
    }
}

pub(super) fn refuse(reason: String) -> Result<(), Stop> {
    Err(Stop::Refused(reason))
}

/// A place in the file, which is of at most 1 GiB.
pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Where messages go.
pub(super) struct Sink {
    /// Where to go on after the message that is read.
    pub(super) place: Place,
    /// Messages of the file up to here.
    pub(super) n: i64,
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
