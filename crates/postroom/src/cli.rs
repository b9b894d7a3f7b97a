//! The command line: what can be said, and the way from there to a command.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, LogFormat};
use crate::{commands, out};

/// A self-hosted backend for mailboxes of paper and of e-mail.
#[derive(Parser)]
#[command(name = "postroom", version, after_help = EXAMPLES)]
struct Cli {
    /// The configuration file; default is ./postroom.toml when it is there.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  postroom demo                 see the whole story on embedded storage
  postroom init                 make an operator, a location, a partner and keys
  postroom serve                run the server
  postroom doctor               is this install fit to run?
  postroom key create --preset crm_sync --expires 90d
  postroom endpoint create https://crm.example.com/hooks
  postroom audit verify

Data goes to standard output, talk to standard error; --json prints data for scripts.
Exit status: 0 done, 1 failed, 2 wrong input, 4 not allowed, 5 not found, 6 conflict, 7 too often,
10 and 11 what the doctor found.";

#[derive(Subcommand)]
enum Command {
    Demo(crate::demo::Command),
    /// Run the server: API, developer pages, deliveries.
    Serve,
    /// Make an operator, a location, a partner and its keys; shows the keys once.
    Init(commands::init::Init),
    Doctor(commands::doctor::Command),
    Partner(commands::partner::Command),
    Location(commands::location::Command),
    Mailbox(commands::mailbox::Command),
    Customer(commands::customer::Command),
    Compliance(commands::compliance::Command),
    Mail(commands::mail::Command),
    Intake(commands::intake::Command),
    Action(commands::action::Command),
    Usage(commands::usage::Command),
    Balance(commands::balance::Command),
    Key(commands::key::Command),
    Identity(commands::identity::Command),
    Message(commands::message::Command),
    Contact(commands::contact::Command),
    Org(commands::org::Command),
    Subscription(commands::subscription::Command),
    Endpoint(commands::endpoint::Command),
    Event(commands::event::Command),
    Deliveries(commands::deliveries::Command),
    Webhooks(commands::webhooks::Command),
    Audit(commands::audit::Command),
    SecretKey(commands::secret_key::Command),
    /// Print the OpenAPI document of the Partner API, or of the e-mail API.
    Openapi {
        #[arg(long)]
        email: bool,
    },
    /// Print the configuration's reference, or check the configuration that would be used.
    Config {
        /// Read the configuration and say whether it is valid.
        #[arg(long)]
        check: bool,
    },
}

/// Runs the command of this process; its exit status says whether it held.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(dispatch(cli)));
    outcome.unwrap_or_else(|error| {
        out::say(format_args!("error: {error:#}"));
        let Some(refusal) = error.downcast_ref::<domain::Error>() else { return ExitCode::FAILURE };
        if let domain::Error::Refused { fix, fields, .. } = refusal {
            for field in fields {
                out::say(format_args!("  {}: {}", field.param, field.message));
            }
            if let Some(fix) = fix {
                out::say(format_args!("  fix: {fix}"));
            }
        }
        exit_code(refusal.code())
    })
}

/// The exit status of a refusal, by the family of its HTTP status.
fn exit_code(code: domain::ErrorCode) -> ExitCode {
    ExitCode::from(match partner_api::status_of(code) {
        400 | 413 | 415 | 422 => 2,
        401 | 403 => 4,
        404 => 5,
        402 | 409 | 412 => 6,
        429 => 7,
        _ => 1,
    })
}

async fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let load = || Config::load(cli.config.as_deref(), std::env::vars());
    match &cli.command {
        Command::Openapi { email: false } => {
            out::line(format_args!("{:#}", partner_api::document()));
        }
        Command::Openapi { email: true } => {
            out::line(format_args!("{:#}", email_api::document()));
        }
        Command::Config { check: false } => out::line(crate::config::REFERENCE.trim_end()),
        Command::Config { check: true } => {
            load()?;
            out::say("the configuration is valid");
        }
        Command::Doctor(command) => return Ok(command.run(load()).await),
        Command::Demo(command) => command.run(with_log).await?,
        Command::Serve => commands::serve::run(&with_log(load()?)).await?,
        Command::Init(command) => command.run(&load()?).await?,
        Command::Partner(command) => command.run(&load()?).await?,
        Command::Location(command) => command.run(&load()?).await?,
        Command::Mailbox(command) => command.run(&load()?).await?,
        Command::Customer(command) => command.run(&load()?).await?,
        Command::Compliance(command) => command.run(&load()?).await?,
        Command::Mail(command) => command.run(&load()?).await?,
        Command::Intake(command) => command.run(&load()?).await?,
        Command::Action(command) => command.run(&load()?).await?,
        Command::Usage(command) => command.run(&load()?).await?,
        Command::Balance(command) => command.run(&load()?).await?,
        Command::Key(command) => command.run(&load()?).await?,
        Command::Identity(command) => command.run(&load()?).await?,
        Command::Message(command) => command.run(&load()?).await?,
        Command::Contact(command) => command.run(&load()?).await?,
        Command::Org(command) => command.run(&load()?).await?,
        Command::Subscription(command) => command.run(&load()?).await?,
        Command::Event(command) => command.run(&load()?).await?,
        Command::Deliveries(command) => command.run(&load()?).await?,
        Command::Endpoint(command) => command.run(&load()?).await?,
        Command::Webhooks(command) => command.run(load).await?,
        Command::Audit(command) => command.run(&load()?).await?,
        Command::SecretKey(command) => command.run(&load()?).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts logging as the configuration says; for commands that run long.
fn with_log(config: Config) -> Config {
    let filter = tracing_subscriber::EnvFilter::new(&config.log.level);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    // A second call in one process would fail and changes nothing.
    let _ = match config.log.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Auto if !terminal => builder.json().flatten_event(true).try_init(),
        LogFormat::Auto | LogFormat::Text => builder.with_ansi(terminal).try_init(),
    };
    config
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn no_command_says_one_thing_twice() {
        Cli::command().debug_assert();
    }
}
