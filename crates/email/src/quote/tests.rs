//! Replies of many clients and languages, and mails in which nothing may be cut.

use proptest::prelude::*;

use super::{Reason, find, reply_text};

/// Bodies in which everything but `New words.` is quoted.
const QUOTED: [&str; 34] = [
    "New words.\n\nOn Mon, Apr 2, 2012 at 6:26 PM, Megan One <xxx@a.example> wrote:\n\n> Hi\n> there\n",
    "New words.\n\nOn 11-Apr-2011, at 6:54 PM, Bob B <b@a.example> wrote:\n\nold text\nwithout marks\n",
    "New words.\n\nOn Fri, May 6, 2011 at 6:03 PM, Somebody from Far Away News\n<s@a.example> wrote:\n\n> Test\n",
    "New words.\n\nOn Nov 30, 2011, at 12:47 PM, Somebody <\n416ffd32@a.example>\nwrote:\n\nTest message\n",
    "New words.\nOn 04/19/2011 07:10 AM, Bob B wrote:\n\n>Test\n>On 04/18/2011 07:10 AM, Ann wrote:\n>\n>> Old\n",
    "New words.\n\nAm 01.07.2026 um 09:30 schrieb Ann Lee <ann@a.example>:\n> alt\n",
    "New words.\n\nAnn Lee <ann@a.example> schrieb am Mi., 1. Juli 2026, 09:30:\n\n> alt\n",
    "New words.\n\nLe mer. 1 juil. 2026 à 09:30, Ann Lee <ann@a.example> a écrit :\n\n> vieux\n",
    "New words.\n\nEl mié, 1 jul 2026 a las 9:30, Ann Lee (<ann@a.example>) escribió:\n\n> viejo\n",
    "New words.\n\nIl giorno mer 1 lug 2026 alle ore 09:30 Ann Lee <ann@a.example> ha scritto:\n\n> vecchio\n",
    "New words.\n\nOp 13-02-2014 3:18 schreef Ann Lee <ann@a.example>:\n\noud zonder tekens\n",
    "New words.\n\nOp 17-feb.-2015, om 13:18 heeft Ann Lee <ann@a.example> het volgende geschreven:\n\noud\n",
    "New words.\nDen 14 september, 2015 02:23:18, Ann Lee (ann@a.example) skrev:\n\ngammal\n",
    "New words.\n\nPå 14 september 2015 på 02:23:18, Ann Lee (ann@a.example) skrev:\n\ngammel\n",
    "New words.\n\nW dniu 28 stycznia 2015 01:53 użytkownik Ann <ann@a.example>\nnapisał:\n\nstary\n",
    "New words.\n\nEm qua., 1 de jul. de 2026 às 09:30, Ann <ann@a.example> escreveu:\n\n> velho\n",
    "New words.\n\n1 июля 2026 г., в 09:30, Ann <ann@a.example> написал(а):\n\n> старое\n",
    "New words.\n\n在 2026年7月1日 09:30，Ann <ann@a.example> 写道：\n\n> 旧\n",
    "New words.\n\n2014-10-17 11:28 GMT+03:00 Postmaster <\npostmaster@sandbox.a.example>:\n\n> First\n",
    "New words.\n\n---- On Wed, 01 Jul 2026 09:30:15 +0200 Ann <ann@a.example> wrote ----\n\nold\n",
    "New words.\n\n---- John Smith wrote ----\n\n> quoted\n> text\n",
    "New words.\n\n-----Original Message-----\n\nTest",
    "New words.\n\n-----Ursprüngliche Nachricht-----\nVon: x\n",
    "New words.\n\nFrom: a@b.example [mailto:a@b.example]\nSent: March-09-12 4:22 PM\nTo: Dan\nSubject: x\n\nold\n",
    "New words.\n\n________________________________\nFrom: Ann\nSent: Wednesday, July 1, 2026\nTo: Bob\n\nold\n",
    "New words.\n\n*From:* Ann\n*Date:* Wednesday\n*To:* Bob\n*Subject:* x\n\nold\n",
    "New words.\n\nVon: a@b.example\nGesendet: Dienstag, 25. November 2014 14:59\nAn: B\nBetreff: x\n\nalt\n",
    "New words.\n\nDe : Ann [mailto:a@b.example]\nEnvoyé : vendredi 23 janvier 2015 16:39\nÀ : C\nObjet : x\n\nv\n",
    "New words.\n\n发件人: Ann\n发送时间: 2026年7月1日\n收件人: Bob\n主题: x\n\n旧\n",
    "New words.\n\n---\n\nDate: Thu, 26 Jun 2014 13:53:45 +0400\nSubject: x\nFrom: a@b.example\nTo: c@b.example\n\nold\n",
    "New words.\nFrån: Ann [mailto:a@b.example]\nSkickat: den 26 augusti 2015 14:45\nTill: B\nÄmne: x\n\ngammal\n",
    "New words.\n\nThu, 26 Jun 2014 14:00:51 +0400 от Ann L <a@b.example>:\n\nold\n",
    "New words.\n\nSent from Samsung MobileName <address@b.example> wrote:\n\n>\n> Test\n",
    "New words.\n-- \nAnn Lee\nPartner Inc.\n\n> old\n",
];

