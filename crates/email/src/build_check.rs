//! Reading a built message again, and comparing it with what was meant (engine 5.5).
//!
//! The reading is our own, not the builder's, so that a fault of either is seen. It costs one pass.

use crate::address_list;
use crate::attachment::Attachment;
use crate::build::{BuildProblem, LINE_BYTES_MAX, Outgoing, has_bare_break};
use crate::field;
use crate::header::Header;
use crate::message_id;
use crate::parse::MESSAGE_BYTES_MAX;
use crate::scan::Structure;

pub(crate) fn check(outgoing: &Outgoing<'_>, bytes: &[u8]) -> Result<(), BuildProblem> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(BuildProblem::TooLarge);
    }
    let fails = |is_wrong: bool, what: &'static str| {
        if is_wrong { Err(BuildProblem::Mismatch(what)) } else { Ok(()) }
    };
    fails(has_bare_break(bytes), "a CR or LF stands alone")?;
    fails(memchr::memchr(0, bytes).is_some(), "it holds a NUL")?;
    // One byte more than the limit, because the CR is still on the line here.
    let is_long = bytes.split(|&b| b == b'\n').any(|line| line.len() > LINE_BYTES_MAX + 1);
    fails(is_long, "a line is longer than 998 bytes")?;

    let header =
        Header::read(bytes).map_err(|_| BuildProblem::Mismatch("its header is too large"))?;
    check_names(outgoing, &header)?;
    check_values(outgoing, &header)?;

    let structure = Structure::read(bytes, &header);
    let kinds = structure.entities.iter().map(|entity| entity.kind.word.as_str());
    fails(!kinds.eq(expected_kinds(outgoing)), "its parts are not the ones that were meant")
}

/// The fields by name and number; Bcc is none of them.
fn check_names(outgoing: &Outgoing<'_>, header: &Header<'_>) -> Result<(), BuildProblem> {
    let mut meant = vec!["From"];
    if !outgoing.to.is_empty() || outgoing.cc.is_empty() {
        meant.push("To");
    }
    for (name, is_there) in [
        ("Cc", !outgoing.cc.is_empty()),
        ("Reply-To", outgoing.reply_to.is_some()),
        ("Subject", !outgoing.subject.trim().is_empty()),
        ("Date", true),
        ("Message-ID", true),
        ("In-Reply-To", outgoing.in_reply_to.is_some()),
        ("References", !outgoing.references.is_empty()),
        ("Auto-Submitted", outgoing.auto_submitted),
        ("MIME-Version", true),
        ("Content-Type", true),
    ] {
        if is_there {
            meant.push(name);
        }
    }
    let found = header.fields.iter().map(|field| field.name);
    // Multiparts have no transfer encoding of their own.
    let found = found.filter(|name| *name != b"Content-Transfer-Encoding");
    if found.eq(meant.iter().map(|name| name.as_bytes())) {
        Ok(())
    } else {
        Err(BuildProblem::Mismatch("its fields are not the ones that were meant"))
    }
}

fn check_values(outgoing: &Outgoing<'_>, header: &Header<'_>) -> Result<(), BuildProblem> {
    let addresses = |name: &str| -> Vec<String> {
        let read = header.first(name).map(address_list::read).unwrap_or_default();
        read.into_iter().map(|mailbox| mailbox.address.as_str().to_owned()).collect()
    };
    let ids = |name: &str| header.first(name).map(message_id::read).unwrap_or_default();
    let is_right = addresses("from") == [outgoing.from.address.as_str()]
        && addresses("to").iter().eq(outgoing.to.iter().map(crate::Address::as_str))
        && addresses("cc").iter().eq(outgoing.cc.iter().map(crate::Address::as_str))
        && addresses("reply-to").iter().eq(outgoing.reply_to.iter().map(|a| a.as_str()))
        && ids("message-id") == [outgoing.message_id]
        && ids("in-reply-to").iter().eq(outgoing.in_reply_to.iter())
        && ids("references") == outgoing.references;
    if !is_right {
        return Err(BuildProblem::Mismatch("an address or an id is not the one that was meant"));
    }
    let date = header.first("date").and_then(field::date).map(domain::Timestamp::seconds);
    if date != Some(outgoing.date.seconds()) {
        return Err(BuildProblem::Mismatch("its date is not the one that was meant"));
    }
    Ok(())
}

/// The types of all parts in the order of the bytes.
fn expected_kinds<'a>(outgoing: &Outgoing<'a>) -> Vec<&'a str> {
    let (inline, attached): (Vec<&'a Attachment>, Vec<&'a Attachment>) =
        outgoing.attachments.iter().partition(|attachment| attachment.content_id.is_some());
    let mut kinds = Vec::new();
    if !attached.is_empty() || outgoing.wrapped.is_some() {
        kinds.push("multipart/mixed");
    }
    if outgoing.text.is_some() && outgoing.html.is_some() {
        kinds.push("multipart/alternative");
    }
    if outgoing.text.is_some() || outgoing.html.is_none() {
        kinds.push("text/plain");
    }
    if outgoing.html.is_some() {
        if !inline.is_empty() {
            kinds.push("multipart/related");
        }
        kinds.push("text/html");
        kinds.extend(inline.iter().map(|image| image.content_type.as_str()));
    }
    kinds.extend(attached.iter().map(|file| file.content_type.as_str()));
    if outgoing.wrapped.is_some() {
        kinds.push("message/rfc822");
    }
    kinds
}
