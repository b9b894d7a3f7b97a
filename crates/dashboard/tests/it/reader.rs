//! A server of the pages on a free port, and a reader without a library.

use std::collections::HashMap;

use dashboard::{Brand, Documents, developers};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The document of the Partner API that is committed.
pub(crate) fn committed() -> Value {
    serde_json::from_str(include_str!("../../../../openapi/partner.json")).unwrap()
}

/// That of the e-mail API.
pub(crate) fn committed_email() -> Value {
    serde_json::from_str(include_str!("../../../../openapi/email.json")).unwrap()
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

pub(crate) struct Reader {
    address: String,
}

impl Reader {
    /// Serves the pages of a Partner API under the usual brand.
    pub(crate) async fn of(spec: Value) -> Self {
        Self::branded(spec, "Postroom", "X-Innbocks-").await
    }

    pub(crate) async fn branded(partner: Value, name: &str, prefix: &str) -> Self {
        let brand = Brand {
            name: name.to_owned(),
            public_url: "https://mail.example".to_owned(),
            header_prefix: prefix.to_owned(),
        };
        let documents = Documents { partner, email: committed_email() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let pages = developers(move || documents.clone(), brand);
        tokio::spawn(async move { axum::serve(listener, pages).await });
        Self { address }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.asking(path, &[]).await
    }

    /// A request with these headers in place of the usual ones.
    pub(crate) async fn asking(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = format!("GET {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            request.push_str("host: docs.example\r\n");
        }
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(format!("{request}\r\n").as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_owned(), value.to_owned()))
        };
        Answer { status, headers: lines.filter_map(header).collect(), body: body.to_owned() }
    }

    /// Every page that can be reached from the first, by its path.
    pub(crate) async fn crawl(&self) -> HashMap<String, String> {
        let mut found = HashMap::new();
        let mut open = vec!["/developers".to_owned()];
        while let Some(path) = open.pop() {
            if found.contains_key(&path) {
                continue;
            }
            let answer = self.get(&path).await;
            assert_eq!(answer.status, 200, "{path}");
            let links = attributes(&answer.body, "href");
            let pages =
                links.filter(|link| link.starts_with("/developers") && !link.contains(".css"));
            open.extend(pages.map(|link| link.split('#').next().unwrap().to_owned()));
            open.retain(|path| path.rsplit('.').next() != Some("md"));
            found.insert(path, answer.body);
        }
        found
    }
}

/// The values of an attribute in a page.
pub(crate) fn attributes<'a>(html: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let opening = format!(" {name}=\"");
    let mut rest = html;
    std::iter::from_fn(move || {
        let at = rest.find(&opening)? + opening.len();
        let (value, after) = rest[at..].split_once('"')?;
        rest = after;
        Some(value)
    })
}
