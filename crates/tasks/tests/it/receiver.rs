//! A receiver of webhooks that a test scripts and can keep waiting.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a test waits for something that must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The value of a header, by its name in any case.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value).unwrap()
    }
}

#[derive(Clone, Default)]
struct State {
    requests: Vec<Request>,
    n_waiting: usize,
    n_waiting_max: usize,
    is_shut: bool,
    /// What is answered when nothing is scripted; 200 when it is empty.
    usual: &'static str,
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    state: Arc<watch::Sender<State>>,
    answers: Arc<Mutex<Vec<&'static str>>>,
}

impl Receiver {
    /// Answers 200 until told otherwise.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let state = Arc::new(watch::channel(State::default()).0);
        let answers = Arc::new(Mutex::new(Vec::new()));
        let (shared, script) = (Arc::clone(&state), Arc::clone(&answers));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(serve(tcp, Arc::clone(&shared), Arc::clone(&script)));
            }
        });
        Self { url, state, answers }
    }

    /// The next answers, in turn: status lines, with further header lines after `\r\n`.
    pub(crate) fn script(&self, answers: &[&'static str]) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// What is answered from now on, as far as nothing is scripted.
    pub(crate) fn usually(&self, answer: &'static str) {
        self.state.send_modify(|state| state.usual = answer);
    }

    /// Lets requests wait for their answers, or answers them all.
    pub(crate) fn shut(&self, is_shut: bool) {
        self.state.send_modify(|state| state.is_shut = is_shut);
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.borrow().requests.clone()
    }

    /// The most requests that waited for an answer at one time.
    pub(crate) fn n_waiting_max(&self) -> usize {
        self.state.borrow().n_waiting_max
    }

    /// Waits until nobody waits for an answer.
    pub(crate) async fn has_answered(&self) {
        self.until(|state| state.n_waiting == 0).await;
    }

    pub(crate) async fn has_received(&self, n: usize) {
        self.until(|state| state.requests.len() >= n).await;
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        let mut state = self.state.subscribe();
        let waited = timeout(PATIENCE, state.wait_for(|state| is_so(state))).await;
        assert!(waited.is_ok(), "waited in vain; {} requests came", self.requests().len());
    }
}

async fn serve(
    mut tcp: TcpStream,
    state: Arc<watch::Sender<State>>,
    answers: Arc<Mutex<Vec<&'static str>>>,
) {
    while let Some(request) = read(&mut tcp).await {
        state.send_modify(|state| {
            state.requests.push(request);
            state.n_waiting += 1;
            state.n_waiting_max = state.n_waiting_max.max(state.n_waiting);
        });
        state.subscribe().wait_for(|state| !state.is_shut).await.unwrap();
        let usual = state.borrow().usual;
        let answer = {
            let mut answers = answers.lock().unwrap();
            if answers.is_empty() { usual } else { answers.remove(0) }
        };
        let answer = if answer.is_empty() { "200 OK" } else { answer };
        state.send_modify(|state| state.n_waiting -= 1);
        let text = format!("HTTP/1.1 {answer}\r\ncontent-length: 2\r\n\r\nok");
        if tcp.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(tcp: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|l| l.strip_prefix("Content-Length: "));
            let length: usize = length.map_or(0, |text| text.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(Request { head, body: bytes[end + 4..].to_vec() });
            }
        }
        if tcp.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
