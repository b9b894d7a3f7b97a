//! `postroom webhooks verify`: why a signature is not accepted.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use domain::{Clock as _, Timestamp};
use webhook::signature::Secret;
use webhook::verify::verify;

use crate::out;
use crate::system::SystemClock;

/// Bytes of a body that is read: four times the largest payload.
const BODY_BYTES_MAX: u64 = 256 * 1024;

/// Check a signature as a receiver does, and say in words why it does not hold.
#[derive(Args)]
pub(super) struct Verify {
    /// The endpoint's secret, with its prefix.
    #[arg(long, env = "POSTROOM_WEBHOOK_SECRET", hide_env_values = true)]
    secret: String,
    /// The value of the signature header: t=…,v1=…
    #[arg(long, value_name = "HEADER")]
    signature: String,
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
        match verify(&secret, Some(&self.signature), &body, at) {
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
