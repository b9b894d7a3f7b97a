//! Cards of both versions, and cards there and back.

use proptest::prelude::*;

use domain::Date;
use domain::email::contact::{Anniversary, Labelled, Place, Profile};

use super::{CARDS_MAX, CardProblem, VcardProblem, read, write, write_all};

fn one(text: &str) -> Result<Profile, CardProblem> {
    read(text.as_bytes()).unwrap().remove(0)
}

fn labelled(label: Option<&str>, value: &str, is_primary: bool) -> Labelled {
    Labelled { label: label.map(str::to_owned), value: value.to_owned(), is_primary }
}

fn date(label: Option<&str>, text: &str) -> Anniversary {
    Anniversary { label: label.map(str::to_owned), date: Date::parse(text).unwrap() }
}

#[test]
fn a_card_of_version_3_is_read() {
    let card = one("BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lee;Ann;Q.;Dr.;Jr.\r\nFN:Ann Lee\r\n\
        ORG:Partner\\, Inc.;Sales\r\nTITLE:Buyer\r\nBDAY:1985-04-12\r\n\
        EMAIL;TYPE=INTERNET,HOME:Ann@A.example\r\nEMAIL;type=INTERNET;type=WORK;type=pref:ann@work.example\r\n\
        item1.TEL:+1 (201) 555-0123\r\nitem1.X-ABLabel:_$!<Lab>!$_\r\nTEL;TYPE=CELL:555 0199\r\n\
        ADR;TYPE=home:;;1 Main St\\nApt 2;Springfield;IL;62701;USA\r\nURL:https://a.example\r\n\
        X-ABDATE;VALUE=date:2015-06-07\r\nNOTE:first line\\nsecond\\; li\r\n ne\r\nPHOTO;ENCODING=b:AAAA\r\n\
        END:VCARD\r\n")
    .unwrap();
    let expected = Profile {
        preferred_name: Some("Ann Lee".into()),
        name_prefix: Some("Dr.".into()),
        given_name: Some("Ann".into()),
        middle_name: Some("Q.".into()),
        family_name: Some("Lee".into()),
        name_suffix: Some("Jr.".into()),
        company_name: Some("Partner, Inc.".into()),
        job_title: Some("Buyer".into()),
        birthday: Date::parse("1985-04-12"),
        notes: Some("first line\nsecond; line".into()),
        emails: vec![
            labelled(Some("home"), "Ann@A.example", false),
            labelled(Some("work"), "ann@work.example", true),
        ],
        phones: vec![labelled(Some("Lab"), "+12015550123", false)],
        websites: vec![labelled(None, "https://a.example", false)],
        dates: vec![date(None, "2015-06-07")],
        addresses: vec![Place {
            label: Some("home".into()),
            street: Some("1 Main St Apt 2".into()),
            city: Some("Springfield".into()),
            region: Some("IL".into()),
            postal: Some("62701".into()),
            country: Some("USA".into()),
        }],
        custom_fields: vec![labelled(Some("phone"), "555 0199", false)],
    };
    assert_eq!(card, expected);
}

#[test]
fn a_card_of_version_4_is_read() {
    let card = one("BEGIN:VCARD\nVERSION:4.0\nFN:Ann\nEMAIL;PREF=1:a@b.example\nEMAIL;PREF=1:c@d.example\n\
        TEL;VALUE=uri;TYPE=\"voice,home\":tel:+49-30-1234567;ext=5\nBDAY:19850412T101010\nANNIVERSARY:20150607\n\
        END:VCARD")
    .unwrap();
    assert_eq!(
        card.emails,
        [labelled(None, "a@b.example", true), labelled(None, "c@d.example", false)]
    );
    assert_eq!(card.phones, [labelled(Some("home"), "+49301234567", false)]);
    assert_eq!(card.birthday, Date::parse("1985-04-12"));
    assert_eq!(card.dates, [date(Some("anniversary"), "2015-06-07")]);
}

#[test]
fn values_stand_once_on_one_line_and_one_is_primary() {
    let card = one("BEGIN:VCARD\nFN:Ann\\n Lee\u{1}\nNOTE:a\\nb\u{1}\n\
        EMAIL;TYPE=home:A@x.io\nEMAIL;PREF=1;TYPE=work:a@X.io\nEMAIL;PREF=1:b@x.io\n\
        TEL:+1 201 555 0123\nTEL:+12015550123\nURL;PREF=1:https://x.io\nURL;PREF=1:https://y.io\nEND:VCARD")
    .unwrap();
    assert_eq!(card.preferred_name.as_deref(), Some("Ann  Lee"));
    assert_eq!(card.notes.as_deref(), Some("a\nb"));
    let emails = [labelled(Some("home"), "A@x.io", true), labelled(None, "b@x.io", false)];
    assert_eq!(card.emails, emails);
    assert_eq!(card.phones, [labelled(None, "+12015550123", false)]);
    assert_eq!(card.problems(), []);
}

