//! The master key: from the configuration, or from its file, which is made when it is missing.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use app::secrets::{KEY_BYTES, MasterKey};
use domain::Ids;

use super::Secrets;

impl Secrets {
    /// Reads the master key; makes and stores one when there is none yet.
    pub fn master_key(&self, ids: &dyn Ids) -> anyhow::Result<MasterKey> {
        if !self.key.is_empty() {
            return Ok(MasterKey::new(&parse(&self.key).context("reading secrets.key")?));
        }
        let path = &self.key_file;
        if !path.exists() {
            make(path, ids)?;
        }
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let key = parse(text.trim()).with_context(|| format!("reading {}", path.display()))?;
        Ok(MasterKey::new(&key))
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
