//! Mail that is brought along while processes die: a file that was taken and a start that was answered are
//! carried to their end, each message is stored once, and what the job counts is true and never goes back.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Duration;

use axum::http::Uri;
use domain::email::import::JOBS_MAX;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout};

use crate::client::{Call, Client, Silence};
use crate::load::Desk;

/// The mailbox that mail is brought to, and nobody else's messages come to.
pub(crate) const CYD: &str = "cyd@agents.localhost";
/// Messages of a file that are stored. Some seconds of work, so that processes die over it.
const MESSAGES: usize = 1_200;
/// The first messages of a file, which stand at its end again.
const TWINS: usize = 120;
/// What is no message, in the middle of the file.
const BROKEN: usize = 3;
/// The states that a job goes through here, in their order.
const STATES: [&str; 4] = ["pending_upload", "queued", "running", "completed"];
/// How often its client asks how far it is.
const PAUSE: Duration = Duration::from_millis(20);
/// How long the last one may take once nothing is killed any more.
const PATIENCE: Duration = Duration::from_mins(2);

/// Imports into one mailbox, one after the other, as their client knows them.
#[derive(Default)]
pub(crate) struct Imports {
    /// Those that are over.
    done: usize,
    /// What the client was last told of the one under way.
    told: Option<Value>,
    /// Whether it was told that the file was taken.
    is_uploaded: bool,
}

impl Imports {
    /// Goes on until the process dies, or the organization may begin no more.
    pub(crate) async fn work(&mut self, desk: &Desk) -> Result<(), Silence> {
        let mut client = Client::connect(desk.addr, &desk.key).await?;
        while self.done < usize::try_from(JOBS_MAX).unwrap_or_default() {
            self.carry(&mut client).await?;
        }
        Ok(())
    }

    /// Carries what is under way to its end, at a process that lives; one at least.
    pub(crate) async fn finish(&mut self, desk: &Desk) {
        if self.told.is_some() || self.done == 0 {
            let mut client = desk.client().await;
            let carried = timeout(PATIENCE, self.carry(&mut client)).await;
            carried.expect("an accepted import ends").expect("the process lives");
        }
    }

    /// The subjects of all messages that were brought along.
    pub(crate) fn subjects(&self) -> HashSet<String> {
        (0..self.done).flat_map(|file| (0..MESSAGES).map(move |n| subject(file, n))).collect()
    }

    /// One import, from wherever it is to its end.
    async fn carry(&mut self, client: &mut Client) -> Result<(), Silence> {
        let file = file(self.done);
        let mut job = self.found(client).await?;
        loop {
            self.hold(&job, file.len());
            let at = path(&format!("/{}", job["id"].as_str().expect("an id")));
            match job["status"].as_str() {
                Some("pending_upload") if self.is_uploaded => {
                    let start = Call::post(&format!("{at}/start"), &json!({}));
                    job = good(client, &start).await?.expect("a job");
                }
                Some("pending_upload") => {
                    let renew = Call::post(&format!("{at}/upload-url"), &json!({}));
                    let to = good(client, &renew).await?.expect("a place");
                    let url: Uri = to["url"].as_str().expect("a link").parse().expect("a link");
                    let to = url.path_and_query().expect("a path").as_str();
                    good(client, &Call::upload(to, file.as_bytes())).await?;
                    self.is_uploaded = true;
                    job = good(client, &Call::get(at)).await?.expect("a job");
                }
                Some("queued" | "running") => {
                    sleep_until(Instant::now() + PAUSE).await;
                    job = good(client, &Call::get(at)).await?.expect("a job");
                }
                _ => break,
            }
        }
        self.end(&job);
        Ok(())
    }

    /// The job under way; whoever was told of none asks, and makes one where there is none.
    async fn found(&self, client: &mut Client) -> Result<Value, Silence> {
        if let Some(told) = &self.told {
            let at = path(&format!("/{}", told["id"].as_str().expect("an id")));
            return Ok(good(client, &Call::get(at)).await?.expect("a job"));
        }
        let page = good(client, &Call::get(path("?limit=1"))).await?.expect("a page");
        let last = &page["items"][0];
        if last.is_object() && last["status"] != "completed" {
            return Ok(last.clone());
        }
        let made = good(client, &Call::post(&path(""), &json!({"source_format": "mbox"}))).await?;
        Ok(made.expect("a job")["job"].clone())
    }

    /// Compares a job with what was told of it: nothing of that may be lost.
    fn hold(&mut self, job: &Value, size: usize) {
        if self.is_uploaded {
            assert_eq!(job["upload_size_bytes"], size, "an upload was accepted and lost: {job}");
        }
        if let Some(told) = self.told.replace(job.clone()) {
            assert_eq!(job["id"], told["id"]);
            assert!(state(&told) <= state(job), "{told} was answered, and now it is {job}");
            let n = |job: &Value| job["messages_processed"].as_i64();
            assert!(n(&told) <= n(job), "{told} was answered, and now it is {job}");
        }
    }

    fn end(&mut self, job: &Value) {
        let counts = ["processed", "imported", "skipped_duplicate", "failed", "rejected_unsafe"]
            .map(|name| job[format!("messages_{name}")].as_u64());
        let expected = [MESSAGES + TWINS + BROKEN, MESSAGES, TWINS, BROKEN, 0].map(|n| n as u64);
        assert_eq!(counts, expected.map(Some), "{job}");
        *self = Self { done: self.done + 1, ..Self::default() };
    }
}

fn state(job: &Value) -> usize {
    let state = STATES.iter().position(|state| job["status"] == *state);
    state.unwrap_or_else(|| panic!("an import that nothing is wrong with: {job}"))
}

fn path(rest: &str) -> String {
    format!("/api/v1/mail/mailboxes/{CYD}/imports{rest}")
}

/// The answer to a call that is expected to be a good one, unless the process dies.
async fn good(client: &mut Client, call: &Call) -> Result<Option<Value>, Silence> {
    let answer = client.call(call).await?;
    let body = String::from_utf8_lossy(&answer.body);
    assert!(answer.is_good(), "{} {}: {} {body}", call.method, call.path, answer.status);
    Ok((!answer.body.is_empty()).then(|| answer.json()))
}

fn subject(file: usize, n: usize) -> String {
    format!("file {file}, message {n}")
}

/// The mbox with a number.
fn file(number: usize) -> String {
    let mut file = String::new();
    for n in (0..MESSAGES).chain(0..TWINS) {
        let subject = subject(number, n);
        write!(
            file,
            "From a@old.example Wed Jul  1 09:30:15 2020\r\nFrom: a@old.example\r\nTo: {CYD}\r\nSubject: {subject}\r\n\
             Message-ID: <{number}.{n}@old.example>\r\nDate: Wed, 01 Jul 2020 09:30:00 +0000\r\n\r\nHello\r\n\r\n"
        )
        .expect("a string takes it");
        if n == MESSAGES / 2 {
            file.push_str(
                &"From a@old.example Wed Jul  1 09:30:15 2020\r\nthis is no header\r\n\r\n"
                    .repeat(BROKEN),
            );
        }
    }
    file
}
