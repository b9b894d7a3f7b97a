//! `postroom demo`: a whole Postroom on embedded storage that walks the seed's story against itself.
//!
//! Nothing leaves this machine: the partner's receiver listens on loopback, and so does the server. The
//! story is in [`steps`]; here is what stands around it.

mod client;
mod email;
mod proof;
mod receiver;
mod stage;
mod steps;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use app::{OpCtx, operator_ctx};
use clap::{Args, FromArgMatches as _};
use tempfile::TempDir;

use self::client::Crm;
use self::email::EmailWalk;
use self::receiver::Receiver;
use self::stage::Stage;
use self::steps::Walk;
use crate::commands::{init::Init, serve};
use crate::config::Config;
use crate::node::{self, Node};
use crate::out;

/// Where the demo listens when nobody else does.
const PORT: u16 = 8080;

const EXAMPLES: &str = "Examples:
  postroom demo                     walk, then keep serving until Ctrl-C
  postroom demo --email             the e-mail half: an agent receives, answers and forwards
  postroom demo --once              walk, then end; exit status 0 only if all of it held
  postroom demo --keep ./demo       keep everything in a folder, to look at it later";

/// See the whole story: invite, form, notary, approval, package, scan, pickup, usage.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// Walk the story of the e-mail half.
    #[arg(long)]
    email: bool,
    /// End after the walk; the exit status says whether all of it held.
    #[arg(long)]
    once: bool,
    /// Keep database, photos and configuration in this folder; it must not hold a demo yet.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// The port to listen on; default is 8080, or any free one when that is taken.
    #[arg(long)]
    port: Option<u16>,
}

/// Where the demo's files are. A temporary folder goes when the demo ends.
struct Folder {
    path: PathBuf,
    _temporary: Option<TempDir>,
}

impl Command {
    pub async fn run(&self, with_log: impl FnOnce(Config) -> Config) -> anyhow::Result<()> {
        let folder = self.folder()?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port()?));
        let config = with_log(configure(&folder.path, listen)?);
        let metrics = node::metrics()?;
        let app = node::open(&config).await?;
        let made = usual_init()?.make(&app).await?;
        let node = Node::start(&config, app.clone(), metrics).await?;
        if self.email {
            let ctx = operator_ctx(&app, &made.partner, true, "demo").await?;
            return self.walk_email(node, ctx).await;
        }
        let mut walk = Walk {
            ctx: operator_ctx(&app, &made.partner, true, "demo").await?,
            crm: Crm { host: node.addr.to_string(), key: made.live_key },
            receiver: Receiver::start(&config.webhooks.header_prefix).await?,
            stage: Stage::new(),
            folder: folder.path.clone(),
            heard: Vec::new(),
        };
        let outcome = tokio::select! {
            outcome = walk.run() => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("the demo was stopped")),
        };
        if self.once || outcome.is_err() {
            node.stop().await;
            return outcome;
        }
        invite_to_try(&walk, &made.test_key);
        let listening = tokio::spawn(async move {
            while let Some(arrival) = walk.receiver.wait().await {
                walk.stage.heard(&arrival);
            }
        });
        let served = serve::until_asked(node).await;
        listening.abort();
        served
    }

    async fn walk_email(&self, node: Node, ctx: OpCtx) -> anyhow::Result<()> {
        let mut walk = EmailWalk { ctx, host: node.addr.to_string(), stage: Stage::new() };
        let outcome = tokio::select! {
            outcome = walk.run() => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("the demo was stopped")),
        };
        let key = match outcome {
            Ok(key) if !self.once => key,
            outcome => {
                node.stop().await;
                return outcome.map(drop);
            }
        };
        out::line(format_args!(
            "\nIt goes on serving; Ctrl-C ends it.
  E-mail API  http://{0}/api/v1
  OpenAPI     http://{0}/api/openapi-email.json
  key         {key}

Try next:
  curl http://{0}/api/v1/identities/ -H 'X-API-Key: {key}'
  INKBOX_API_KEY={key} INKBOX_BASE_URL=http://{0} python3 your_agent.py",
            walk.host
        ));
        serve::until_asked(node).await
    }

    fn folder(&self) -> anyhow::Result<Folder> {
        let Some(path) = &self.keep else {
            let temporary = tempfile::Builder::new().prefix("postroom-demo-").tempdir();
            let temporary = temporary.context("making a temporary folder")?;
            return Ok(Folder { path: temporary.path().to_owned(), _temporary: Some(temporary) });
        };
        std::fs::create_dir_all(path).with_context(|| format!("making {}", path.display()))?;
        let path = path.canonicalize().with_context(|| format!("finding {}", path.display()))?;
        let config = path.join("postroom.toml");
        if config.exists() {
            let config = config.display();
            bail!("there is a demo already; `postroom --config {config} serve` starts it again");
        }
        Ok(Folder { path, _temporary: None })
    }

    /// The port that was asked for, the usual one, or any that is free.
    fn port(&self) -> anyhow::Result<u16> {
        if let Some(port) = self.port {
            return Ok(port);
        }
        let at = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = at(PORT).or_else(|_| at(0)).context("looking for a free port")?;
        Ok(listener.local_addr()?.port())
    }
}

/// Writes the demo's configuration and reads it back, so that commands given it act on the demo.
fn configure(folder: &Path, listen: SocketAddr) -> anyhow::Result<Config> {
    let at = |name: &str| toml::Value::String(folder.join(name).display().to_string());
    let database = format!("sqlite:{}", folder.join("postroom.sqlite").display());
    let text = format!(
        "# Made by `postroom demo`.\n\
         [server]\nlisten = \"{listen}\"\npublic_url = \"http://{listen}\"\n\n\
         [database]\nurl = {}\n\n[storage]\npath = {}\n\n[secrets]\nkey_file = {}\n\n\
         [webhooks]\n# The demo's own receiver is on this machine.\nallow_networks = [\"127.0.0.0/8\"]\n\n\
         [log]\nlevel = \"warn\"\n",
        toml::Value::String(database),
        at("blobs"),
        at("secret.key"),
    );
    let path = folder.join("postroom.toml");
    std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    Config::load(Some(&path), std::iter::empty())
}

/// What `postroom init` makes when it is told nothing.
fn usual_init() -> anyhow::Result<Init> {
    let command = Init::augment_args(clap::Command::new("init"));
    Ok(Init::from_arg_matches(&command.try_get_matches_from(["init"])?)?)
}

fn invite_to_try(walk: &Walk, test_key: &str) {
    let (host, key) = (&walk.crm.host, &walk.crm.key);
    let config = walk.folder.join("postroom.toml");
    out::line(format_args!(
        "\nIt goes on serving; Ctrl-C ends it.
  API         http://{host}/api/v1
  OpenAPI     http://{host}/api/openapi.json
  developers  http://{host}/developers
  live key    {key}
  test key    {test_key}

Try next:
  curl http://{host}/api/v1/customers -H 'Authorization: Bearer {key}'
  curl http://{host}/api/v1/webhook-deliveries -H 'Authorization: Bearer {key}'
  postroom --config {} audit list",
        config.display()
    ));
}
