//! Migrations are numbered without gaps, so that two of them can't claim one place.
//!
//! What a migration may say is tested by `storage`, which runs each one on both engines.

/// Problems among the paths of the migrations: `0007_deliveries.sql` in any subfolder counts as 7.
/// Each folder is a sequence of its own that begins with 1.
pub(super) fn check(mut paths: Vec<&str>) -> Vec<String> {
    let mut problems = Vec::new();
    let (mut last_folder, mut expected) = (String::new(), 1);
    paths.sort_unstable();
    for path in paths {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(name) = file.strip_suffix(".sql") else { continue };
        if folder != last_folder {
            (last_folder, expected) = (folder.to_owned(), 1);
        }
        let number = name.split_once('_').and_then(|(number, _)| number.parse::<u32>().ok());
        if number != Some(expected) {
            problems.push(format!("{path}: the next migration here is number {expected:04}"));
        }
        expected = number.unwrap_or(expected) + 1;
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn numbers_without_gaps_pass_in_each_folder() {
        assert!(
            check(vec!["m/0001_a.sql", "m/0002_b.sql", "m/pg/0001_c.sql", "m/README.md"])
                .is_empty()
        );
        assert!(check(vec![]).is_empty());
    }

    #[test]
    fn a_gap_a_twin_and_a_missing_number_are_named() {
        let gap = check(vec!["m/0001_a.sql", "m/0003_b.sql", "m/0004_c.sql"]);
        assert_eq!(gap, ["m/0003_b.sql: the next migration here is number 0002"]);
        assert_eq!(check(vec!["m/0001_a.sql", "m/0001_b.sql"]).len(), 1);
        assert_eq!(check(vec!["m/first.sql"]).len(), 1);
    }
}
