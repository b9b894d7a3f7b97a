//! The words and lines by which mail clients mark what they quote, in the languages that they speak.
//!
//! All are in lower case. A mark that is missing here keeps a quotation; it never loses new words.

use crate::reply::starts_with_word;

/// Prefixes of the subject of a forwarded message.
pub(super) const FORWARD_PREFIXES: [&str; 9] =
    ["fwd:", "fw:", "wg:", "tr:", "rv:", "enc:", "i:", "转发:", "转发："];

/// What stands above a forwarded message; all below it is what the message is about.
pub(super) const FORWARD_MARKS: [&str; 10] = [
    "forwarded message",
    "begin forwarded message",
    "weitergeleitete nachricht",
    "anfang der weitergeleiteten nachricht",
    "message transféré",
    "mensaje reenviado",
    "messaggio inoltrato",
    "doorgestuurd bericht",
    "forwarded by",
    "转发的邮件",
];

/// What stands above the original in an answer, between dashes.
const ORIGINALS: [&str; 20] = [
    "original message",
    "reply message",
    "original appointment",
    "ursprüngliche nachricht",
    "originalnachricht",
    "antwort nachricht",
    "message d'origine",
    "message original",
    "mensaje original",
    "mensagem original",
    "messaggio originale",
    "oorspronkelijk bericht",
    "oprindelig meddelelse",
    "ursprungligt meddelande",
    "opprinnelig melding",
    "wiadomość oryginalna",
    "исходное сообщение",
    "原始邮件",
    "元のメッセージ",
    "původní zpráva",
];

/// Words with which an introduction begins.
const STARTS: [&str; 16] = [
    "on ", "am ", "le ", "el ", "il ", "op ", "den ", "på ", "em ", "w dniu ", "dnia ", "dne ",
    "於 ", "在", "pada ", "vào ",
];

/// Words that say that somebody wrote.
const VERBS: [&str; 26] = [
    "wrote",
    "sent",
    "schrieb",
    "a écrit",
    "escribió",
    "ha scritto",
    "schreef",
    "geschreven",
    "skrev",
    "napisał",
    "napsal",
    "escreveu",
    "написал",
    "пишет",
    "писал",
    "写道",
    "寫道",
    "书写",
    "kirjoitti",
    "írta",
    "yazdı",
    "menulis",
    "đã viết",
    "έγραψε",
    "书：",
    "scrisse",
];

const FROM_KEYS: [&str; 16] = [
    "from",
    "von",
    "de",
    "da",
    "van",
    "från",
    "fra",
    "od",
    "от",
    "发件人",
    "寄件者",
    "差出人",
    "보낸 사람",
    "kimden",
    "lähettäjä",
    "expéditeur",
];

const DATE_KEYS: [&str; 24] = [
    "sent",
    "date",
    "gesendet",
    "datum",
    "envoyé",
    "enviado",
    "enviado el",
    "fecha",
    "inviato",
    "data",
    "verzonden",
    "skickat",
    "sendt",
    "dato",
    "wysłano",
    "отправлено",
    "дата",
    "发送时间",
    "日期",
    "送信日時",
    "日時",
    "보낸 날짜",
    "gönderildi",
    "lähetetty",
];

const OTHER_KEYS: [&str; 30] = [
    "to",
    "cc",
    "subject",
    "an",
    "betreff",
    "à",
    "objet",
    "para",
    "asunto",
    "a",
    "oggetto",
    "aan",
    "onderwerp",
    "till",
    "ämne",
    "til",
    "emne",
    "do",
    "temat",
    "кому",
    "тема",
    "收件人",
    "主题",
    "主旨",
    "宛先",
    "件名",
    "받는 사람",
    "제목",
    "konu",
    "assunto",
];

/// Lines of a header block that are looked at.
const BLOCK_LINES_MAX: usize = 8;
/// Bytes of the name before the colon.
const KEY_BYTES_MAX: usize = 40;
/// Dashes or underscores that make a rule.
const RULE_MARKS_MIN: usize = 3;

/// `-----Original Message-----`, in any of the languages.
pub(super) fn is_original(line: &str) -> bool {
    let inner = line.trim_start_matches(['-', '_']).trim_end_matches(['-', '_']);
    let has_marks = line.len() - inner.len() >= 4 && line.starts_with(['-', '_']);
    has_marks && line.len() < 100 && ORIGINALS.contains(&inner.trim().to_lowercase().as_str())
}

/// A line of dashes or underscores, as clients draw above a header block.
pub(super) fn is_rule(line: &str) -> bool {
    line.len() >= RULE_MARKS_MIN && line.bytes().all(|b| matches!(b, b'_' | b'-'))
}

