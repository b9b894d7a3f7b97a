//! Judging the settings of an endpoint when they are saved, so that sending never has to.

use domain::endpoint::Settings;
use domain::{Error, Field, Result};
use storage::endpoints::Endpoint;
use webhook::custom::{CustomHeaders, CustomProblem};

use crate::OpCtx;

/// Under which name the custom headers of an endpoint are sealed.
pub fn headers_place(endpoint_no: i64) -> String {
    format!("endpoint/{endpoint_no}/headers")
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
    let (app, place) = (&ctx.app, headers_place(endpoint.no));
    let seal = || app.secrets.seal(app.ids.as_ref(), &place, headers.to_text().as_bytes());
    endpoint.headers_sealed = (!headers.is_empty()).then(seal);
    endpoint.header_names = headers.names();
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
