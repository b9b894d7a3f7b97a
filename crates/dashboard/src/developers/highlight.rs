//! Colours for code, good enough for reading: comments, strings, keywords, members of JSON.
//!
//! Not a parser of any language: a single pass that never fails and never changes a character.

/// Words that begin something in one of the languages of the guides.
const KEYWORDS: &[&str] = &[
    "async", "await", "class", "const", "continue", "def", "do", "else", "end", "except", "export",
    "false", "final", "fn", "for", "foreach", "from", "func", "function", "if", "impl", "import",
    "in", "let", "match", "mut", "new", "nil", "none", "not", "null", "or", "package", "pub",
    "raise", "require", "return", "struct", "throw", "true", "try", "type", "unless", "use", "var",
    "while",
];

struct Language {
    comment: &'static str,
    quotes: &'static [char],
    has_keywords: bool,
}

fn language(name: &str) -> Language {
    let (comment, quotes, has_keywords): (_, &[char], _) = match name {
        "sh" => ("# ", &['"', '\''], false),
        "toml" => ("#", &['"'], false),
        "json" => ("", &['"'], true),
        "python" | "ruby" => ("#", &['"', '\''], true),
        "js" | "go" => ("//", &['"', '\'', '`'], true),
        "php" => ("//", &['"', '\''], true),
        // A single quote also begins a lifetime.
        "rust" => ("//", &['"'], true),
        _ => ("", &[], false),
    };
    Language { comment, quotes, has_keywords }
}

/// The code as HTML: escaped, with spans of the classes `c`, `s`, `k` and `m`.
pub(crate) fn highlight(code: &str, name: &str) -> String {
    let language = language(name);
    let mut html = String::with_capacity(code.len() * 2);
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let (class, len) = token(rest, first, &language, name == "json");
        let (token, after) = rest.split_at(len);
        match class {
            "" => html.push_str(&escape(token)),
            _ => {
                html.push_str("<span class=\"");
                html.push_str(class);
                html.push_str("\">");
                html.push_str(&escape(token));
                html.push_str("</span>");
            }
        }
        rest = after;
    }
    html
}

/// The class and the length in bytes of what stands at the beginning of a text that is not empty.
fn token(rest: &str, first: char, language: &Language, is_json: bool) -> (&'static str, usize) {
    if !language.comment.is_empty() && rest.starts_with(language.comment) {
        return ("c", rest.find('\n').unwrap_or(rest.len()));
    }
    if language.quotes.contains(&first) {
        let len = quoted(rest, first);
        let is_member = is_json && rest[len..].trim_start().starts_with(':');
        return (if is_member { "m" } else { "s" }, len);
    }
    if is_word(first) {
        let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let word = &rest[..len];
        let is_keyword =
            language.has_keywords && KEYWORDS.contains(&word.to_ascii_lowercase().as_str());
        return (if is_keyword { "k" } else { "" }, len);
    }
    ("", first.len_utf8())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of a quoted text with both quotes; to the end where the second is missing.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Escapes a text for use between tags and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            _ => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_strings_words_and_comments_are_told_apart() {
        assert_eq!(
            highlight("{\"a\": \"b\\\"\", \"c\": true}", "json"),
            "{<span class=\"m\">&quot;a&quot;</span>: <span class=\"s\">&quot;b\\&quot;&quot;</span>, \
             <span class=\"m\">&quot;c&quot;</span>: <span class=\"k\">true</span>}"
        );
        assert_eq!(
            highlight("let é = 'x; // no", "rust"),
            "<span class=\"k\">let</span> é = 'x; <span class=\"c\">// no</span>"
        );
        assert_eq!(highlight("<let>", "other"), "&lt;let&gt;");
    }
}
