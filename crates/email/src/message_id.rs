//! Message ids: the tokens of Message-ID, In-Reply-To and References.
//!
//! Which of them join a thread is in `thread`.

/// Bytes of an id with its brackets: as much as fits behind `In-Reply-To: ` on a line of 998 bytes, which
/// can't be folded there.
pub const ID_BYTES_MAX: usize = 985;
/// Ids read of one field. More are not kept by anything that we write or look up (engine 4.4).
pub const IDS_MAX: usize = 100;

/// Whether a text is one id as we write it: `<`, 1 to 983 visible ASCII characters other than angle
/// brackets, `>` (engine 5.5).
pub fn is_message_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    inner.is_some_and(|inner| {
        (1..=ID_BYTES_MAX - 2).contains(&inner.len())
            && inner.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>')
    })
}

/// The ids in a field's value, in order, as they stand: the first and the last [`IDS_MAX`] - 1 of them.
///
/// Blanks inside brackets, which some clients fold in, are dropped; tokens that are no id are skipped.
pub(crate) fn read(value: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(value);
    let mut ids = Vec::new();
    let mut rest = text.as_ref();
    while let Some(start) = rest.find('<') {
        let inner = &rest[start + 1..];
        let Some(end) = inner.find(['<', '>']) else { break };
        if inner[end..].starts_with('>') {
            let id: String = inner[..end].split_whitespace().collect();
            ids.extend(Some(format!("<{id}>")).filter(|id| is_message_id(id)));
            rest = &inner[end + 1..];
        } else {
            rest = &inner[end..];
        }
    }
    first_and_last(ids, IDS_MAX)
}

/// The first of some ids and the last ones, `max` in all.
pub(crate) fn first_and_last(mut ids: Vec<String>, max: usize) -> Vec<String> {
    if ids.len() > max {
        ids.drain(1..=ids.len() - max);
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::{ID_BYTES_MAX, IDS_MAX, is_message_id, read};

    #[test]
    fn ids_are_read_as_they_stand() {
        assert_eq!(read(b" <a@B> junk <c d@e>\r\n\t<f@g>, \"x\" <>"), ["<a@B>", "<cd@e>", "<f@g>"]);
        assert_eq!(read(b"<unended <a@b> <c"), ["<a@b>"]);
        assert_eq!(read("<é@b> no id".as_bytes()), Vec::<String>::new());
    }

    #[test]
    fn of_many_ids_the_first_and_the_last_stay() {
        let value: String = (0..1_000).map(|n| format!("<{n}@x> ")).collect();
        let ids = read(value.as_bytes());
        assert_eq!(ids.len(), IDS_MAX);
        assert_eq!((ids[0].as_str(), ids[1].as_str()), ("<0@x>", "<901@x>"));
        assert_eq!(ids[99], "<999@x>");
    }

    #[test]
    fn what_could_forge_a_field_is_no_id() {
        assert!(is_message_id("<a@b>"));
        let long = format!("<{}>", "a".repeat(ID_BYTES_MAX - 1));
        for text in
            ["", "<>", "a@b", "<a@b", "<a b>", "<a\r\nBcc: x>", "<a<b>", "<a>b>", "<é>", &long]
        {
            assert!(!is_message_id(text), "{text:?}");
        }
    }
}
