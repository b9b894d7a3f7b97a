//! One page of a list, and how to know whether there is another: one row more is asked for than is shown.

/// Rows, and whether there are more behind them.
pub struct Page<T> {
    pub items: Vec<T>,
    pub has_more: bool,
}

/// How many rows to ask for.
pub(crate) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

impl<T> Page<T> {
    /// Out of what was found when [`one_more`] was asked for.
    pub(crate) fn of(mut items: Vec<T>, limit: usize) -> Self {
        let has_more = items.len() > limit;
        items.truncate(limit);
        Self { items, has_more }
    }
}
