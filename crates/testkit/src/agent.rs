//! Who a test acts as in the e-mail half: an organization, and agents with keys of their own.

use app::email::keys;
use axum::http::Method;
use bytes::Bytes;
use domain::partner::PartnerSettings;
use serde_json::{Value, json};
use wire::email::keys::CreateApiKey;

use crate::answer::Answer;
use crate::persona::Mailroom;
use crate::server::{Call, TestServer};

/// A tenant of the e-mail API, which acts with a key of the whole organization.
pub struct Organization<'a> {
    pub slug: String,
    pub admin: Agent<'a>,
}

/// Somebody who calls the e-mail API.
#[derive(Clone)]
pub struct Agent<'a> {
    pub server: &'a TestServer,
    pub key: String,
    /// The identity as it was made; null for the organization itself.
    pub identity: Value,
}

impl<'a> Organization<'a> {
    /// One organization in a house of its own.
    pub async fn open(server: &'a TestServer) -> Self {
        let mailroom = Mailroom::open(server).await;
        Self::of(server, &mailroom, "acme").await
    }

    /// One of several organizations of a house.
    pub async fn of(server: &'a TestServer, mailroom: &Mailroom, slug: &str) -> Self {
        let partner = mailroom.partner(slug, PartnerSettings::default()).await;
        let ctx = partner.ctx(true).await;
        let new = CreateApiKey { label: "admin".into(), description: None, identity_id: None };
        let made = ctx.app.act(&ctx, async move |tx, ctx| keys::create(tx, ctx, &new).await).await;
        let key = made.expect("a key").text;
        let admin = Agent { server, key, identity: Value::Null };
        Self { slug: slug.to_owned(), admin }
    }

    /// Makes an identity, and a key of its own.
    pub async fn agent(&self, handle: &str) -> Agent<'a> {
        let body = json!({"agent_handle": handle});
        let identity = self.admin.post("/api/v1/identities/", body).await.expect(201);
        let body = json!({"label": handle, "scoped_identity_id": identity["id"]});
        let made = self.admin.post("/api/v1/api-keys", body).await.expect(201);
        let key = made["api_key"].as_str().expect("a key").to_owned();
        Agent { server: self.admin.server, key, identity }
    }
}

impl Agent<'_> {
    pub fn address(&self) -> &str {
        self.identity["email_address"].as_str().expect("an address")
    }

    pub fn mailbox_id(&self) -> &str {
        self.identity["mailbox"]["id"].as_str().expect("a mailbox")
    }

    /// A path under its mailbox.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/mail/mailboxes/{}{rest}", self.address())
    }

    /// Sends a plain message.
    pub async fn send(&self, to: &[&str], subject: &str, text: &str) -> Value {
        let body = json!({"recipients": {"to": to}, "subject": subject, "body_text": text});
        self.post(&self.path("/messages"), body).await.expect(201)
    }

    /// The messages of its mailbox, newest first.
    pub async fn messages(&self) -> Vec<Value> {
        let page = self.get(&self.path("/messages?limit=100")).await.expect(200);
        page["items"].as_array().expect("items").clone()
    }

    /// Subscribes a URL to events of its mailbox; the answer has the signing key if it was made.
    pub async fn subscribe(&self, url: &str, types: &[&str]) -> Value {
        let body = json!({"mailbox_id": self.mailbox_id(), "url": url, "event_types": types});
        self.post("/api/v1/webhooks/subscriptions", body).await.expect(201)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    /// Posts under an idempotency key.
    pub async fn post_as(&self, idempotency_key: &str, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, &[("idempotency-key", idempotency_key)], Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, &[], Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, &[], None).await
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        self.call_with(method, path, headers, body).await
    }

    /// The same with a body of any kind.
    pub async fn call_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Answer {
        let mut all = vec![("x-api-key", self.key.as_str())];
        all.extend(headers);
        self.server.call(Call { method, path, key: None, headers: &all, body }).await
    }
}
