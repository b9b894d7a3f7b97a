//! What of a body is new, and what was quoted from earlier messages (engine 4.6).
//!
//! The answer is ranges with reasons, never a shortened text, so nothing is lost; where it is not plain
//! that words are quoted, they count as new. What marks a quotation in which language is in `quote::marks`.

mod marks;

use std::ops::Range;

use crate::reply::starts_with_word;
use marks::Block;

/// Lines that are looked at. What follows them counts as new.
const LINES_MAX: usize = 20_000;
/// Lines that an introduction such as `On …, Ann wrote:` may be wrapped into.
const INTRODUCTION_LINES_MAX: usize = 4;
/// Bytes of an introduction.
const INTRODUCTION_BYTES_MAX: usize = 400;
/// Bytes of a line above a forwarded message.
const FORWARD_MARK_BYTES_MAX: usize = 100;
/// Lines of a signature below `-- `.
const SIGNATURE_LINES_MAX: usize = 15;

/// Why a range is not new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Lines that begin with `>`.
    Quoted,
    /// `On …, Ann wrote:` with what it introduces.
    Introduced,
    /// `-----Original Message-----` and all below it.
    Original,
    /// A block `From: … Sent: … Subject: …` and all below it.
    HeaderBlock,
    /// `-- ` and a few lines below it.
    Signature,
}

/// A part of the body that is not new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Bytes of the body, whole lines.
    pub range: Range<usize>,
    pub reason: Reason,
}

/// The parts of a body that are not new, in order and apart from one another.
///
/// Empty when nothing is quoted, when the subject says that the message was forwarded (then the original is
/// what it is about), and when nothing new would be left.
pub fn find(body: &str, subject: Option<&str>) -> Vec<Removed> {
    let subject = subject.unwrap_or_default().trim();
    if marks::FORWARD_PREFIXES.iter().any(|prefix| starts_with_word(subject, prefix)) {
        return Vec::new();
    }
    let removed = removed(body, &lines(body));
    let ends = removed.iter().map(|removed| removed.range.end);
    let starts = removed.iter().map(|removed| removed.range.start);
    let mut between = std::iter::once(0).chain(ends).zip(starts.chain([body.len()]));
    let has_new = between.any(|(start, end)| !body[start..end].trim().is_empty());
    if has_new { removed } else { Vec::new() }
}

/// The new part of a body as text: what [`find`] leaves, with at most one empty line where something was.
pub fn reply_text(body: &str, subject: Option<&str>) -> String {
    let mut text = String::new();
    let mut at = 0;
    for removed in find(body, subject) {
        push_paragraph(&mut text, &body[at..removed.range.start]);
        at = removed.range.end;
    }
    push_paragraph(&mut text, &body[at..]);
    text
}

fn push_paragraph(text: &mut String, piece: &str) {
    let piece = piece.trim_matches(['\n', '\r']).trim_end();
    if piece.trim().is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(piece);
}

fn lines(body: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let lines = body.split_inclusive('\n').take(LINES_MAX).map(|line| {
        let range = at..at + line.len();
        at = range.end;
        range
    });
    lines.collect()
}

fn removed(body: &str, lines: &[Range<usize>]) -> Vec<Removed> {
    let text = |at: usize| lines.get(at).map_or("", |range| body[range.clone()].trim());
    let mut found: Vec<Removed> = Vec::new();
    let mut add = |from: usize, to: usize, reason: Reason| {
        let end = if to == lines.len() { body.len() } else { lines[to].start };
        found.push(Removed { range: lines[from].start..end, reason });
    };
    let mut at = 0;
    while at < lines.len() {
        if marks::is_original(text(at)) && !is_forward_mark(text(at)) {
            add(at, lines.len(), Reason::Original);
            break;
        }
        if is_forward_mark(text(at)) {
            break;
        }
        let block = marks::header_block((at..lines.len()).map(text));
        if block == Block::Plain || (block == Block::Likely && stands_apart(at, &text)) {
            add(start_of_block(at, &text), lines.len(), Reason::HeaderBlock);
            break;
        }
        if let Some(length) = introduction(at, &text) {
            let quote_at = (at + length..lines.len()).find(|&n| !text(n).is_empty());
            let quote_at = quote_at.unwrap_or(lines.len());
            if is_quoted(text(quote_at)) {
                let end = end_of_quote(quote_at, lines.len(), &text);
                add(at, end, Reason::Introduced);
                at = end;
                continue;
            }
            let whole: Vec<&str> = (at..at + length).map(text).collect();
            if marks::names_a_moment(&whole.join(" ")) {
                add(at, lines.len(), Reason::Introduced);
                break;
            }
        }
        if is_quoted(text(at)) {
            let end = end_of_quote(at, lines.len(), &text);
            if !is_prompt(at, end, &text) {
                add(at, end, Reason::Quoted);
            }
            at = end;
            continue;
        }
        let raw = body[lines[at].clone()].trim_end_matches(['\n', '\r']);
        if raw == "-- " || raw == "--" {
            let end = end_of_signature(at, lines.len(), &text);
            if end - at <= SIGNATURE_LINES_MAX {
                add(at, end, Reason::Signature);
                at = end;
                continue;
            }
        }
        at += 1;
    }
    found
}

