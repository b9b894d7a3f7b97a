//! Linking new audit records into the chain, within about a second of their commit.

use domain::Result;

use crate::Tasks;

/// Units of one run; each links up to a thousand records. The rest waits for the next second.
const UNITS_MAX: usize = 16;

/// Counts the records that it linked.
pub(crate) async fn run(tasks: &Tasks) -> Result<usize> {
    let mut linked = 0;
    for _ in 0..UNITS_MAX {
        match app::audit::link(&tasks.parts.app).await? {
            0 => break,
            n => linked += n,
        }
    }
    Ok(linked)
}
