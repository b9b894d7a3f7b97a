//! `postroom key`: API keys of a partner, whose text is printed once and only to standard output.

use anyhow::bail;
use app::admin::keys::{self, CreatedKey, NewKey};
use clap::{Args, Subcommand};
use domain::Clock as _;
use domain::key::{self, ApiKey, Overlap, Preset, ScopeName};
use serde_json::{Value, json};

use super::parse::{self, one_of};
use super::who::{Sure, Tenant};
use crate::config::Config;
use crate::out;
use crate::system::SystemClock;

const COLUMNS: &[&str] =
    &["id", "mode", "name", "last4", "state", "expires_at", "last_used_at", "networks", "scopes"];
const EXAMPLES: &str = "Examples:
  postroom key create --name CRM --preset crm_sync --expires 90d
  KEY=$(postroom key create --name warehouse --scope mail:write --network 203.0.113.0/24)
  postroom key rotate key_01kb3v7m2zq8e4x5n6p7r8s9ta --overlap 24h
  postroom key list --json
  echo \"$KEY\" | postroom key verify -";

/// API keys: make, list, rotate, revoke, verify.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(flatten)]
    tenant: Tenant,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Every key of the partner, in both modes.
    List,
    /// Make a key; its text is shown this once.
    Create(Create),
    /// Make a successor; the old key ends after the overlap.
    Rotate {
        id: String,
        #[arg(long, value_parser = one_of!(Overlap), default_value = "24h")]
        overlap: Overlap,
    },
    /// End a key at once.
    Revoke {
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Say whether a key is well formed, without asking the database.
    Verify {
        /// The key; - reads it from standard input, so that no shell history keeps it.
        key: String,
    },
}

#[derive(Args)]
struct Create {
    #[arg(long, default_value = "key")]
    name: String,
    /// A set of scopes with a name; full is the default when no scope is given.
    #[arg(long, value_parser = one_of!(Preset))]
    preset: Option<Preset>,
    /// One scope; can be given several times, and adds to the preset.
    #[arg(long = "scope", value_parser = one_of!(ScopeName))]
    scopes: Vec<ScopeName>,
    /// When the key ends, from now, such as 90d; never unless it is given.
    #[arg(long, value_name = "SPAN", value_parser = parse::span)]
    expires: Option<i64>,
    /// A network from which it works; can be given several times. Default is everywhere.
    #[arg(long = "network", value_name = "CIDR")]
    networks: Vec<String>,
}

impl Create {
    fn new_key(&self) -> NewKey {
        let preset = match (self.preset, self.scopes.as_slice()) {
            (Some(preset), _) => preset.scopes(),
            (None, []) => Preset::Full.scopes(),
            (None, _) => &[],
        };
        NewKey {
            name: self.name.clone(),
            scopes: [preset, self.scopes.as_slice()].concat(),
            networks: self.networks.clone(),
            expires_at: self.expires.map(|span| SystemClock.now().plus(span)),
        }
    }
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let json = self.tenant.json();
        if let Verb::Verify { key } = &self.verb {
            return verify(json, key);
        }
        let ctx = self.tenant.open(config).await?;
        match &self.verb {
            Verb::Verify { .. } => {}
            Verb::List => {
                let all = ctx.app.query(&ctx, async |tx, ctx| keys::list(tx, ctx).await).await?;
                out::rows(json, COLUMNS, &all.iter().map(shown).collect::<Vec<_>>());
            }
            Verb::Create(create) => {
                let new = create.new_key();
                let work = async move |tx: &_, ctx: &_| keys::create(tx, ctx, &new).await;
                reveal(json, &ctx.app.act(&ctx, work).await?);
            }
            Verb::Rotate { id, overlap } => {
                let (id, overlap) = (id.clone(), *overlap);
                let work = async move |tx: &_, ctx: &_| keys::rotate(tx, ctx, &id, overlap).await;
                reveal(json, &ctx.app.act(&ctx, work).await?);
            }
            Verb::Revoke { id, sure } => {
                sure.ask(&format!("revoking {id}"))?;
                let id = id.clone();
                let work = async move |tx: &_, ctx: &_| keys::revoke(tx, ctx, &id).await;
                out::thing(json, COLUMNS, &shown(&ctx.app.act(&ctx, work).await?));
            }
        }
        Ok(())
    }
}

/// The text alone on standard output, what is known of it on standard error.
fn reveal(json: bool, made: &CreatedKey) {
    let mut value = shown(&made.key);
    if json {
        value["key"] = json!(made.text);
        out::line(value);
        return;
    }
    let scopes: Vec<&str> = made.key.scopes.iter().map(|s| s.as_str()).collect();
    out::say(format_args!("{} ({}) may {}", made.key.id, made.key.name, scopes.join(", ")));
    out::say("Keep the key: it is not shown again.");
    out::line(&made.text);
}

fn verify(json: bool, key: &str) -> anyhow::Result<()> {
    let text = match key {
        "-" => String::from_utf8_lossy(&parse::file("-".as_ref())?).trim().to_owned(),
        text => text.to_owned(),
    };
    let mode = key::livemode(&text).map(mode);
    if json {
        out::line(json!({"well_formed": mode.is_some(), "mode": mode}));
    }
    match mode {
        Some(_) if json => Ok(()),
        Some(mode) => {
            out::line(format_args!("well formed: a {mode} key whose checksum holds"));
            Ok(())
        }
        None => bail!("this is no API key, or some of it was lost: its shape or checksum is wrong"),
    }
}

const fn mode(livemode: bool) -> &'static str {
    if livemode { "live" } else { "test" }
}

fn shown(k: &ApiKey) -> Value {
    let now = SystemClock.now();
    let state = match (k.revoked_at, k.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(at)) if at <= now => "expired",
        (None, Some(_)) => "expiring",
        (None, None) => "active",
    };
    json!({
        "id": k.id.to_string(),
        "mode": mode(k.livemode),
        "name": k.name,
        "last4": k.last4,
        "state": state,
        "scopes": k.scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>(),
        "networks": k.networks,
        "expires_at": k.expires_at.map(|at| at.to_string()),
        "revoked_at": k.revoked_at.map(|at| at.to_string()),
        "last_used_at": k.last_used_at.map(|at| at.to_string()),
        "rotated_from": k.rotated_from.map(|id| id.to_string()),
        "created_at": k.created_at.to_string(),
    })
}
