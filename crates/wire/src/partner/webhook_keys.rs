//! The keys that sign an endpoint's requests, on the wire: shown, published, revoked (webhooks.md 5.11).

use std::ops::RangeInclusive;

use domain::{Result, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::reader::Fields;

/// Characters of a secret that is brought along.
pub(super) const SECRET_CHARS: RangeInclusive<usize> = 24..=128;
/// A number that no endpoint's secrets reach.
pub(super) const NUMBER_MAX: i64 = 1_000_000;

/// A secret that signs today, without the secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookKey {
    /// Counts the endpoint's secrets from 1; attempts name the one that signed first.
    #[schema(examples(1))]
    pub number: i64,
    /// current signs first; next waits for the switch; outgoing signs until it ends.
    #[schema(examples("current"))]
    pub standing: String,
    /// The public half of the Ed25519 key pair; null where the endpoint has ed25519 off.
    #[schema(required = true)]
    pub public_key: Option<String>,
    /// When it was made; UTC, to the millisecond.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it signs no more; null while no end is set.
    #[schema(required = true, format = DateTime)]
    pub expires_at: Option<String>,
}

/// The public keys of an endpoint, as a JSON Web Key Set (RFC 7517, RFC 8037).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookPublicKeys {
    /// Those that sign today, the current one first; four at most.
    pub keys: Vec<WebhookPublicKey>,
}

/// A public key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookPublicKey {
    /// The family of key types.
    #[schema(pattern = "^OKP$")]
    pub kty: String,
    /// The curve.
    #[schema(pattern = "^Ed25519$")]
    pub crv: String,
    /// The algorithm.
    #[schema(pattern = "^EdDSA$")]
    pub alg: String,
    /// It checks signatures.
    #[serde(rename = "use")]
    #[schema(pattern = "^sig$")]
    pub usage: String,
    /// The endpoint and the number of the key.
    #[schema(examples("whe_01kb3v7m2zq8e4x5n6p7r8s9ta.1"))]
    pub kid: String,
    /// The 32 bytes of the key in base64url.
    #[schema(examples("A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"))]
    pub x: String,
    /// The same key as Standard Webhooks writes it.
    #[schema(examples("whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="))]
    pub whpk: String,
}

impl WebhookPublicKey {
    /// `x` and `whpk` are two texts of the same key.
    pub fn new(endpoint_id: &str, number: i64, x: String, whpk: String) -> Self {
        Self {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            alg: "EdDSA".to_owned(),
            usage: "sig".to_owned(),
            kid: format!("{endpoint_id}.{number}"),
            x,
            whpk,
        }
    }
}

/// A new secret of an endpoint.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_new_secret takes")]
pub struct WebhookSecretRotate {
    /// A secret that the receiver already verifies with; absent, one is drawn.
    #[schema(min_length = 24, max_length = 128)]
    secret: Option<String>,
}

/// Reads a [`WebhookSecretRotate`].
pub fn read_new_secret(body: Value) -> Result<Option<String>> {
    let mut f = Fields::new(body)?;
    let secret = f.opt_text("secret", SECRET_CHARS);
    f.finish()?;
    Ok(secret)
}

/// How long the old secret signs on.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_switch takes")]
pub struct WebhookSecretSwitch {
    /// How long it still signs second, a week at most; 0 ends it at once. Default a day.
    #[schema(minimum = 0, maximum = 604_800, examples(3600))]
    grace_seconds: Option<i64>,
}

/// Reads a [`WebhookSecretSwitch`]; microseconds.
pub fn read_switch(body: Value) -> Result<Option<i64>> {
    let mut f = Fields::new(body)?;
    let grace = f.opt_integer("grace_seconds", 0..=domain::days(7) / domain::seconds(1));
    f.finish()?;
    Ok(grace.map(domain::seconds))
}

/// Which secret to end.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what RevokeSecret::read takes")]
pub struct WebhookSecretRevoke {
    /// The number of the key that ends; absent, all of them end and a new one is made.
    #[schema(minimum = 1, maximum = 1_000_000, examples(1))]
    key: Option<i64>,
    /// The secret in their place, where all end; absent, one is drawn.
    #[schema(min_length = 24, max_length = 128)]
    secret: Option<String>,
}

/// A read [`WebhookSecretRevoke`].
#[derive(Clone)]
pub enum RevokeSecret {
    One(i64),
    All { secret: Option<String> },
}

impl RevokeSecret {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let key = f.opt_integer("key", 1..=NUMBER_MAX);
        let secret = f.opt_text("secret", SECRET_CHARS);
        if key.is_some() && secret.is_some() {
            f.problem("secret", "invalid", "a new secret is taken where all end; leave key out");
        }
        f.finish()?;
        Ok(key.map_or(Self::All { secret }, Self::One))
    }
}

impl WebhookKey {
    /// `standing` is a word of the schema.
    pub fn new(
        number: i64,
        standing: &str,
        public_key: Option<String>,
        (created_at, expires_at): (Timestamp, Option<Timestamp>),
    ) -> Self {
        Self {
            number,
            standing: standing.to_owned(),
            public_key,
            created_at: created_at.to_string(),
            expires_at: expires_at.map(|at| at.to_string()),
        }
    }
}
