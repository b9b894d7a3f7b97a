//! Client certificates that end soon are told of, each once, so that somebody renews them in time.
//!
//! How long before is a setting of the install. Source: webhooks.md 5.16.

use app::notices::operator::CertificateExpiring;
use app::notices::{self, Notice};
use app::{App, audit};
use domain::{Result, days};
use storage::{Tx, certificates};

use crate::{Tasks, whose};

/// Certificates that one transaction tells of, and such transactions in one run.
const PAGE_ROWS: i64 = 100;
const PAGES_MAX: usize = 200;

/// Counts the certificates that were told of.
pub(crate) async fn run(tasks: &Tasks) -> Result<usize> {
    let app = &tasks.parts.app;
    let before = app.clock.now().plus(days(tasks.parts.certificate_notice_days));
    let mut n = 0;
    for _ in 0..PAGES_MAX {
        let find = async move |tx: &Tx| certificates::expiring(tx, before, PAGE_ROWS).await;
        let page = app.db.read(find).await?;
        if page.is_empty() {
            break;
        }
        n += page.len();
        let app = app.clone();
        let unit = async move |tx: &Tx| {
            for (endpoint_no, fingerprint) in &page {
                tell(tx, &app, *endpoint_no, fingerprint).await?;
            }
            Ok::<_, domain::Error>(())
        };
        tasks.parts.app.db.write(unit).await?;
    }
    Ok(n)
}

async fn tell(tx: &Tx, app: &App, endpoint_no: i64, fingerprint: &str) -> Result<()> {
    if !certificates::tell(tx, endpoint_no, fingerprint).await? {
        return Ok(());
    }
    let Some((ctx, endpoint)) = whose::find(tx, app, endpoint_no).await? else { return Ok(()) };
    let Some(certificate) = &endpoint.certificate else { return Ok(()) };
    let expires_at = certificate.expires_at.to_string();
    tracing::warn!(endpoint.id = %endpoint.id, "the client certificate of {} ends {expires_at}", endpoint.id);
    let detail = [("fingerprint", fingerprint), ("expires_at", expires_at.as_str())];
    audit::record(tx, &ctx, "endpoint.certificate_expiring", endpoint.id, &detail).await?;
    let news = CertificateExpiring {
        certificate_subject: certificate.subject.clone(),
        certificate_fingerprint: fingerprint.to_owned(),
        certificate_expires_at: expires_at,
    };
    notices::tell(tx, &ctx, &endpoint, Notice::CertificateExpiring(news)).await
}
