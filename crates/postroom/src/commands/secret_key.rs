//! `postroom secret-key`: which secret keys open this install, and how one takes another's place.

use std::path::PathBuf;
use std::sync::Arc;

use app::secrets::MasterKey;
use app::secrets::slots::{self, MasterId};
use clap::{Args, Subcommand};
use domain::Clock as _;
use serde_json::{Value, json};

use crate::config::{Config, secret};
use crate::system::{SystemClock, SystemIds};
use crate::{node, out};

const COLUMNS: &[&str] = &["id", "made_at", "is_configured"];
const EXAMPLES: &str =
    "To put a new key in the old one's place, without a moment in which nothing opens:
  postroom secret-key add --key-file /etc/postroom/new.key
  (set secrets.key_file to it, and restart every node)
  postroom secret-key list
  postroom secret-key remove 5f0c2a9be1d47386";

/// The secret keys that open this install: list, add, remove.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// Print JSON for scripts.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Every secret key that opens this install, by its id, which tells nothing about it.
    List,
    /// Let one more key open this install. The one in the configuration goes on doing so.
    Add(New),
    /// Let a key open this install no more. Backups from before still open with it.
    Remove {
        #[arg(value_parser = id)]
        id: MasterId,
    },
}

/// Where the new key is; one of the two.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct New {
    /// Take the key in this file; one is drawn and stored there when it is missing.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Take the key that this shell command prints, as `secrets.key_command` does.
    #[arg(long, value_name = "COMMAND")]
    key_command: Option<String>,
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let db = node::open_database(config).await?;
        match &self.verb {
            Verb::List => {
                // Whoever has lost the key asks which one it was.
                let own = config.secrets.has_key().then(|| config.secrets.master_key(&SystemIds));
                let own = own.and_then(Result::ok).map(|master| master.id());
                let shown = |o: &slots::Opener| shown(o, own);
                let rows: Vec<Value> = slots::list(&db).await?.iter().map(shown).collect();
                out::rows(self.json, COLUMNS, &rows);
            }
            Verb::Add(new) => {
                let (now, ids) = (SystemClock.now(), Arc::new(SystemIds));
                let master = node::master_key(config, &db).await?;
                let new = new.read()?;
                let id = new.id();
                // A database that nothing was stored in yet gets its data key here.
                slots::open(&db, Arc::<SystemIds>::clone(&ids), now, &master).await?;
                slots::add(&db, ids, now, master, new).await?;
                out::thing(self.json, &["id"], &json!({ "id": id.to_string() }));
                out::say(
                    "Set it under [secrets] and restart every node; then `postroom secret-key remove` the old one.",
                );
            }
            Verb::Remove { id } => {
                let master = node::master_key(config, &db).await?;
                slots::remove(&db, &master, *id).await?;
                out::say(format_args!("{id} does not open this database any more"));
            }
        }
        Ok(())
    }
}

impl New {
    fn read(&self) -> anyhow::Result<MasterKey> {
        match (&self.key_file, &self.key_command) {
            (Some(path), _) => secret::from_file(path, &SystemIds),
            (None, command) => secret::ask(command.as_deref().unwrap_or_default()),
        }
    }
}

fn shown(opener: &slots::Opener, own: Option<MasterId>) -> Value {
    json!({
        "id": opener.id.to_string(),
        "made_at": opener.made_at.to_string(),
        "is_configured": Some(opener.id) == own,
    })
}

fn id(text: &str) -> Result<MasterId, &'static str> {
    MasterId::parse(text).ok_or("an id is 16 hexadecimal characters; `secret-key list` shows them")
}
