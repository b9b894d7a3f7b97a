//! A `postroom` process: started, listened to, killed.
//!
//! Its error output goes to a pipe that is read to the end, so that the process never waits for us
//! and outlives nobody.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use postroom::config::Config;
use serde_json::Value;
use storage::DatabaseUrl;

/// How long a process may take to listen. It takes a fraction of a second; a machine that is busy
/// with a build may take many.
const START_TIMEOUT: Duration = Duration::from_mins(1);
/// Lines of its talk that are shown when something is wrong.
const TALK_LINES_MAX: usize = 40;

/// One install: where its data is, whichever process works on it.
pub(crate) struct Install {
    environment: Vec<(String, String)>,
    folder: PathBuf,
}

impl Install {
    pub(crate) fn new(folder: &Path, database: &DatabaseUrl) -> Self {
        let url = match database {
            DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseUrl::Postgres(url) => url.clone(),
        };
        let at = |name: &str| folder.join(name).display().to_string();
        let settings = [
            ("SERVER_LISTEN", "127.0.0.1:0".to_owned()),
            ("DATABASE_URL", url),
            ("STORAGE_PATH", at("blobs")),
            ("SECRETS_KEY_FILE", at("secret.key")),
            ("WEBHOOKS_ALLOW_NETWORKS", "127.0.0.0/8".to_owned()),
            ("LOG_LEVEL", "warn".to_owned()),
        ];
        let environment =
            settings.into_iter().map(|(name, value)| (format!("POSTROOM_{name}"), value));
        Self { environment: environment.collect(), folder: folder.to_owned() }
    }

    /// The application itself, in this process; for what has no command.
    pub(crate) async fn open(&self) -> app::App {
        let config = Config::load(None, self.environment.clone().into_iter());
        postroom::node::open(&config.expect("a configuration")).await.expect("the data opens")
    }

    /// Runs a command to its end and reads what it prints as JSON.
    pub(crate) fn run<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Value {
        let done = self.command(words).output().expect("the binary starts");
        let talk = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{talk}");
        serde_json::from_slice(&done.stdout).expect("it prints JSON")
    }

    /// Starts `postroom serve`. Deliveries of this process say `name` in their `User-Agent`.
    pub(crate) fn serve(&self, name: &str) -> Server {
        // A file that is as large as it may be is an error to meet, and not the end of the process.
        let mut command = self.program("env");
        command.args(["--ignore-signal=XFSZ", env!("CARGO_BIN_EXE_postroom"), "serve"]);
        command.env("POSTROOM_WEBHOOKS_USER_AGENT", name);
        Server::start(&mut command)
    }

    fn command<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_postroom"));
        command.args(words);
        command
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        // A folder of our own, where no postroom.toml is, and no variable but ours.
        command.env_clear().envs(self.environment.clone()).current_dir(&self.folder);
        command.stdin(Stdio::null());
        command
    }
}

/// A running `postroom serve`; dropping it kills it.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    child: Child,
    talk: Talk,
}

type Talk = Arc<Mutex<VecDeque<String>>>;

impl Server {
    fn start(command: &mut Command) -> Self {
        let started = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = started.expect("the binary starts");
        let talk = Talk::default();
        let (told, addr) = mpsc::channel();
        let pipe = child.stderr.take().expect("it is piped");
        let kept = Arc::clone(&talk);
        std::thread::spawn(move || listen(pipe, &kept, &told));
        let Ok(addr) = addr.recv_timeout(START_TIMEOUT) else {
            // Nobody would wait for it otherwise, and it could go on for as long as the machine does.
            let _ = child.kill();
            panic!("postroom does not listen:\n{}", text(&talk));
        };
        Self { addr, child, talk }
    }

    /// Ends the process as a power cut would, save that the disk survives (`kill -9`).
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the process runs");
        self.child.wait().expect("the process can be waited for");
        self.complain();
    }

    /// Asks the process to stop (SIGTERM) and waits for its end.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.signal("-TERM");
        let status = self.child.wait().expect("the process can be waited for");
        self.complain();
        status
    }

    /// Stands the process still, with all its connections open.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on, as if no time had passed.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Lets no file of the process grow beyond so many bytes, or `unlimited`. Writes fail as they do on
    /// a disk that is full.
    pub(crate) fn limit_files(&self, bytes: &str) {
        let id = self.child.id().to_string();
        let limit = format!("--fsize={bytes}:unlimited");
        let set = Command::new("prlimit").args(["--pid", &id, &limit]).status();
        assert!(set.expect("`prlimit` is installed").success(), "the limit is set");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("`kill` is installed").success(), "the process is gone already");
    }

    /// Fails when the process has written of an error or a panic: it should have met none.
    fn complain(&self) {
        let talk = text(&self.talk);
        let bad = talk.lines().find(|l| l.contains(r#""level":"ERROR""#) || l.contains("panicked"));
        assert!(bad.is_none(), "postroom has had trouble:\n{talk}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is gone already, unless a check has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the last lines of postroom:\n{}", text(&self.talk));
        }
    }
}

/// Reads until the process ends; tells the address once.
fn listen(pipe: impl Read, talk: &Talk, told: &mpsc::Sender<SocketAddr>) {
    for line in BufReader::new(pipe).lines().map_while(Result::ok) {
        let addr = line.strip_prefix("Postroom listens on http://");
        if let Some(addr) = addr.and_then(|rest| rest.split(' ').next()?.parse().ok()) {
            let _ = told.send(addr);
        }
        let mut talk = talk.lock().expect("no panic");
        if talk.len() == TALK_LINES_MAX {
            talk.pop_front();
        }
        talk.push_back(line);
    }
}

fn text(talk: &Talk) -> String {
    talk.lock().expect("no panic").iter().fold(String::new(), |text, line| text + line + "\n")
}
