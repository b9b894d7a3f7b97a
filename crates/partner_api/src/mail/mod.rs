//! Mail items: logged, listed, read, deleted; and their pictures behind signed links.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod files;
pub(crate) mod get;
pub(crate) mod list;

use domain::minutes;

/// How long the links in an answer are good, in microseconds.
pub(crate) const LINK_LIFE: i64 = minutes(15);
