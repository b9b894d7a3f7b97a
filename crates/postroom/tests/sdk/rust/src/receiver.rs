//! Receives webhooks on the loopback address, one connection after the other, and says yes to each.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(20);

/// A request that came, with the names of its headers as they came.
pub struct Delivery {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

pub struct Receiver {
    url: String,
    told: mpsc::Receiver<Delivery>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if tell.send(take(stream.unwrap()).unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { url, told }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The next request, whatever it is about.
    pub fn next(&self) -> Delivery {
        self.told.recv_timeout(WAIT).expect("a webhook that was expected did not come")
    }
}

/// Reads a request and answers 204.
fn take(stream: TcpStream) -> io::Result<Delivery> {
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).expect("a request line").to_owned();
    let mut headers = HashMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_owned(), value.to_owned());
    }
    let length = |name: &String| name.eq_ignore_ascii_case("content-length");
    let length =
        headers.keys().find(|name| length(name)).map(|name| headers[name].parse().unwrap());
    let mut body = vec![0; length.expect("a length")];
    reader.read_exact(&mut body)?;
    (&stream).write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")?;
    Ok(Delivery { path, headers, body })
}
