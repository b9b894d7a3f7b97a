//! The words of a text, for taking it in and for looking it up: the same from both sides, on every engine.
//!
//! Lower case, without diacritics, of letters and digits only. Scripts that put no blanks between words are
//! cut into pairs of characters (email-engine.md 4.7).

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters of one word; what is longer is no word that somebody looks up.
const WORD_CHARS_MAX: usize = 64;

/// The words of a text with blanks between, of at most its first `bytes_max` bytes.
pub fn words(text: &str, bytes_max: usize) -> String {
    let text = &text[..text.floor_char_boundary(bytes_max)];
    let mut out = String::with_capacity(text.len());
    let mut word: Vec<char> = Vec::new();
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        if c.is_alphanumeric() && word.first().is_none_or(|first| is_dense(*first) == is_dense(c)) {
            word.push(c);
        } else {
            push(&mut out, &word);
            word.clear();
            if c.is_alphanumeric() {
                word.push(c);
            }
        }
    }
    push(&mut out, &word);
    out
}

fn push(out: &mut String, word: &[char]) {
    let mut add = |chars: &[char]| {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(chars.iter());
    };
    match word {
        [] => {}
        [first, ..] if is_dense(*first) && word.len() > 1 => word.windows(2).for_each(add),
        _ if word.len() > WORD_CHARS_MAX => {}
        _ => add(word),
    }
}

/// Whether a character belongs to a script that is written without blanks.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3134f}' | '\u{0e00}'..='\u{0eff}')
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_lower_case_letters_and_digits_without_diacritics() {
        assert_eq!(words("Grüße, an O'Neil: (INV-881)!", 1000), "gruße an o neil inv 881");
        assert_eq!(words("ann.lee@Partner.example", 1000), "ann lee partner example");
        assert_eq!(words("", 1000), "");
        assert_eq!(words("\"' AND NOT -- *", 1000), "and not");
    }

    #[test]
    fn scripts_without_blanks_are_cut_into_pairs() {
        assert_eq!(words("請求書 881", 1000), "請求 求書 881");
        assert_eq!(words("ok請", 1000), "ok 請");
    }

    #[test]
    fn the_start_of_a_long_text_is_cut_between_characters() {
        assert_eq!(words("éé", 3), "e");
        assert_eq!(words(&"x".repeat(65), 1000), "");
    }
}
