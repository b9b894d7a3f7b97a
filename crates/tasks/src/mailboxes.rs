//! What becomes of messages after they were stored: their words are taken in, and what was deleted is
//! taken out.

use domain::Result;

use crate::Tasks;

/// Takes in the words of messages that wait, and counts them.
pub(crate) async fn index(tasks: &Tasks) -> Result<usize> {
    app::email::search::index(&tasks.parts.app).await
}

/// Takes out what deletion left, and counts it.
pub(crate) async fn sweep(tasks: &Tasks) -> Result<usize> {
    app::email::sweep::run(&tasks.parts.app).await
}
