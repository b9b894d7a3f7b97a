//! Sending messages on, recipient by recipient.

use domain::Result;

use crate::Tasks;

/// Does what is due for recipients now, and counts it.
pub(crate) async fn run(tasks: &Tasks) -> Result<usize> {
    app::email::messages::outbound::run(&tasks.parts.app).await
}
