//! Bringing mail along from other houses, page by page.

use domain::Result;

use crate::Tasks;

/// Takes the jobs that are due some pages on, and counts their messages.
pub(crate) async fn run(tasks: &Tasks) -> Result<usize> {
    app::email::imports::run::run(&tasks.parts.app).await
}
