//! Every error code has its section in the page that `doc_url` leads to.
//!
//! The codes are read from the source of `domain::ErrorCode`, one `Variant = "code",` a line, as far as they
//! are those of the Partner API.

/// Problems in `page`, the text of the file at `path`, given the source of the enum.
pub(super) fn check(source: &str, path: &str, page: &str) -> Vec<String> {
    let described: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.trim().trim_matches('`'))
        .collect();
    codes(source)
        .filter(|code| !described.contains(code))
        .map(|code| format!("{path}: the code `{code}` has no section `## {code}`"))
        .collect()
}

/// What follows this line is told by the e-mail API, whose bodies have no link to a page.
const END: &str = "/// Of the e-mail API alone, as all that follow.";

fn codes(source: &str) -> impl Iterator<Item = &str> {
    source.lines().take_while(|line| line.trim() != END).filter_map(|line| {
        let (_, value) = line.trim().split_once(" = \"")?;
        value.strip_suffix("\",")
    })
}

#[cfg(test)]
mod tests {
    use super::{check, codes};

    const SOURCE: &str = "words! {\n    pub enum ErrorCode {\n        NotFound = \"not_found\",\n        \
                          RateLimited = \"rate_limited\",\n    }\n}\n";

    #[test]
    fn codes_are_read_from_the_enum() {
        assert_eq!(codes(SOURCE).collect::<Vec<_>>(), ["not_found", "rate_limited"]);
    }

    #[test]
    fn a_code_without_a_section_is_named() {
        assert!(check(SOURCE, "p", "## not_found\n\n## `rate_limited`\n").is_empty());
        let problems = check(SOURCE, "p", "## not_found\n\nsee rate_limited\n");
        assert_eq!(problems, ["p: the code `rate_limited` has no section `## rate_limited`"]);
    }
}
