//! The secret key, and whether it opens the data key.

use std::os::unix::fs::PermissionsExt as _;

use app::secrets::{DataKey, slots};
use storage::Db;

use super::Findings;
use crate::config::Config;
use crate::system::SystemIds;

/// Permission bits of the secret key that let others in.
const OTHERS: u32 = 0o077;

pub(super) fn check_secret(found: &mut Findings, config: &Config) {
    const CHECK: &str = "secret key";
    if !config.secrets.key.is_empty() || !config.secrets.key_command.is_empty() {
        return match config.secrets.master_key(&SystemIds) {
            Ok(_) => found.ok(CHECK, "taken from the configuration, the environment or a command"),
            Err(error) => found.fail(CHECK, format!("{error:#}"), "mend [secrets]"),
        };
    }
    let path = config.secrets.key_file.display();
    match std::fs::metadata(&config.secrets.key_file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            found.warn(CHECK, format!("{path} is missing"), "`postroom init` or `serve` makes it");
        }
        Err(error) => found.fail(CHECK, format!("{path}: {error}"), "let this user read it"),
        Ok(meta) if meta.permissions().mode() & OTHERS != 0 => {
            let mode = meta.permissions().mode() & 0o777;
            let fix = format!("chmod 600 {path}");
            found.fail(CHECK, format!("{path} has mode {mode:o}; others may read it"), &fix);
        }
        Ok(_) => {
            found.ok(CHECK, format!("{path}, mode 600; keep a copy where the backups are not"));
        }
    }
}

/// Opens the data key. Neither it nor the master key, which may be missing, is made here.
pub(super) async fn check_data_key(
    found: &mut Findings,
    config: &Config,
    db: &Db,
) -> Option<DataKey> {
    const CHECK: &str = "data key";
    const FIX: &str = "configure a secret key that opens it; backups of the key are the only way";
    let openers = match slots::names(db).await {
        Ok(Some(openers)) => openers,
        Ok(None) => {
            found.warn(CHECK, "none is there yet", "`postroom init` or `serve` makes it");
            return None;
        }
        Err(error) => {
            found.fail(CHECK, error.to_string(), "see the checks above");
            return None;
        }
    };
    if !config.secrets.has_key() {
        found.fail(CHECK, format!("opens with {openers}, and there is no secret key"), FIX);
        return None;
    }
    let opened = match config.secrets.master_key(&SystemIds) {
        Ok(master) => slots::find(db, &master).await.map_err(anyhow::Error::from),
        Err(error) => Err(error),
    };
    match opened {
        Ok(key) => {
            found.ok(CHECK, format!("opens with {openers}"));
            key
        }
        Err(error) => {
            found.fail(CHECK, format!("{error:#}"), FIX);
            None
        }
    }
}
