//! Mutated samples, held to the promises: a few with each run of the tests, and as many as fit into a time with
//! `cargo xtask fuzz`, which sets the variables `POSTROOM_FUZZ_…`.
//!
//! An input follows from a number. It stands in a file while it is at work, so that it is there also when the
//! process dies of it.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write as _};
use std::panic::{catch_unwind, resume_unwind};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::corpora::{samples, wire};
use crate::mutate::Seeds;
use crate::promises;

/// Inputs of a target in a run that has no time.
const INPUTS_DEFAULT: u64 = 60;
const SEED_DEFAULT: u64 = 1;
/// What an input may take in a run that has a time, which is an optimised one. Most take less than one.
const INPUT_MS_MAX: u128 = 50;
/// Readings of an input that was slow: the machine may have been busy with something else.
const SLOW_READINGS: usize = 5;
/// How long a run that has a time may go on after it, before an input is held to be one that never ends.
const GRACE: Duration = Duration::from_secs(30);

/// What is read, and what must hold then.
struct Target {
    name: &'static str,
    seeds: Seeds,
    hold: fn(&[u8]),
}

fn targets() -> [Target; 3] {
    let seeds = |samples: Vec<Vec<u8>>, words: &'static str| Seeds {
        samples,
        words: words.split('|').collect(),
    };
    let lists = whole(".txt").concat();
    let lists = lists.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    let of_message = |raw: &[u8]| {
        // Most inputs are no message any more.
        let _is_message = promises::of_message(raw);
    };
    [
        Target { name: "messages", seeds: seeds(whole(".eml"), MESSAGE_WORDS), hold: of_message },
        Target {
            name: "addresses",
            seeds: seeds(lists, ADDRESS_WORDS),
            hold: promises::of_addresses,
        },
        Target { name: "cards", seeds: seeds(whole(".vcf"), CARD_WORDS), hold: promises::of_cards },
    ]
}

/// The samples with an ending, with their own line breaks and with those of the wire.
fn whole(ending: &str) -> Vec<Vec<u8>> {
    let read = samples(ending).into_iter().map(|file| fs::read(file).unwrap());
    read.flat_map(|raw| [wire(&raw), raw]).collect()
}

#[test]
fn mutated_samples_keep_the_promises() {
    let targets = targets();
    if let Some(file) = std::env::var_os("POSTROOM_FUZZ_INPUT") {
        let input = fs::read(file).unwrap();
        for target in &targets {
            println!("{}: {:?}", target.name, target.timed(&input));
        }
        return;
    }
    let n_targets = u32::try_from(targets.len()).unwrap();
    let time = number("POSTROOM_FUZZ_SECONDS").map(|all| Duration::from_secs(all) / n_targets);
    let seed = number("POSTROOM_FUZZ_SEED").unwrap_or(SEED_DEFAULT);
    if let Some(time) = time {
        thread::spawn(move || end_after(time * n_targets + GRACE));
    }
    for target in &targets {
        target.run(seed, time);
    }
}

/// Ends the process when it is still there then. Its input is in its file.
fn end_after(time: Duration) {
    thread::sleep(time);
    println!("an input does not end");
    std::process::abort();
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

impl Target {
    fn run(&self, first: u64, time: Option<Duration>) {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}", self.name));
        let mut file = File::create(&path).unwrap();
        let start = Instant::now();
        let mut n_inputs = 0;
        while time.map_or(n_inputs < INPUTS_DEFAULT, |time| start.elapsed() < time) {
            let seed = first.wrapping_add(n_inputs);
            let input = self.seeds.input(seed);
            keep(&mut file, &input);
            let took = catch_unwind(|| self.timed(&input)).unwrap_or_else(|problem| {
                println!("{}: the input of seed {seed} is {}", self.name, path.display());
                resume_unwind(problem)
            });
            let is_slow = || took.as_millis() > INPUT_MS_MAX && self.is_always_slow(&input);
            assert!(time.is_none() || !is_slow(), "seed {seed} takes too long: {}", path.display());
            n_inputs += 1;
        }
        println!("{}: {n_inputs} inputs from seed {first}", self.name);
    }

    fn timed(&self, input: &[u8]) -> Duration {
        let start = Instant::now();
        (self.hold)(input);
        start.elapsed()
    }

    fn is_always_slow(&self, input: &[u8]) -> bool {
        (0..SLOW_READINGS).all(|_| self.timed(input).as_millis() > INPUT_MS_MAX)
    }
}

/// The file stays open and is never emptied, because a file that is written anew goes to the disk at once.
fn keep(file: &mut File, input: &[u8]) {
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(input).unwrap();
    file.set_len(input.len() as u64).unwrap();
}

/// Words of each grammar, with a bar between them.
const MESSAGE_WORDS: &str = "\
    From: |To: |Cc: |Reply-To: |Subject: |Date: |Message-ID: |References: |In-Reply-To: |Content-Type: |\
    Content-Disposition: |Content-Transfer-Encoding: |Content-ID: |\
    Content-Type: multipart/mixed; boundary=b|Content-Type: multipart/alternative; boundary=\"a\"|\
    Content-Type: multipart/related; boundary=b|Content-Type: message/rfc822|Content-Type: text/html|\
    Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes|Content-Transfer-Encoding: base64|\
    Content-Transfer-Encoding: quoted-printable|Content-Disposition: attachment; filename=|--b|--b--|\
    --a|--a--|\r\n|\r\n\r\n|\r|=\r\n|=3D|=?utf-8?q?=C3|=?iso-2022-jp?b?GyRC|?=|=?|<a@b.example>|<x@y>|\
    ; filename*0*=utf-8''%C3|; filename*1=b|; charset=utf-16le|; charset=utf-7|; charset=gb18030|\
    cid:logo@a|<div style=display:none>|<a href=\"http://a\">|</a>|<blockquote>|<pre>|<!--|-->|<script>|\
    &#0;|&amp|> |>|-- |On 1 Jul 2026 at 9:30, Ann <ann@a.example> wrote:|-----Original Message-----|\
    ________|Sent: 1|Fwd: |Re: |[x] |\u{200b}|\u{202e}|\u{feff}|\u{2028}|\u{85}|\0|\u{1b}|é|🦀|İ|请";

const ADDRESS_WORDS: &str = "\
    <|>|\"|(|)|\\|,|;|:|@|.| |\r\n |a@b.example|<a@b.example>|Team:|=?utf-8?q?|=?utf-8?b?w4k=?=|?=|\
    \"a b\"@c.example|@relay.example:|xn--|[127.0.0.1]|é|İ|\u{200b}|\u{85}|\u{a0}|\0|\t|\u{7f}|\u{fffd}";

const CARD_WORDS: &str = "\
    BEGIN:VCARD|END:VCARD|VERSION:3.0|VERSION:4.0|FN:x|N:a;b;c;d;e|ORG:|TITLE:|BDAY:|NOTE:|EMAIL:|\
    EMAIL;TYPE=work;PREF=1:a@b.example|TEL:+4930123456|tel:|mailto:|URL:|ADR:;;|ANNIVERSARY:|\
    X-ABDATE:2020-01-01|X-CUSTOM;X-LABEL=\"|item1.|item1.X-ABLabel:|_$!<|>!$_|;TYPE=|;TYPE=home|;PREF=1|\
    ;|,|:|\\|\\n|\\;|\\,|^n|^'|^^|\"|\r\n |\n\t|T10|19850412|é|\u{85}|\u{2028}|\u{a0}|\0|\r|\t|İ|\
    anniversary|birthday";