fn is_forward_mark(line: &str) -> bool {
    let may_be = line.starts_with(['-', '_']) || line.ends_with(':');
    if !may_be || line.len() > FORWARD_MARK_BYTES_MAX {
        return false;
    }
    let inner = line.trim_matches(['-', '_', ' ', ':']).to_lowercase();
    marks::FORWARD_MARKS.contains(&inner.as_str())
}

/// A header block counts only below an empty line, a rule, or at the top; inside a paragraph it is talk.
fn stands_apart<'a>(at: usize, text: &impl Fn(usize) -> &'a str) -> bool {
    at == 0 || text(at - 1).is_empty() || marks::is_rule(text(at - 1))
}

/// A rule right above a header block goes with it.
fn start_of_block<'a>(at: usize, text: &impl Fn(usize) -> &'a str) -> usize {
    let above = if at > 0 && text(at - 1).is_empty() { at - 1 } else { at };
    if above > 0 && marks::is_rule(text(above - 1)) { above - 1 } else { at }
}

fn is_quoted(line: &str) -> bool {
    line.starts_with('>')
}

/// The line behind a run of quoted lines, with the empty lines between them.
fn end_of_quote<'a>(start: usize, n_lines: usize, text: &impl Fn(usize) -> &'a str) -> usize {
    let mut end = start;
    let mut at = start;
    while at < n_lines && (is_quoted(text(at)) || text(at).is_empty()) {
        at += 1;
        if is_quoted(text(at - 1)) {
            end = at;
        }
    }
    end
}

/// Lines of a session with an interpreter begin with `>>>` and are never quoted once only.
fn is_prompt<'a>(start: usize, end: usize, text: &impl Fn(usize) -> &'a str) -> bool {
    (start..end).map(text).all(|line| line.is_empty() || line.starts_with(">>> ") || line == ">>>")
}

/// How many lines from one on are an introduction.
fn introduction<'a>(at: usize, text: &impl Fn(usize) -> &'a str) -> Option<usize> {
    let first = text(at);
    if first.is_empty() || is_quoted(first) || !marks::may_introduce(first) {
        return None;
    }
    let mut joined = String::new();
    for length in 1..=INTRODUCTION_LINES_MAX {
        let line = text(at + length - 1);
        if line.is_empty() || is_quoted(line) || joined.len() + line.len() > INTRODUCTION_BYTES_MAX
        {
            return None;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line);
        if marks::is_introduction(&joined) {
            // A line above that only looks like a beginning is new; the introduction begins below it.
            let begins_later =
                (1..length).any(|skipped| begins_anew(at + skipped, length - skipped, text));
            return (!begins_later).then_some(length);
        }
        // A sentence that ended is no introduction that goes on.
        if line.ends_with([':', '.', '!', '?', '。']) {
            return None;
        }
    }
    None
}

/// Whether some lines are an introduction by themselves, with a beginning of their own.
fn begins_anew<'a>(at: usize, length: usize, text: &impl Fn(usize) -> &'a str) -> bool {
    let lines: Vec<&str> = (at..at + length).map(text).collect();
    marks::begins_introduction(lines[0]) && marks::is_introduction(&lines.join(" "))
}

/// A signature goes on to the next quotation or to the end.
fn end_of_signature<'a>(start: usize, n_lines: usize, text: &impl Fn(usize) -> &'a str) -> usize {
    let is_next = |n: &usize| {
        is_quoted(text(*n))
            || marks::is_original(text(*n))
            || marks::is_rule(text(*n))
            || introduction(*n, text).is_some()
    };
    (start + 1..n_lines.min(start + SIGNATURE_LINES_MAX + 2)).find(is_next).unwrap_or(n_lines)
}

#[cfg(test)]
mod tests;
