//! The context of what the operator's staff do outside any partner.

use domain::id::OperatorId;
use domain::partner::Operator;
use domain::{Error, ErrorCode, Result, Timestamp};
use storage::{Tx, tenancy};

use crate::App;

/// Who acts for which operator, and when.
#[derive(Clone)]
pub struct StaffCtx {
    pub app: App,
    pub operator_id: OperatorId,
    /// The name that the person gave; it stands in the audit records.
    pub staff: String,
    pub now: Timestamp,
}

impl StaffCtx {
    /// A context for an operator whose row the caller holds.
    pub fn new(app: &App, operator: &Operator, staff: &str) -> Self {
        let now = app.clock.now();
        Self { app: app.clone(), operator_id: operator.id, staff: staff.to_owned(), now }
    }

    /// Runs a use-case in a transaction of its own.
    pub async fn act<T, W>(&self, work: W) -> Result<T>
    where
        W: AsyncFn(&Tx, &Self) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let ctx = self.clone();
        self.app.db.write(async move |tx: &Tx| work(tx, &ctx).await).await
    }

    /// Runs a reading use-case.
    pub async fn query<T, W>(&self, work: W) -> Result<T>
    where
        W: AsyncFn(&Tx, &Self) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let ctx = self.clone();
        self.app.db.read(async move |tx: &Tx| work(tx, &ctx).await).await
    }
}

/// A context for the named operator, or for the only one there is.
pub async fn staff_ctx(app: &App, operator: Option<&str>, staff: &str) -> Result<StaffCtx> {
    let all = app.db.read(async |tx: &Tx| tenancy::operator_list(tx).await).await;
    let all = all.map_err(Error::from)?;
    let found = match operator {
        Some(slug) => all.iter().find(|o| o.slug == slug).ok_or_else(|| {
            Error::refused(ErrorCode::NotFound, format!("there is no operator {slug}"))
        }),
        None => match all.as_slice() {
            [one] => Ok(one),
            [] => Err(Error::refused(ErrorCode::NotFound, "there is no operator yet")
                .fix("`postroom init` makes one")),
            _ => Err(Error::refused(
                ErrorCode::NotFound,
                "there are several operators; say which one acts",
            )
            .fix("name one with --operator")),
        },
    };
    Ok(StaffCtx::new(app, found?, staff))
}
