//! The CRM's side of the demo: calls of the API, each with the curl line that does the same.

use anyhow::{Context as _, bail};
use axum::http::Method;
use bytes::Bytes;
use serde_json::Value;

use crate::client;

/// A partner's system with its key.
pub(super) struct Crm {
    /// `127.0.0.1:8080`.
    pub(super) host: String,
    pub(super) key: String,
}

/// One call.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) idempotency_key: Option<&'a str>,
    /// JSON; nothing for a read.
    pub(super) body: Option<String>,
}

impl Call<'_> {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), idempotency_key: None, body: None }
    }
}

impl<'a> Call<'a> {
    pub(super) fn post(path: impl Into<String>, key: &'a str, body: impl Into<String>) -> Self {
        let (path, body) = (path.into(), Some(body.into()));
        Self { method: Method::POST, path, idempotency_key: Some(key), body }
    }
}

/// What a call was told.
pub(super) struct Told {
    pub(super) status: u16,
    /// True when the answer was given before and is told again.
    pub(super) is_replay: bool,
    pub(super) json: Value,
}

impl Told {
    /// A text of the answer, by its path such as `/mailbox/id`.
    pub(super) fn text(&self, pointer: &str) -> anyhow::Result<String> {
        let found = self.json.pointer(pointer).and_then(Value::as_str);
        Ok(found.with_context(|| format!("the answer has no {pointer}"))?.to_owned())
    }
}

impl Crm {
    /// Makes a call; an answer that is no success ends the demo.
    pub(super) async fn make(&self, call: &Call<'_>) -> anyhow::Result<Told> {
        let bearer = format!("Bearer {}", self.key);
        let mut headers = vec![("authorization", bearer.as_str())];
        if let Some(key) = call.idempotency_key {
            headers.push(("idempotency-key", key));
        }
        if call.body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let body = Bytes::from(call.body.clone().unwrap_or_default());
        let method = call.method.clone();
        let answer = client::send(&self.host, method, &call.path, &headers, body).await?;
        let json: Value = serde_json::from_slice(&answer.body)
            .with_context(|| format!("{} answered with something that is no JSON", call.path))?;
        if !answer.status.is_success() {
            bail!("{} {} answered {}: {json}", call.method, call.path, answer.status);
        }
        let is_replay = answer.header("idempotent-replayed") == "true";
        Ok(Told { status: answer.status.as_u16(), is_replay, json })
    }

    /// The same call for a shell.
    pub(super) fn curl(&self, call: &Call<'_>) -> String {
        let url = format!("http://{}{}", self.host, call.path);
        let url = if call.path.contains(['?', '&']) { format!("'{url}'") } else { url };
        let method =
            if call.method == Method::GET { String::new() } else { format!("-X {} ", call.method) };
        let mut parts =
            vec![format!("curl {method}{url}"), format!("-H 'Authorization: Bearer {}'", self.key)];
        parts.extend(call.idempotency_key.map(|key| format!("-H 'Idempotency-Key: {key}'")));
        if let Some(body) = &call.body {
            parts.push("-H 'Content-Type: application/json'".to_owned());
            parts.push(format!("-d '{body}'"));
        }
        parts.join(" \\\n  ")
    }
}
