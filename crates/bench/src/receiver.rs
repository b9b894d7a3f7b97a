//! A receiver that verifies each delivery as the seed's snippet does, and notes when it came.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use webhook::signature::Secret;
use webhook::verify::verify_as_seed;

use crate::api::{Id, id_after};
use crate::client::{find, header};

/// Bytes of a delivery, headers included.
const DELIVERY_BYTES_MAX: usize = 1 << 20;

/// See the module.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) addr: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    /// The secret of each endpoint, in the order of the numbers in their paths.
    secrets: Mutex<Vec<Secret>>,
    receipts: Mutex<Vec<(Id, Instant)>>,
    trouble: Mutex<Option<anyhow::Error>>,
    count: watch::Sender<usize>,
}

impl Receiver {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            secrets: Mutex::default(),
            receipts: Mutex::default(),
            trouble: Mutex::default(),
            count: watch::channel(0).0,
        });
        let accepting = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&accepting)));
            }
        });
        Ok(Self { addr, shared })
    }

    /// The address of the next endpoint.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/{}", self.addr, lock(&self.shared.secrets).len())
    }

    pub(crate) fn add_secret(&self, text: &str) -> anyhow::Result<()> {
        lock(&self.shared.secrets).push(Secret::parse(text)?);
        Ok(())
    }

    /// Waits until so many deliveries have come since the last call, and takes them.
    pub(crate) async fn take(&self, n: usize) -> anyhow::Result<Vec<(Id, Instant)>> {
        let mut count = self.shared.count.subscribe();
        count.wait_for(|count| *count >= n).await?;
        self.shared.count.send_replace(0);
        match lock(&self.shared.trouble).take() {
            Some(trouble) => Err(trouble),
            None => Ok(std::mem::take(&mut lock(&self.shared.receipts))),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    if let Err(error) = exchange(&mut stream, &shared).await {
        lock(&shared.trouble).get_or_insert(error);
        // Whoever waits should look.
        shared.count.send_replace(usize::MAX);
    }
}

async fn exchange(stream: &mut TcpStream, shared: &Shared) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(8 << 10);
    loop {
        let n = stream.read_buf(&mut buffer).await?;
        if n == 0 {
            return Ok(());
        }
        let Some(end) = find(&buffer, b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&buffer[..end])?;
        let length: usize = header(head, "content-length").context("a length")?.parse()?;
        ensure!(end + length < DELIVERY_BYTES_MAX, "a delivery is too long");
        let Some(body) = buffer.get(end + 4..end + 4 + length) else { continue };
        verify(shared, head, body)?;
        let id = id_after(body, b"\"mail_id\":\"mail_")?;
        lock(&shared.receipts).push((id, Instant::now()));
        shared.count.send_modify(|count| *count = count.saturating_add(1));
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
        buffer.clear();
    }
}

fn verify(shared: &Shared, head: &str, body: &[u8]) -> anyhow::Result<()> {
    let path = head.split(' ').nth(1).context("a path")?;
    let secrets = lock(&shared.secrets);
    let secret = secrets.get(path[1..].parse::<usize>()?).context("a known endpoint")?;
    let stamp = header(head, "x-innbocks-timestamp").context("a timestamp")?;
    let signature = header(head, "x-innbocks-signature");
    ensure!(verify_as_seed(body, stamp, signature, secret)?, "a signature does not hold");
    Ok(())
}
