//! The master key: from the configuration, from a command that asks a key management service for it, or from its
//! file, which is made when it is missing. It opens the data key; see `app::secrets`.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use app::secrets::{KEY_BYTES, MasterKey};
use domain::Ids;

use super::Secrets;

/// How long the command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
/// How often to look whether it has ended, once it says no more.
const COMMAND_NAP: Duration = Duration::from_millis(5);
/// Bytes that are read of what it says: a key, and a little more to see that it is none.
const COMMAND_BYTES_MAX: u64 = 1024;

impl Secrets {
    /// Whether there is a master key, or a way to it, without making one.
    pub fn has_key(&self) -> bool {
        !self.key.is_empty() || !self.key_command.is_empty() || self.key_file.exists()
    }

    /// Reads the master key; makes and stores one when there is none yet.
    pub fn master_key(&self, ids: &dyn Ids) -> anyhow::Result<MasterKey> {
        if !self.key.is_empty() && !self.key_command.is_empty() {
            bail!("secrets.key and secrets.key_command are both set; take one of them away");
        }
        if !self.key.is_empty() {
            return Ok(MasterKey::new(&parse(&self.key).context("reading secrets.key")?));
        }
        if !self.key_command.is_empty() {
            return ask(&self.key_command).context("running secrets.key_command");
        }
        from_file(&self.key_file, ids)
    }
}

/// The key in a file, which is made when it is missing.
pub fn from_file(path: &Path, ids: &dyn Ids) -> anyhow::Result<MasterKey> {
    if !path.exists() {
        make(path, ids)?;
    }
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let key = parse(text.trim()).with_context(|| format!("reading {}", path.display()))?;
    Ok(MasterKey::new(&key))
}

/// The key that a command says on standard output.
pub fn ask(command: &str) -> anyhow::Result<MasterKey> {
    Ok(MasterKey::new(&parse(heard(command)?.trim())?))
}

/// What a command says on standard output.
fn heard(command: &str) -> anyhow::Result<String> {
    let deadline = Instant::now() + COMMAND_TIMEOUT;
    let mut shell = Command::new("sh");
    let mut child =
        shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let out = child.stdout.take().context("it has no standard output")?;
    let (said, hears) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = out.take(COMMAND_BYTES_MAX).read_to_string(&mut text);
        // Nobody listens any more when it took too long.
        let _ = said.send(read.map(|_| text));
    });
    let answer = hears.recv_timeout(COMMAND_TIMEOUT);
    let status = ended(&mut child, if answer.is_ok() { deadline } else { Instant::now() })?;
    if !status.success() {
        bail!("it ended with {status}");
    }
    Ok(answer.context("its standard output stayed open")??)
}

/// How a command ended, which is killed at its deadline.
fn ended(child: &mut Child, deadline: Instant) -> anyhow::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            bail!("it took longer than {} seconds", COMMAND_TIMEOUT.as_secs());
        }
        thread::sleep(COMMAND_NAP);
    }
}

fn make(path: &Path, ids: &dyn Ids) -> anyhow::Result<()> {
    let mut key = [0; KEY_BYTES];
    ids.fill(&mut key);
    let text: String = key.iter().map(|b| format!("{b:02x}")).collect();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = opened.with_context(|| format!("making {}", path.display()))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("writing {}", path.display()))
}

fn parse(text: &str) -> anyhow::Result<[u8; KEY_BYTES]> {
    if text.len() != 2 * KEY_BYTES || !text.is_ascii() {
        bail!("the secret key must be {} hexadecimal characters", 2 * KEY_BYTES);
    }
    let mut key = [0; KEY_BYTES];
    for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).context("the secret key must be hexadecimal")?;
        *byte = u8::from_str_radix(pair, 16).context("the secret key must be hexadecimal")?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemIds;

    fn read(key: &str, key_command: &str) -> anyhow::Result<MasterKey> {
        let (key, key_command) = (key.to_owned(), key_command.to_owned());
        let secrets = Secrets { key, key_command, key_file: "no/such/file".into() };
        assert!(secrets.has_key());
        secrets.master_key(&SystemIds)
    }

    #[test]
    fn a_command_tells_the_key_and_what_else_it_does_is_an_error_without_its_words() {
        let key = "07".repeat(KEY_BYTES);
        let same = read(&key, "").unwrap().id();
        assert_eq!(read("", &format!("echo {key}")).unwrap().id(), same);
        for (command, why) in [
            ("false", "ended with exit status: 1"),
            ("echo s3cret", "must be 64 hexadecimal characters"),
            ("yes s3cret", "ended with "),
            ("no-such-program-at-all 2>/dev/null", "ended with exit status: 127"),
        ] {
            let error = format!("{:#}", read("", command).unwrap_err());
            assert!(error.starts_with("running secrets.key_command: "), "{error}");
            assert!(error.contains(why) && !error.contains("s3cret"), "{command}: {error}");
        }
        assert!(read(&key, "true").unwrap_err().to_string().contains("both set"));
    }
}