#[test]
fn what_a_card_cannot_hold_is_left_out_of_it() {
    let card = one(
        "BEGIN:VCARD\nFN:A\rnn\u{7} \\\u{85}Lee\nNOTE:a\tb\nEMAIL:mailto:mailto: a@b.example\n\
        EMAIL:mailto:\nTEL;HO\0ME:+4930123456\nitem1.TEL;TYPE=\"^' \u{2028}^'wo\u{7}rk^'\":+4930123457\n\
        item1.X-ABLabel:_$!< >!$_\nitem2.URL:x\nitem2.X-ABLabel:_$!<Lab >!$_\nEND:VCARD\n",
    )
    .unwrap();
    let expected = Profile {
        preferred_name: Some("Ann Lee".into()),
        notes: Some("a\tb".into()),
        emails: vec![labelled(None, "a@b.example", false)],
        phones: vec![
            labelled(Some("home"), "+4930123456", false),
            labelled(Some("work"), "+4930123457", false),
        ],
        websites: vec![labelled(Some("Lab"), "x", false)],
        ..Profile::default()
    };
    assert_eq!(card, expected);
    assert_eq!(read(write(&card).as_bytes()).unwrap(), [Ok(expected)]);
}

#[test]
fn one_bad_card_leaves_the_others_alone() {
    let text = "BEGIN:VCARD\nVERSION:2.1\nFN:x\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nNOTE:x\nEND:VCARD\n\
        BEGIN:VCARD\nFN:lost\nBEGIN:VCARD\nFN:kept\nEND:VCARD\nBEGIN:VCARD\nFN:x";
    let cards: Vec<_> = read(text.as_bytes()).unwrap();
    assert_eq!(cards[0], Err(CardProblem::Version));
    assert_eq!(cards[1], Err(CardProblem::Nameless));
    assert_eq!(cards[2], Err(CardProblem::Unended));
    assert_eq!(cards[3].as_ref().unwrap().preferred_name.as_deref(), Some("kept"));
    assert_eq!(cards[4], Err(CardProblem::Unended));
}

#[test]
fn an_import_beyond_its_limits_is_refused() {
    assert_eq!(read(b""), Err(VcardProblem::NoCard));
    assert_eq!(read(b"FN:x\nEND:VCARD"), Err(VcardProblem::NoCard));
    assert_eq!(read(b"\xff"), Err(VcardProblem::NotUtf8));
    assert_eq!(read(&vec![b'x'; 5 * 1_024 * 1_024 + 1]), Err(VcardProblem::TooLarge));
    let card = "BEGIN:VCARD\nFN:x\nEND:VCARD\n";
    assert_eq!(read(card.repeat(CARDS_MAX).as_bytes()).unwrap().len(), CARDS_MAX);
    assert_eq!(read(card.repeat(CARDS_MAX + 1).as_bytes()), Err(VcardProblem::TooManyCards));
}

#[test]
fn hostile_cards_are_read_once() {
    for text in [
        format!("BEGIN:VCARD\nFN:x\n{}END:VCARD", " x\n".repeat(500_000)),
        format!("BEGIN:VCARD\nFN{}:x\nEND:VCARD", ";a=b".repeat(200_000)),
        format!("BEGIN:VCARD\nN{}\nEND:VCARD", ":;".repeat(500_000)),
        format!("BEGIN:VCARD\n{}END:VCARD", "item.TEL:+1\n".repeat(200_000)),
        format!("BEGIN:VCARD\nFN:x\n{}END:VCARD", "URL:x\n".repeat(500_000)),
        "BEGIN:VCARD\n".repeat(900),
    ] {
        assert!(read(text.as_bytes()).is_ok());
    }
}

fn words() -> impl Strategy<Value = String> {
    // Blanks at the ends do not survive, and need not.
    "[\\PC,;:\\\\\"^]{0,90}[a-zé日]".prop_map(|text| text.trim().to_owned())
}

fn prose() -> impl Strategy<Value = String> {
    proptest::collection::vec(words(), 1..3).prop_map(|lines| lines.join("\n"))
}

/// Values that differ.
fn emails() -> impl Strategy<Value = Vec<Labelled>> {
    let numbered =
        |(n, one): (usize, Labelled)| Labelled { value: format!("{n}{}", one.value), ..one };
    proptest::collection::vec(labelled_words(), 0..4)
        .prop_map(move |list| list.into_iter().enumerate().map(numbered).collect())
}

fn optional() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(words())
}

fn labelled_words() -> impl Strategy<Value = Labelled> {
    (proptest::option::of("home|work|cell|Lab 3|x;y,\"z\""), words())
        .prop_map(|(label, value)| Labelled { label, value, is_primary: false })
}

proptest! {
    #[test]
    fn a_card_there_and_back_is_the_same(
        name in words(), given in optional(), family in optional(), company in optional(),
        notes in proptest::option::of(prose()), emails in emails(),
        custom in proptest::collection::vec(labelled_words(), 0..4), street in optional(),
        day in "19[0-9]{2}-0[1-9]-(1[0-9]|2[0-8])",
    ) {
        let address = Place { street: street.clone(), label: Some("work".into()), ..Place::default() };
        let card = Profile {
            preferred_name: Some(name), given_name: given, family_name: family, company_name: company, notes,
            birthday: Date::parse(&day), emails, custom_fields: custom,
            phones: vec![labelled(Some("Lab"), "+4930123456", true)],
            dates: vec![date(Some("first met"), &day)],
            addresses: street.is_some().then_some(address).into_iter().collect(),
            ..Profile::default()
        };
        let text = write(&card);
        prop_assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])), "{text}");
        let cards = read(write_all([&card, &card]).as_bytes()).unwrap();
        prop_assert_eq!(cards, [Ok(card.clone()), Ok(card)]);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(BEGIN:VCARD\n|END:VCARD\n|FN:|;TYPE=|\"|\\PC|\n| |tel:|N:;;|\\\\){0,60}") {
        let _outcome = read(text.as_bytes());
    }
}
