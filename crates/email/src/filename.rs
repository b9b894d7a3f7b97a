//! Names of files: what a name from outside becomes, and which names are refused when we send.

/// Bytes of a name (engine 5.1).
pub const NAME_BYTES_MAX: usize = 255;
/// Bytes of an ending that are kept when a name is cut.
const ENDING_BYTES_MAX: usize = 16;

/// A name safe to show, to store and to put into a header: no path, no control characters, none that
/// turn the direction of writing, no dot at the start, at most [`NAME_BYTES_MAX`] bytes (engine 5.1).
///
/// `None` when nothing is left. The name as sent stays in the raw message.
pub fn sanitise(name: &str) -> Option<String> {
    // Only what follows the last separator: a path is a place on somebody else's disk.
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = name
        .chars()
        .filter(|&c| !c.is_control() && !crate::address::is_invisible(c))
        .map(|c| if matches!(c, ':' | '<' | '>' | '"' | '|' | '?' | '*') { '_' } else { c })
        .collect();
    let kept = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept = kept.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' ']);
    (!kept.is_empty()).then(|| shortened(kept))
}

/// Keeps the ending, because it tells what the file is.
fn shortened(name: &str) -> String {
    if name.len() <= NAME_BYTES_MAX {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
    let ending = if ending.len() <= ENDING_BYTES_MAX { ending } else { "" };
    let stem = &name[..name.floor_char_boundary(NAME_BYTES_MAX - ending.len())];
    format!("{stem}{ending}")
}

#[cfg(test)]
mod tests {
    use super::{NAME_BYTES_MAX, sanitise};

    #[test]
    fn a_name_has_no_path_and_nothing_that_hides() {
        for (sent, kept) in [
            ("report.pdf", Some("report.pdf")),
            ("..\\..\\evil\\r.png", Some("r.png")),
            ("/etc/passwd", Some("passwd")),
            (".htaccess", Some("htaccess")),
            ("a\r\nb\0c.txt", Some("abc.txt")),
            ("photo\u{202e}gpj.exe", Some("photogpj.exe")),
            ("c:boot.ini", Some("c_boot.ini")),
            ("  two   words .txt ", Some("two words .txt")),
            ("Übersicht 日本.pdf", Some("Übersicht 日本.pdf")),
            ("../", None),
            ("...", None),
            ("\u{200b}", None),
        ] {
            assert_eq!(sanitise(sent).as_deref(), kept, "{sent:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_and_keeps_its_ending() {
        let kept = sanitise(&format!("{}.pdf", "é".repeat(300))).unwrap();
        assert!(kept.len() <= NAME_BYTES_MAX && kept.ends_with("é.pdf"), "{kept}");
    }
}
