//! The bytes of a connection, with or without TLS, counted as they come in.
//!
//! Opening it is in `connect`.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant};
use tokio_rustls::client::TlsStream;

pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What is known of a stream from outside.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) opened: Instant,
    /// Bytes that came in, after decryption.
    received: AtomicU64,
    /// When something was written last, in microseconds since it was opened.
    written: AtomicU64,
}

impl Meter {
    pub(crate) fn new(opened: Instant) -> Self {
        Self { opened, received: AtomicU64::new(0), written: AtomicU64::new(0) }
    }

    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub(crate) fn written_at(&self) -> Instant {
        self.opened + Duration::from_micros(self.written.load(Ordering::Relaxed))
    }

    fn note_write(&self) {
        let micros = u64::try_from(self.opened.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.written.store(micros, Ordering::Relaxed);
    }
}

/// A stream that notes what it does.
pub(crate) struct Metered {
    pub(crate) stream: Stream,
    pub(crate) meter: Arc<Meter>,
}

macro_rules! on_stream {
    ($metered:expr, $stream:ident => $call:expr) => {
        match &mut $metered.stream {
            Stream::Plain(plain) => {
                let $stream = Pin::new(plain);
                $call
            }
            Stream::Tls(tls) => {
                let $stream = Pin::new(tls.as_mut());
                $call
            }
        }
    };
}

impl AsyncRead for Metered {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let this = self.get_mut();
        let polled = on_stream!(this, stream => stream.poll_read(cx, buffer));
        let read = (buffer.filled().len() - before) as u64;
        this.meter.received.fetch_add(read, Ordering::Relaxed);
        polled
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.meter.note_write();
        on_stream!(this, stream => stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.meter.note_write();
        on_stream!(this, stream => stream.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(plain) => plain.is_write_vectored(),
            Stream::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self.get_mut(), stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self.get_mut(), stream => stream.poll_shutdown(cx))
    }
}
