//! A throwaway PostgreSQL: found on this machine, started in a temporary folder, gone afterwards.
//!
//! It has nothing to do with a cluster that the system runs: its own folder, its own free port on
//! the loopback address, its own rules (everybody on this machine may enter). What runs against it
//! is the business of [`crate::suite`] and of `cargo xtask pg`.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, anyhow};

use crate::run;

/// Tells the tests and the benchmarks which PostgreSQL to use. Unset means SQLite files.
pub(crate) const DATABASE_VARIABLE: &str = "POSTROOM_TEST_DATABASE";

/// Why PostgreSQL was left out, and what to do about it.
pub(crate) const NO_SERVER: &str =
    "no server of version 15 or later is installed here (on Debian: apt-get install postgresql)";

/// The oldest version that Postroom supports.
const MAJOR_MIN: u32 = 15;

/// The server refuses to run as root; Debian's package brings this user for it.
const SERVER_USER: &str = "postgres";

/// How long `pg_ctl` waits for the server to answer, in seconds. It takes less than one; a machine
/// busy with a build may take ten.
const START_SECONDS_MAX: &str = "60";

/// Synchronous as in production, because tests promise durability; connections for many tests at once.
const SETTINGS: &str = "-c fsync=on -c shared_buffers=256MB -c max_connections=300";

/// Waits until we are gone, however we went, and cleans up. `$1` is `pg_ctl`, `$2` our folder.
const CARETAKER: &str = r#"read -r _; "$1" stop -D "$2/data" -m immediate -s; rm -rf "$2""#;

/// `cargo xtask pg -- COMMAND`: runs a command beside a throwaway cluster.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let words = match arguments.split_first() {
        Some((dashes, words)) if dashes == "--" => words,
        _ => arguments,
    };
    let (program, rest) =
        words.split_first().context("name a command: cargo xtask pg -- COMMAND [ARGUMENTS]")?;
    let cluster = Server::find().context(NO_SERVER)?.start()?;
    run::succeed(Command::new(program).args(rest).env(DATABASE_VARIABLE, cluster.url()))
}

/// An installed PostgreSQL server, recent enough to serve.
pub(crate) struct Server {
    bin: PathBuf,
    version: String,
}

impl Server {
    /// Finds the newest server in Debian's folders and on the path.
    pub(crate) fn find() -> Option<Self> {
        let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
        let path = std::env::var_os("PATH").unwrap_or_default();
        // A link on the path leads to the folder that holds the whole server.
        folders.extend(
            std::env::split_paths(&path)
                .filter_map(|folder| folder.join("initdb").canonicalize().ok())
                .filter_map(|initdb| initdb.parent().map(Path::to_path_buf)),
        );
        let servers = folders.into_iter().filter_map(|bin| {
            let text = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
            let version = version(&String::from_utf8_lossy(&text.stdout))?;
            Some((major(&version)?, Self { bin, version }))
        });
        let recent = servers.filter(|(major, _)| *major >= MAJOR_MIN);
        recent.max_by_key(|(major, _)| *major).map(|(_, server)| server)
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Makes a cluster and starts it. It lives until the answer is dropped, or until this program
    /// ends in any other way.
    pub(crate) fn start(&self) -> Result<Cluster> {
        // Not below the folder for temporary files of the caller: a socket's path has at most 107
        // bytes, and that folder may be closed to the server's user.
        let folder = run::output(as_server_user("mktemp").args(["-d", "/tmp/postroom-pg.XXXXXX"]))
            .context("making a folder for PostgreSQL")?;
        let folder = folder.trim_end();
        let port = free_port()?;
        let cluster = Cluster {
            url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            caretaker: self.employ_caretaker(folder)?,
        };
        self.initialise(folder)?;
        self.launch(folder, port)?;
        Ok(cluster)
    }

    /// Starts the process that cleans up: it reads from us, and nothing but our end closes that pipe.
    /// A process group of its own keeps the Ctrl-C that ends us away from it.
    fn employ_caretaker(&self, folder: &str) -> Result<Child> {
        as_server_user("sh")
            .args(["-c", CARETAKER, "sh"])
            .arg(self.bin.join("pg_ctl"))
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("starting the process that stops PostgreSQL")
    }

    fn initialise(&self, folder: &str) -> Result<()> {
        let mut initdb = as_server_user(self.bin.join("initdb"));
        initdb.args(["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"]);
        // Text sorts by its bytes, as it does on SQLite.
        initdb.args(["--locale=C", "--pgdata"]).arg(format!("{folder}/data"));
        run::output(&mut initdb).map(drop)
    }

    fn launch(&self, folder: &str, port: u16) -> Result<()> {
        let place = format!("-c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}");
        let options = format!("{place} -c port={port} {SETTINGS}");
        let log = format!("{folder}/log");
        let mut pg_ctl = as_server_user(self.bin.join("pg_ctl"));
        pg_ctl.args(["start", "-s", "-w", "-t", START_SECONDS_MAX, "-l", &log]);
        pg_ctl.args(["-D", &format!("{folder}/data"), "-o", &options]);
        run::output(&mut pg_ctl).map(drop).map_err(|error| {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            anyhow!("PostgreSQL does not start: {error:#}\n{log}")
        })
    }
}

/// A running cluster. Dropping it stops the server and removes its folder.
pub(crate) struct Cluster {
    url: String,
    caretaker: Child,
}

impl Cluster {
    /// The address of its database `postgres`, for a superuser without a password.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.caretaker.stdin.take());
        // Nothing is left to be done about a caretaker that failed; its folder stays in sight.
        self.caretaker.wait().ok();
    }
}

/// A command that runs as us, or as the server's user where we are root.
fn as_server_user(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let user = Command::new("id").arg("-u").output();
    let is_root = user.is_ok_and(|answer| answer.stdout.trim_ascii() == b"0");
    let mut command = if is_root {
        let mut command = Command::new("runuser");
        command.args(["-u", SERVER_USER, "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    // Our own folder may be closed to the server's user.
    command.current_dir("/").env("LC_ALL", "C");
    command
}

/// A port that nobody listens on. It is free again on return, so that the server can take it.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("looking for a free port")?;
    Ok(listener.local_addr()?.port())
}

/// The version in what `postgres --version` prints.
fn version(text: &str) -> Option<String> {
    text.strip_prefix("postgres (PostgreSQL) ")?.split_whitespace().next().map(String::from)
}

fn major(version: &str) -> Option<u32> {
    version.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{major, version};

    #[test]
    fn the_major_version_is_read_from_releases_and_from_betas() {
        let read = |text| version(text).as_deref().and_then(major);
        assert_eq!(read("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(read("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(read("something else 15.18\n"), None);
    }
}
