//! Client certificates of endpoints that end soon, and which of them were told of.
//!
//! The certificates themselves are columns of [`crate::endpoints`].

use domain::Timestamp;

use crate::{Result, Row, Tx, args, statements};

statements! {
    EXPIRING = "select no, certificate_sha256 from endpoints where certificate_expires_at < $1 and deleted_at is null
        and (certificate_told is null or certificate_told <> certificate_sha256)
        order by certificate_expires_at, no limit $2";
    TELL = "update endpoints set certificate_told = $2 where no = $1 and certificate_sha256 = $2
        and (certificate_told is null or certificate_told <> $2)";
}

/// Endpoints whose certificate ends before a time and was not told of yet, with its fingerprint; the next to end
/// first.
pub async fn expiring(tx: &Tx, before: Timestamp, limit: i64) -> Result<Vec<(i64, String)>> {
    tx.all(EXPIRING, args![before, limit], |r: &mut Row| Ok((r.next()?, r.next()?))).await
}

/// Notes that the end of this certificate is told of; false when it was already, or another took its place.
pub async fn tell(tx: &Tx, endpoint_no: i64, fingerprint: &str) -> Result<bool> {
    Ok(tx.exec(TELL, args![endpoint_no, fingerprint]).await? == 1)
}
