//! `cargo xtask tidy`: the rules of the house that no compiler knows.
//!
//! Each rule is a function from text to problems, in a module of its own. This file finds the text. The
//! reasons for the rules are in STYLE.md and ARCHITECTURE.md.

mod error_codes;
mod imports;
mod migrations;
mod proofs;
mod text;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{out, run};

/// Folders that hold nothing of ours. Those whose name begins with a dot are left out too, save the
/// ones in [`OWN_DOT_FOLDERS`].
const FOREIGN_FOLDERS: [&str; 3] = ["target", "postroom-data", "vendor"];
const OWN_DOT_FOLDERS: [&str; 2] = [".cargo", ".ci"];

const MIGRATIONS: &str = "crates/storage/migrations";
const ERROR_CODES: &str = "crates/domain/src/error_code.rs";
const ERROR_PAGE: &str = "docs/errors.md";

/// Prints every breach of a rule as `path:line: what is wrong`, and fails if there was one.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    run::no_arguments(arguments)?;
    let mut problems = Vec::new();

    let metadata = run::output(&mut run::cargo(&["metadata", "--no-deps", "--format-version=1"]))?;
    let metadata = serde_json::from_str(&metadata).context("reading cargo's metadata")?;
    problems.extend(imports::check(&metadata));

    let mut shown = BTreeSet::new();
    for path in files(Path::new("."))? {
        let name = path.to_string_lossy();
        if text::reads(&name) {
            let text = read(&path)?;
            problems.extend(text::check(&name, &text));
            shown.extend(proofs::shown(&name, &text));
        }
    }
    problems.extend(proofs::check(&shown));
    let steps = files_if_present(Path::new(MIGRATIONS))?;
    problems.extend(migrations::check(steps.iter().filter_map(|path| path.to_str()).collect()));
    if Path::new(ERROR_PAGE).exists() {
        let (codes, page) = (read(Path::new(ERROR_CODES))?, read(Path::new(ERROR_PAGE))?);
        problems.extend(error_codes::check(&codes, ERROR_PAGE, &page));
    }

    for problem in &problems {
        out::line(problem);
    }
    if !problems.is_empty() {
        bail!("tidy found {} problems", problems.len());
    }
    Ok(())
}

/// Every file of ours below a folder, in a fixed order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("listing the folder {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let (name, path) = (entry.file_name(), entry.path());
            if !entry.file_type()?.is_dir() {
                found.push(path.strip_prefix(".").unwrap_or(&path).to_path_buf());
            } else if is_ours(&name.to_string_lossy()) {
                folders.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn files_if_present(folder: &Path) -> Result<Vec<PathBuf>> {
    if folder.exists() { files(folder) } else { Ok(Vec::new()) }
}

fn is_ours(folder: &str) -> bool {
    let hidden = folder.starts_with('.') && !OWN_DOT_FOLDERS.contains(&folder);
    !hidden && !FOREIGN_FOLDERS.contains(&folder)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}
