//! Judging the settings of an endpoint when they are saved, so that sending never has to.

use domain::endpoint::{ClientIdentity, Settings};
use domain::{Error, Field, Result};
use storage::endpoints::{ClientCertificate, Endpoint};
use webhook::custom::{CustomHeaders, CustomProblem};
use webhook::identity::Identity;

use crate::OpCtx;

/// Under which name the custom headers of an endpoint are sealed.
pub fn headers_place(endpoint_no: i64) -> String {
    format!("endpoint/{endpoint_no}/headers")
}

/// Under which name the client certificate of an endpoint is sealed, with its key.
pub fn certificate_place(endpoint_no: i64) -> String {
    format!("endpoint/{endpoint_no}/certificate")
}

pub(super) fn check_settings(settings: &Settings) -> Result<()> {
    let wrong = settings.problems();
    if wrong.is_empty() { Ok(()) } else { Err(Error::invalid(wrong)) }
}

/// Judges custom headers and puts them, sealed, in the place of those that the endpoint had.
pub(super) fn keep_headers(
    ctx: &OpCtx,
    endpoint: &mut Endpoint,
    pairs: &[(String, String)],
) -> Result<()> {
    let headers = CustomHeaders::read(pairs).map_err(|wrong| {
        Error::invalid(wrong.iter().map(|(name, problem)| refused(name, *problem)).collect())
    })?;
    let place = headers_place(endpoint.no);
    let seal = || ctx.seal(&place, headers.to_text().as_bytes());
    endpoint.headers_sealed = (!headers.is_empty()).then(seal);
    endpoint.header_names = headers.names();
    Ok(())
}

/// Judges a client certificate and puts it, sealed with its key, in the place of the one before.
pub(super) fn keep_certificate(
    ctx: &OpCtx,
    endpoint: &mut Endpoint,
    given: Option<&ClientIdentity>,
) -> Result<()> {
    endpoint.certificate = None;
    let Some(given) = given else { return Ok(()) };
    let app = &ctx.app;
    let (identity, shown) = Identity::read(given, app.clock.now()).map_err(|problem| {
        let member = if problem.is_of_key() { "private_key" } else { "certificate" };
        let name = format!("client_certificate/{member}");
        Error::invalid(vec![Field::new(name, "invalid", problem.to_string())])
    })?;
    let place = certificate_place(endpoint.no);
    endpoint.certificate = Some(ClientCertificate {
        subject: shown.subject,
        fingerprint: shown.fingerprint,
        expires_at: shown.expires_at,
        sealed: ctx.seal(&place, identity.to_text().as_bytes()),
    });
    Ok(())
}

/// A certificate is shown during the handshake, which plain HTTP does not have.
pub(super) fn check_encrypted(ctx: &OpCtx, endpoint: &Endpoint) -> Result<()> {
    let is_plain = ctx.app.guard.check_webhook(&endpoint.url).is_ok_and(|target| !target.is_tls());
    if endpoint.certificate.is_some() && is_plain {
        let rule = "a client certificate needs a URL that begins with https://";
        return Err(Error::invalid(vec![Field::new("client_certificate", "invalid", rule)]));
    }
    Ok(())
}

fn refused(name: &str, problem: CustomProblem) -> Field {
    if name.is_empty() {
        return Field::new("headers", "invalid", problem.to_string());
    }
    // A refused name may hold anything.
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    Field::new(format!("headers/{name}"), "invalid", format!("{name}: {problem}"))
}
