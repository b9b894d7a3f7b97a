//! One list out of several that were each read up to the limit.

/// The rows that come first by their places.
pub(crate) fn first_rows<T, K: Ord>(
    mut rows: Vec<T>,
    limit: i64,
    place: impl Fn(&T) -> K,
) -> Vec<T> {
    rows.sort_by_key(place);
    rows.truncate(usize::try_from(limit).unwrap_or(0));
    rows
}
