//! Counting what partners use: each day once, each month a day after its end.

use domain::Result;

use crate::Tasks;

/// Counts the months that it closed. Days are counted again without changing anything.
pub(crate) async fn run(tasks: &Tasks) -> Result<usize> {
    let app = &tasks.parts.app;
    app::usage::snapshot::due(app).await?;
    app::usage::close::due(app).await
}