/// How plainly lines are the header of an original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    None,
    /// A sender, a date and one more; it counts where it stands apart.
    Likely,
    /// A sender, a date and two more.
    Plain,
}

/// Whether the lines from the first on are `From: … Sent: … To: … Subject: …`, or begin with the date.
pub(super) fn header_block<'a>(mut lines: impl Iterator<Item = &'a str>) -> Block {
    let is_known = |key: &String, known: &[&str]| known.contains(&key.as_str());
    let Some(first) = lines.next().and_then(key) else { return Block::None };
    if !is_known(&first, &FROM_KEYS) && !is_known(&first, &DATE_KEYS) {
        return Block::None;
    }
    let rest = lines.take_while(|line| !line.is_empty()).take(BLOCK_LINES_MAX).filter_map(key);
    let keys: Vec<String> = std::iter::once(first).chain(rest).collect();
    let count = |known: &[&str]| keys.iter().filter(|key| is_known(key, known)).count();
    match (count(&FROM_KEYS), count(&DATE_KEYS), count(&OTHER_KEYS)) {
        (0, _, _) | (_, 0, _) | (_, _, 0) => Block::None,
        (_, _, 1) => Block::Likely,
        (_, _, _) => Block::Plain,
    }
}

/// The name before a colon, without the stars that stand for bold letters.
fn key(line: &str) -> Option<String> {
    let line = line.trim_start_matches(['*', ' ']);
    let end = line.find([':', '：'])?;
    (end <= KEY_BYTES_MAX)
        .then(|| line[..end].trim_end_matches(['*', ' ', '\u{a0}']).to_lowercase())
}

/// A cheap look at the first line: could an introduction begin here?
pub(super) fn may_introduce(line: &str) -> bool {
    begins_introduction(line)
        || line.contains('<')
        || line.starts_with("----")
        || line.ends_with(':')
}

/// Whether a line begins with a word or a date as introductions do.
pub(super) fn begins_introduction(line: &str) -> bool {
    let start = line.trim_start_matches(['-', ' ']);
    STARTS.iter().any(|word| starts_with_word(start, word))
        || start.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether text is a whole introduction: it ends like one, says who or when, and that somebody wrote.
pub(super) fn is_introduction(text: &str) -> bool {
    let bare = text.trim_start_matches(['-', ' ']);
    let is_framed = text.starts_with("----") && text.ends_with("---");
    if !(bare.ends_with([':', '：']) || is_framed) {
        return false;
    }
    let lower = bare.to_lowercase();
    let has_verb = VERBS.iter().any(|verb| has_word(&lower, verb));
    let has_digit = lower.bytes().any(|b| b.is_ascii_digit());
    let has_start = STARTS.iter().any(|word| lower.starts_with(word));
    let has_address = lower.contains('@') && lower.contains(['<', '(', '[']);
    if is_framed {
        return has_verb && lower.trim_end_matches(['-', ' ']).ends_with("wrote");
    }
    // Without a verb: `2026-07-01 9:30 GMT+02:00 Ann <ann@a.example>:`.
    let is_dated = lower.starts_with(|c: char| c.is_ascii_digit()) || has_time(&lower);
    (has_verb && (has_address || has_start && has_digit))
        || (is_dated && has_address && lower.ends_with(">:"))
}

/// Whether an introduction is so plain that even unmarked lines below it are the quotation: it names a time
/// of day or an address.
pub(super) fn names_a_moment(text: &str) -> bool {
    let has_address = text.split_whitespace().any(|word| {
        let word = word.trim_matches(['<', '>', '(', ')', ',', ':', '[', ']']);
        word.strip_prefix("mailto:").unwrap_or(word).contains('@')
    });
    has_time(text) || has_address
}

/// Whether a text holds a time of day such as `9:30`.
fn has_time(text: &str) -> bool {
    text.as_bytes().windows(4).any(|window| {
        matches!(window, [hour, b':' | b'.', tens, ones]
            if hour.is_ascii_digit() && tens.is_ascii_digit() && ones.is_ascii_digit())
    })
}

/// Whether a word stands in a text, not inside another word; scripts without blanks have no such limits.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(place, _)| {
        let before = text[..place].chars().next_back();
        let after = text[place + word.len()..].chars().next();
        let is_letter =
            |c: Option<char>| c.is_some_and(|c| c.is_alphabetic() && (c as u32) < 0x2e80);
        !is_letter(before) && !is_letter(after) || word.chars().all(|c| c as u32 >= 0x2e80)
    })
}