#[test]
fn what_clients_quote_is_found_in_many_languages() {
    let missed: Vec<&str> =
        QUOTED.into_iter().filter(|body| reply_text(body, Some("Re: x")) != "New words.").collect();
    assert!(missed.is_empty(), "{} of {}: {missed:#?}", missed.len(), QUOTED.len());
}

/// New words that could be taken for a mark of a quotation.
const WORDS: [&str; 5] = [
    "Two paragraphs:\n\nwith a colon, and 3 items",
    "Am Montag um 9:30 bin ich da.",
    "On it. From what I see:\n1. it works",
    "Sent you the file at 10:15, see a@b.example",
    "De nada :)\nA bientôt",
];

#[test]
fn what_is_new_above_a_quotation_is_kept_word_for_word() {
    for body in QUOTED {
        for words in WORDS {
            for end in ["", "\n\n\n", " \n\t\n"] {
                let body = format!("{}{end}", body.replacen("New words.", words, 1));
                assert_eq!(reply_text(&body, Some("Re: x")), words, "{body}");
            }
        }
    }
}

#[test]
fn line_breaks_of_the_wire_change_nothing() {
    for body in QUOTED {
        let wire = body.replace('\n', "\r\n");
        assert_eq!(reply_text(&wire, None), "New words.", "{body}");
    }
}

/// Bodies of which not a word may be cut.
const NEW: [&str; 12] = [
    "Hello Ann,\n\nplain text.\n\nRegards\nBob",
    "On Monday I wrote to you that it is late.\nPlease answer.",
    "On the list:\nbread\nbutter",
    "As Bob wrote:\nwe should go.\nI agree.",
    "On Monday, Bob wrote:\n\nwe should go\n\nWhat do you think?",
    "From: where I stand\nit looks fine.\nTo: nobody in particular",
    "Please send this:\nFrom: me\nTo: you\nSubject: nothing\nand tell me.",
    ">>> import os\n>>> os.name\nWhat does it print?",
    "---------- Forwarded message ---------\nFrom: Ann\nDate: Wed, Jul 1, 2026 at 9:30 AM\nSubject: x\nTo: b\n\nread",
    "See below.\n\nBegin forwarded message:\n\nFrom: Ann\nDate: 1. July\nTo: Bob\nSubject: x\n\nread",
    "2026-07-01 we met. 3 < 4, and: done:",
    "",
];

#[test]
fn new_words_are_never_cut() {
    for body in NEW {
        assert_eq!(find(body, Some("Re: x")), [], "{body}");
    }
    let long_signature = format!("one\n-- \n{}", "two\n".repeat(20));
    assert_eq!(find(&long_signature, None), []);
}

#[test]
fn words_between_and_below_quotations_are_kept() {
    let body = "On 04/19/2011 07:10 AM, Bob wrote:\n\n> first question\n\nfirst answer\n\n> second\n> question\n\n\
        second answer\n\n-- \nAnn";
    assert_eq!(reply_text(body, None), "first answer\n\nsecond answer");
    let reasons: Vec<Reason> = find(body, None).iter().map(|r| r.reason).collect();
    assert_eq!(reasons, [Reason::Introduced, Reason::Quoted, Reason::Signature]);
}

#[test]
fn a_message_that_is_all_quotation_is_left_whole() {
    let body = "On Mon, Apr 2, 2012 at 6:26 PM, Ann <a@b.example> wrote:\n\n> Hi\n";
    assert_eq!(find(body, Some("Re: x")), []);
    assert_eq!(reply_text(body, None), body.trim_end());
}

#[test]
fn in_a_forward_nothing_is_cut() {
    let body = "Have a look.\n\nFrom: Ann\nSent: Wednesday\nTo: Bob\nSubject: x\n\nthe point\n";
    assert_eq!(find(body, Some("FW: x")), []);
    assert_eq!(reply_text(body, Some("Re: x")), "Have a look.");
}

#[test]
fn hostile_bodies_are_read_once() {
    for piece in
        ["> x\n", "On 1 wrote\n", "-- \n", "From: x\n", ":\n", "---- \n", "1\n", "<\n", "\n"]
    {
        let body = piece.repeat(super::LINES_MAX + 1);
        let _removed = find(&body, None);
    }
}

proptest! {
    #[test]
    fn ranges_are_whole_lines_in_order(body in "(\\PC|\n|\n> |On 1.1.2026 09:30 a@b wrote:\n|From: a\nSent: b\nTo: c\n|-- \n|\r\n){0,60}") {
        let mut at = 0;
        for removed in find(&body, None) {
            prop_assert!(at <= removed.range.start && removed.range.start < removed.range.end);
            prop_assert!(removed.range.start == 0 || body[..removed.range.start].ends_with('\n'));
            prop_assert!(removed.range.end == body.len() || body[..removed.range.end].ends_with('\n'));
            at = removed.range.end;
        }
        prop_assert!(reply_text(&body, None).len() <= body.len() + 2);
    }
}
