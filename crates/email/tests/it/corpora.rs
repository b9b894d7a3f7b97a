//! The test messages of other projects, read from where they are installed; nothing of them is kept here.
//!
//! A corpus that is not installed is skipped, and the test says so on its output.

use std::fs;
use std::path::{Path, PathBuf};

use email::{parse, part_bytes};

/// Files of a corpus that are read at most.
const FILES_MAX: usize = 5_000;
/// Folders inside one another that are searched.
const DEPTH_MAX: usize = 4;

/// The folders that match a pattern of path parts, where `*` stands for any part.
fn folders(root: &Path, pattern: &[&str]) -> Vec<PathBuf> {
    let mut found = vec![root.to_path_buf()];
    for part in pattern {
        found = found
            .iter()
            .flat_map(|folder| match part.split_once('*') {
                None => vec![folder.join(part)],
                Some((start, end)) => {
                    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
                    let matches = entries.filter(|entry| {
                        let name = entry.file_name().to_string_lossy().into_owned();
                        name.starts_with(start) && name.ends_with(end)
                    });
                    matches.map(|entry| entry.path()).collect()
                }
            })
            .filter(|path| path.is_dir())
            .collect();
    }
    found.sort();
    found
}

fn messages(folder: &Path, endings: &[&str], depth: usize, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && depth < DEPTH_MAX {
            messages(&path, endings, depth + 1, found);
        } else if found.len() < FILES_MAX
            && endings.iter().any(|ending| path.to_string_lossy().ends_with(ending))
        {
            found.push(path);
        }
    }
}

/// Reads every message of the first folder that is there, also with the line breaks of the wire.
fn read_corpus(name: &str, folders: &[PathBuf], endings: &[&str], at_least: usize) {
    let Some(folder) = folders.last() else {
        println!("skipped: the corpus {name} is not installed here");
        return;
    };
    let mut files = Vec::new();
    messages(folder, endings, 0, &mut files);
    let mut n_read = 0;
    for file in &files {
        let raw = fs::read(file).unwrap();
        let wire =
            String::from_utf8_lossy(&raw).replace("\r\n", "\n").replace('\n', "\r\n").into_bytes();
        for raw in [raw, wire] {
            let before = raw.clone();
            let Ok(parsed) = parse(&raw) else { continue };
            n_read += 1;
            assert_eq!(raw, before, "{}", file.display());
            for part in &parsed.parts {
                let bytes = part_bytes(&raw, part.index).unwrap();
                assert_eq!(bytes.len(), part.size, "{}", file.display());
            }
            let snippet = parsed.snippet.unwrap_or_default();
            assert!(snippet.chars().count() <= 200, "{}", file.display());
        }
    }
    println!("{name}: {} files, {n_read} readings", files.len());
    assert!(n_read >= at_least, "{name}: only {n_read} readings of {} files", files.len());
}

fn home() -> PathBuf {
    PathBuf::from(std::env::var_os("HOME").unwrap_or_default())
}

#[test]
fn the_corpus_of_cpython_is_read_without_a_panic() {
    let data = ["test", "test_email", "data"];
    let mut found = folders(Path::new("/usr/lib"), &[&["python3*"][..], &data].concat());
    let pyenv = ["lib", "python3*"];
    found.extend(folders(&home(), &[&[".pyenv", "versions", "*"][..], &pyenv, &data].concat()));
    read_corpus("CPython test_email", &found, &[".txt"], 60);
}

#[test]
fn the_corpus_of_the_parser_crate_is_read_without_a_panic() {
    let cargo = std::env::var_os("CARGO_HOME").map_or_else(|| home().join(".cargo"), PathBuf::from);
    let found =
        folders(&cargo, &["registry", "src", "*", "mail-parser-0.11.9", "resources", "eml"]);
    read_corpus("mail-parser", &found, &[".eml"], 200);
}
