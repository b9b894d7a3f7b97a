//! What an answer takes from the message it answers: subject, recipients, references.
//!
//! Which message is answered, and whether an answer is allowed, is decided in `app`.

use std::collections::HashSet;

use crate::address::Address;
use crate::build::SUBJECT_CHARS_MAX;
use crate::text;

pub use crate::thread::references_of_reply;

/// Whom an answer to all goes to. Either list may be empty; when both are, there is nobody to answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipients {
    pub to: Vec<Address>,
    pub cc: Vec<Address>,
}

impl Recipients {
    pub fn is_empty(&self) -> bool {
        self.to.is_empty() && self.cc.is_empty()
    }
}

/// The addresses of a message that is answered. Hidden recipients are not among them.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    pub from: &'a [Address],
    /// Stands for From where it is not empty (RFC 5322 3.6.2).
    pub reply_to: &'a [Address],
    pub to: &'a [Address],
    pub cc: &'a [Address],
}

/// The subject of an answer: `Re: ` and the original, not doubled; at most 998 characters.
pub fn subject(original: Option<&str>) -> String {
    let original = original.unwrap_or_default().trim();
    let has_prefix = starts_with_word(original, "re:");
    let subject = if has_prefix { original.to_owned() } else { format!("Re: {original}") };
    text::cut(&subject, SUBJECT_CHARS_MAX).text.trim_end().to_owned()
}

/// Whom an answer to all of an inbound message goes to: its sender and its other To, and its Cc; without
/// own addresses, and each mailbox once (email-api 6.6).
pub fn recipients_of_inbound(message: &Answered<'_>, own: &[Address]) -> Recipients {
    let sender = if message.reply_to.is_empty() { message.from } else { message.reply_to };
    let mut taken = canonical(own);
    let to = sender.iter().chain(message.to);
    Recipients { to: once(to, &mut taken), cc: once(message.cc.iter(), &mut taken) }
}

/// Whom an answer to all of a message of our own goes to: those it went to.
pub fn recipients_of_outbound(message: &Answered<'_>, own: &[Address]) -> Recipients {
    let mut taken = canonical(own);
    Recipients { to: once(message.to.iter(), &mut taken), cc: once(message.cc.iter(), &mut taken) }
}

fn canonical(addresses: &[Address]) -> HashSet<String> {
    addresses.iter().map(Address::canonical).collect()
}

fn once<'a>(
    addresses: impl Iterator<Item = &'a Address>,
    taken: &mut HashSet<String>,
) -> Vec<Address> {
    addresses.filter(|address| taken.insert(address.canonical())).cloned().collect()
}

pub(crate) fn starts_with_word(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::{Answered, recipients_of_inbound, recipients_of_outbound, subject};
    use crate::address::Address;

    fn addresses(texts: &[&str]) -> Vec<Address> {
        texts.iter().map(|text| Address::parse(text).unwrap()).collect()
    }

    fn shown(addresses: &[Address]) -> Vec<&str> {
        addresses.iter().map(Address::as_str).collect()
    }

    #[test]
    fn the_prefix_is_not_doubled() {
        for (original, answer) in [
            (Some("Order 881"), "Re: Order 881"),
            (Some("RE: Order 881"), "RE: Order 881"),
            (Some("re:Order"), "re:Order"),
            (Some("Report"), "Re: Report"),
            (None, "Re:"),
        ] {
            assert_eq!(subject(original), answer);
        }
        assert_eq!(subject(Some(&"é".repeat(998))).chars().count(), 998);
    }

    #[test]
    fn an_answer_to_all_leaves_out_ourselves_and_repetitions() {
        let (from, to) =
            (addresses(&["Ann@A.example"]), addresses(&["Desk@mail.test", "bob@b.example"]));
        let cc = addresses(&["ops@mail.test", "BOB@b.example", "ann@a.example", "sam@c.example"]);
        let own = addresses(&["desk@mail.test"]);
        let message = Answered { from: &from, reply_to: &[], to: &to, cc: &cc };
        let answer = recipients_of_inbound(&message, &own);
        assert_eq!(shown(&answer.to), ["Ann@A.example", "bob@b.example"]);
        assert_eq!(shown(&answer.cc), ["ops@mail.test", "sam@c.example"]);

        let reply_to = addresses(&["tickets@a.example"]);
        let answer = recipients_of_inbound(&Answered { reply_to: &reply_to, ..message }, &own);
        assert_eq!(shown(&answer.to), ["tickets@a.example", "bob@b.example"]);
    }

    #[test]
    fn an_answer_to_our_own_message_goes_where_it_went() {
        let (from, to) = (addresses(&["desk@mail.test"]), addresses(&["bob@b.example"]));
        let message = Answered { from: &from, reply_to: &[], to: &to, cc: &[] };
        let answer = recipients_of_outbound(&message, &from);
        assert_eq!(shown(&answer.to), ["bob@b.example"]);
        let own = Answered { to: &from, ..message };
        assert!(recipients_of_outbound(&own, &from).is_empty());
    }
}
