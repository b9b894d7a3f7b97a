//! `cargo run --release -p email --example hostile [-- MIB [WORD]]`: what hostile mail costs to read.
//!
//! Each shape is made of as many MiB as asked (25), and of a quarter of that, and read in a process of its own.
//! The figures are processor time of a reading, and the peak of memory with the bytes that are read.
//! A WORD picks the shapes whose name holds it.

#![expect(clippy::print_stdout, reason = "a measurement speaks to the person who asked for it")]
#![expect(clippy::cast_precision_loss, reason = "what is counted here stays far below 2^52")]

mod shapes;

use std::fs;
use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use email::mbox::Splitter;
use email::{forward, vcard};
use shapes::{Reader, SHAPES, Shape};

/// Readings of each shape. The system counts processor time in steps of up to 4 ms, so a mean of fewer is coarse.
const READINGS: u32 = 6;
/// The word before the name of a shape that a process is to read alone.
const ALONE: &str = "--alone";
/// Bytes of an import that are handed over at once.
const CHUNK_BYTES: usize = 64 * 1_024;
const MIB: usize = 1_024 * 1_024;

/// What a reading cost.
struct Cost {
    millis: f64,
    peak_mib: f64,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let n_mib = words.first().and_then(|word| word.parse().ok()).unwrap_or(25_usize);
    match words.get(1).map(String::as_str) {
        Some(ALONE) => {
            let named = SHAPES.iter().filter(|shape| shape.name == words[2]);
            named.for_each(|shape| print_row(shape, n_mib * MIB));
        }
        wanted => {
            let passed_over = cost(&vec![b'x'; n_mib * MIB], pass_over);
            println!("passing over {n_mib} MiB once takes {:.1} ms", passed_over.millis);
            println!("{:<44} {:>7} {:>7} {:>6} {:>6}", "shape", "ms", "quarter", "ratio", "MiB");
            shown(wanted.unwrap_or_default()).for_each(|shape| start_alone(shape, n_mib));
        }
    }
}

fn shown(word: &str) -> impl Iterator<Item = &'static Shape> {
    SHAPES.iter().filter(move |shape| shape.name.contains(word))
}

fn start_alone(shape: &Shape, n_mib: usize) {
    let program = std::env::current_exe().expect("a running program has a file");
    let words = [&n_mib.to_string(), ALONE, shape.name];
    Command::new(program).args(words).status().expect("this program can be started again");
}

fn print_row(shape: &Shape, n_bytes: usize) {
    let (read, n_bytes): (fn(&[u8]), usize) = match shape.reader {
        Reader::Message => (read_message, n_bytes),
        Reader::Forward => (forward_message, n_bytes),
        Reader::Card => (read_cards, n_bytes.min(vcard::IMPORT_BYTES_MAX - 1_024)),
        Reader::Mbox => (read_mbox, n_bytes),
    };
    let quarter = cost(&(shape.make)(n_bytes / 4), read);
    let whole = cost(&(shape.make)(n_bytes), read);
    println!(
        "{:<44} {:>7.1} {:>7.1} {:>6.1} {:>6.0}",
        shape.name,
        whole.millis,
        quarter.millis,
        whole.millis / quarter.millis,
        whole.peak_mib
    );
}

fn read_message(raw: &[u8]) {
    black_box(email::parse(raw).ok());
}

fn forward_message(raw: &[u8]) {
    let Ok(parsed) = email::parse(raw) else { return };
    black_box((forward::inline(None, None, &parsed), forward::attachments(raw, &parsed)));
}

fn read_cards(raw: &[u8]) {
    black_box(vcard::read(raw).ok());
}

fn read_mbox(raw: &[u8]) {
    let mut splitter = Splitter::default();
    for chunk in raw.chunks(CHUNK_BYTES) {
        black_box(splitter.push(chunk));
    }
    black_box(splitter.finish());
}

fn pass_over(raw: &[u8]) {
    black_box(raw.iter().map(|byte| u64::from(*byte)).sum::<u64>());
}

fn cost(raw: &[u8], read: fn(&[u8])) -> Cost {
    // Linux forgets the peak when asked so; elsewhere no memory is shown.
    fs::write("/proc/self/clear_refs", "5").ok();
    let (start, ticks) = (Instant::now(), processor_millis());
    for _ in 0..READINGS {
        read(raw);
    }
    let wall = start.elapsed().as_secs_f64() * 1e3;
    let spent = processor_millis().zip(ticks).map_or(wall, |(end, start)| end - start);
    Cost { millis: spent / f64::from(READINGS), peak_mib: peak_mib() }
}

/// Processor time of this thread; `None` where the system does not tell.
fn processor_millis() -> Option<f64> {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos: u64 = told.split(' ').next()?.parse().ok()?;
    Some(nanos as f64 / 1e6)
}

fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().map_or(0.0, |kib| kib / 1_024.0)
}
