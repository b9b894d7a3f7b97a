//! The formats of single texts: e-mail addresses, phone numbers, and names that were mistyped.

/// Bytes of an address (RFC 5321, section 4.5.3.1.3, less the angle brackets) and of its local part.
const EMAIL_BYTES_MAX: usize = 254;
const LOCAL_PART_BYTES_MAX: usize = 64;
const LABEL_BYTES_MAX: usize = 63;

/// Edits by which a mistyped name may differ from the one that was meant.
const EDITS_MAX: usize = 2;

/// An address in the spirit of RFC 5321: one `@`, a local part, a domain name with a dot.
pub fn email(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let plain = |t: &str| t.chars().all(|c| !c.is_whitespace() && !c.is_control());
    let labels = domain.split('.').all(|l| {
        !l.is_empty()
            && l.len() <= LABEL_BYTES_MAX
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.chars().all(|c| c.is_alphanumeric() || c == '-')
    });
    let sized = text.len() <= EMAIL_BYTES_MAX && (1..=LOCAL_PART_BYTES_MAX).contains(&local.len());
    let good = sized && !local.contains('@') && plain(local) && labels && domain.contains('.');
    good.then(|| text.to_owned())
}

/// E.164 after removing spaces, dashes, dots and parentheses; ten bare digits are a US number.
pub fn phone(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|c| !" -.()".contains(*c)).collect();
    let digits = kept.strip_prefix('+').unwrap_or(&kept);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match (kept.starts_with('+'), digits.len()) {
        (true, 8..=15) if !digits.starts_with('0') => Some(kept),
        (false, 10) => Some(format!("+1{digits}")),
        (false, 11) if digits.starts_with('1') => Some(format!("+{digits}")),
        _ => None,
    }
}

/// The known name that is at most two edits away.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    // Longer names cannot be near, and comparing a megabyte with each name would take its time.
    let comparable = |k: &&&str| name.len().abs_diff(k.len()) <= EDITS_MAX * 4;
    let near = known.iter().filter(comparable).map(|k| (distance(name, k), *k)).min()?;
    (near.0 <= EDITS_MAX).then_some(near.1)
}

/// The edit distance of Levenshtein, one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_become_e164() {
        assert_eq!(phone("(555) 555-5555").as_deref(), Some("+15555555555"));
        assert_eq!(phone("+49 30 901820").as_deref(), Some("+4930901820"));
        assert_eq!(phone("12"), None);
        assert_eq!(phone("call me"), None);
    }

    #[test]
    fn addresses_need_a_local_part_and_a_domain() {
        for good in ["jane@example.com", "a+b@mail.example.co", "Jörg@bücher.example"] {
            assert!(email(good).is_some(), "{good}");
        }
        for bad in ["", "jane", "@example.com", "jane@", "jane@host", "a b@example.com", "a@-x.com"]
        {
            assert!(email(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_near_names_are_offered() {
        let known = ["prepay", "paid_through", "name"];
        assert_eq!(nearest("pre_pay", &known), Some("prepay"));
        assert_eq!(nearest("nmae", &known), Some("name"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), &known), None);
    }
}
