//! Our samples of odd messages, and the test messages of other projects where those are installed.
//!
//! Nothing of other projects is kept here. A corpus that is not installed is skipped, and the test says so on
//! its output.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::promises;

/// Files of a corpus that are read at most.
const FILES_MAX: usize = 5_000;
/// Folders inside one another that are searched.
const DEPTH_MAX: usize = 4;
/// Interpreters that are asked at most.
const PYTHONS_MAX: usize = 20;

/// The samples with an ending, in a fixed order.
pub(crate) fn samples(ending: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut found = Vec::new();
    files(&folder, ending, 0, &mut found);
    found.sort();
    assert!(!found.is_empty(), "there are samples");
    found
}

fn files(folder: &Path, ending: &str, depth: usize, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && depth < DEPTH_MAX {
            files(&path, ending, depth + 1, found);
        } else if found.len() < FILES_MAX && path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

/// The same text with the line breaks of the wire.
pub(crate) fn wire(raw: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(raw.len() + raw.len() / 16);
    for line in raw.split_inclusive(|&byte| byte == b'\n') {
        match line {
            [start @ .., b'\r', b'\n'] | [start @ .., b'\n'] => {
                wire.extend_from_slice(start);
                wire.extend_from_slice(b"\r\n");
            }
            last => wire.extend_from_slice(last),
        }
    }
    wire
}

/// Holds every file to the promises, with its own line breaks and with those of the wire. Says how many are
/// messages. The time is printed and not judged, because other work on the machine would fail the test.
fn read_all(name: &str, files: &[PathBuf]) -> usize {
    let (mut n_read, mut slowest) = (0, Duration::ZERO);
    for file in files {
        let raw = fs::read(file).unwrap();
        for raw in [wire(&raw), raw] {
            let start = Instant::now();
            let is_message = std::panic::catch_unwind(|| promises::of_message(&raw));
            n_read += usize::from(is_message.unwrap_or_else(|_| panic!("{}", file.display())));
            slowest = slowest.max(start.elapsed());
        }
    }
    println!("{name}: {} files, {n_read} readings, slowest {slowest:?}", files.len());
    n_read
}

fn read_corpus(name: &str, folders: &BTreeSet<PathBuf>, ending: &str, at_least: usize) {
    if folders.is_empty() {
        println!("skipped: the corpus {name} is not installed here");
    }
    for folder in folders {
        let mut found = Vec::new();
        files(folder, ending, 0, &mut found);
        let n_read = read_all(&format!("{name} in {}", folder.display()), &found);
        assert!(n_read >= at_least, "{name}: only {n_read} readings of {} files", found.len());
    }
}

#[test]
fn the_samples_keep_the_promises() {
    let messages = samples(".eml");
    assert_eq!(read_all("samples", &messages), 2 * messages.len());
    for file in samples(".txt") {
        for line in fs::read_to_string(file).unwrap().lines() {
            promises::of_addresses(line.as_bytes());
        }
    }
    for file in samples(".vcf") {
        let raw = fs::read(file).unwrap();
        promises::of_cards(&raw);
        promises::of_cards(&wire(&raw));
    }
}

#[test]
fn the_corpora_of_cpython_keep_the_promises() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let programs = std::env::split_paths(&path).flat_map(|folder| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let named = entries.filter(|entry| is_python(&entry.file_name().to_string_lossy()));
        named.map(|entry| entry.path())
    });
    // Each is asked for its own; many have none, because distributions leave the tests out.
    let script =
        "import os, test.test_email as t; print(os.path.join(os.path.dirname(t.__file__), 'data'))";
    let folders = programs.take(PYTHONS_MAX).filter_map(|program| {
        let told = Command::new(program).args(["-c", script]).output().ok()?;
        let folder = PathBuf::from(String::from_utf8(told.stdout).ok()?.trim());
        folder.is_dir().then_some(folder)
    });
    read_corpus("CPython test_email", &folders.collect(), ".txt", 60);
}

/// `python3` and `python3.11`, not `python3-config`.
fn is_python(name: &str) -> bool {
    let version = name.strip_prefix("python3");
    version.is_some_and(|rest| rest.chars().all(|c| c == '.' || c.is_ascii_digit()))
}

#[test]
fn the_corpus_of_the_parser_crate_keeps_the_promises() {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cargo");
    let cargo = std::env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from);
    let registries = fs::read_dir(cargo.join("registry/src")).into_iter().flatten().flatten();
    let crates = registries
        .flat_map(|registry| fs::read_dir(registry.path()).into_iter().flatten().flatten());
    let parser =
        crates.filter(|entry| entry.file_name().to_string_lossy().starts_with("mail-parser-"));
    let folders =
        parser.map(|entry| entry.path().join("resources/eml")).filter(|path| path.is_dir());
    read_corpus("mail-parser", &folders.collect(), ".eml", 200);
}
