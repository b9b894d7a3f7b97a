//! `postroom webhooks verify`: why a signature is not accepted.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use domain::endpoint::KeyMode;
use domain::{Clock as _, Timestamp};
use webhook::signature::Secret;
use webhook::verify::{Arrived, verify_any};

use crate::commands::parse::one_of;
use crate::out;
use crate::system::SystemClock;

/// Bytes of a body that is read: four times the largest payload.
const BODY_BYTES_MAX: u64 = 256 * 1024;

/// Check a signature as a receiver does, and say in words why it does not hold.
#[derive(Args)]
pub(super) struct Verify {
    /// The endpoint's secret, with its prefix; or its public key, whpk_…, for v1a,… signatures.
    #[arg(long, env = "POSTROOM_WEBHOOK_SECRET", hide_env_values = true)]
    secret: String,
    /// The value of the signature header: t=…,v1=… or v1,… v1a,… or sha256=…
    #[arg(long, value_name = "HEADER")]
    signature: String,
    /// The value of the webhook-id header, for v1,…; that of the request id header, for sha256=…
    #[arg(long)]
    id: Option<String>,
    /// The value of the webhook-timestamp header, for v1,…; of its own timestamp header, for sha256=…
    #[arg(long, value_name = "SECONDS")]
    timestamp: Option<String>,
    /// What of the secret is the key; default is what the scheme of the signature begins with.
    #[arg(long, value_name = "MODE", value_parser = one_of!(KeyMode))]
    key_mode: Option<KeyMode>,
    /// When it arrived, as RFC 3339; default is now.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The body exactly as it arrived; - is standard input.
    #[arg(default_value = "-")]
    body: PathBuf,
}

impl Verify {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let secret = Secret::parse(self.secret.trim())?;
        let at = match &self.at {
            Some(text) => Timestamp::parse(text)
                .with_context(|| format!("--at {text} is no time such as 2026-11-21T00:00:00Z"))?,
            None => SystemClock.now(),
        };
        let body = self.read()?;
        let arrived = Arrived {
            signature: Some(&self.signature),
            id: self.id.as_deref(),
            timestamp: self.timestamp.as_deref(),
            body: &body,
        };
        match verify_any(&secret, self.key_mode, &arrived, at) {
            Ok(()) => out::line("the signature holds"),
            Err(problem) => bail!("{problem}"),
        }
        Ok(())
    }

    fn read(&self) -> anyhow::Result<Vec<u8>> {
        let mut body = Vec::new();
        let limit = BODY_BYTES_MAX + 1;
        if self.body.as_os_str() == "-" {
            std::io::stdin().lock().take(limit).read_to_end(&mut body)?;
        } else {
            let file = std::fs::File::open(&self.body);
            let file = file.with_context(|| format!("reading {}", self.body.display()))?;
            file.take(limit).read_to_end(&mut body)?;
        }
        if body.len() as u64 > BODY_BYTES_MAX {
            bail!("the body has more than {BODY_BYTES_MAX} bytes; no webhook of ours is so large");
        }
        Ok(body)
    }
}
