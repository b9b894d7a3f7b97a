//! The bucket against a small server on the loopback address that keeps what is put.
//!
//! It knows PUT, GET and DELETE and records who asked; signatures are the business of the library.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{S3AccessKey, S3Config};
use crate::{Blobs, Family, Key};

#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, Vec<u8>>,
    signed_requests: usize,
}

/// Answers the requests of one connection, one after the other.
async fn serve(stream: TcpStream, bucket: Arc<Mutex<Bucket>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if line == "\r\n" {
                break;
            }
            head.push(line.trim_end().to_owned());
        }
        let header = |name: &str| {
            head.iter().find_map(|line| {
                let (key, value) = line.split_once(": ")?;
                key.eq_ignore_ascii_case(name).then(|| value.to_owned())
            })
        };
        let length = header("content-length").map_or(0, |text| text.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let mut request = head[0].split(' ');
        let (method, path) = (request.next().unwrap(), request.next().unwrap().to_owned());
        let (status, body) = {
            let mut bucket = bucket.lock().unwrap();
            let signed = header("authorization").is_some_and(|text| text.contains("AKIATEST/"));
            bucket.signed_requests += usize::from(signed);
            match method {
                "PUT" => {
                    bucket.objects.insert(path, body);
                    ("200 OK", Vec::new())
                }
                "GET" => match bucket.objects.get(&path) {
                    Some(bytes) => ("200 OK", bytes.clone()),
                    None => ("404 Not Found", Vec::new()),
                },
                "DELETE" => {
                    bucket.objects.remove(&path);
                    ("204 No Content", Vec::new())
                }
                _ => ("400 Bad Request", Vec::new()),
            }
        };
        let mut answer = format!("HTTP/1.1 {status}\r\nETag: \"1\"\r\n");
        answer.push_str("Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n");
        if !status.starts_with("204") {
            write!(answer, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        answer.push_str("\r\n");
        stream.write_all(&[answer.as_bytes(), &body].concat()).await.unwrap();
    }
}

#[tokio::test]
async fn a_bucket_puts_gets_replaces_and_deletes_under_its_prefix_with_signed_requests() {
    let bucket = Arc::new(Mutex::new(Bucket::default()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let served = Arc::clone(&bucket);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&served)));
        }
    });
    let blobs = Blobs::s3(S3Config {
        bucket: "mailroom".into(),
        region: "eu-central-1".into(),
        endpoint: Some(endpoint),
        prefix: Some(Key::parse("postroom").unwrap()),
        access_key: Some(S3AccessKey { id: "AKIATEST".into(), secret: "secret".into() }),
    })
    .unwrap();
    let key = Key::content(Family::Scan, &[7; 32]);

    assert_eq!(blobs.get(&key).await.unwrap(), None);
    blobs.put(&key, Bytes::from_static(b"first")).await.unwrap();
    blobs.put(&key, Bytes::from_static(b"second")).await.unwrap();
    assert_eq!(blobs.get(&key).await.unwrap().unwrap(), "second");
    let names: Vec<_> = bucket.lock().unwrap().objects.keys().cloned().collect();
    assert_eq!(names, [format!("/mailroom/postroom/{key}")]);
    blobs.delete(&key).await.unwrap();
    blobs.delete(&key).await.unwrap();
    assert_eq!(blobs.get(&key).await.unwrap(), None);
    assert_eq!(bucket.lock().unwrap().signed_requests, 7);
}

#[test]
fn the_secret_is_not_in_the_debug_text() {
    let config = S3Config {
        bucket: "mailroom".into(),
        region: "auto".into(),
        endpoint: None,
        prefix: None,
        access_key: Some(S3AccessKey { id: "AKIATEST".into(), secret: "hunter2".into() }),
    };
    let text = format!("{config:?} {:?}", Blobs::s3(config.clone()).unwrap());
    assert!(text.contains("mailroom") && !text.contains("hunter2"), "{text}");
}
