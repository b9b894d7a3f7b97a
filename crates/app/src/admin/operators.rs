//! Operators: who runs a mailroom.

use domain::id::OperatorId;
use domain::partner::Operator;
use domain::{Error, Field, Result};
use storage::{Tx, tenancy};

use super::{NAME_RULE, Problems, SLUG_RULE, StaffCtx, is_name, is_slug};
use crate::{App, audit, notices};

/// Makes an operator. It is the first act of an install, so no context can exist before it.
pub async fn create(app: &App, staff: &str, name: &str, slug: &str) -> Result<Operator> {
    let mut problems = Problems::default();
    problems.need(is_name(name), "name", NAME_RULE);
    problems.need(is_slug(slug), "slug", SLUG_RULE);
    problems.none()?;
    let now = app.clock.now();
    let operator = Operator {
        id: OperatorId::new(app.ids.as_ref(), now),
        name: name.to_owned(),
        slug: slug.to_owned(),
        created_at: now,
    };
    let owner = notices::owner(app, operator.id, slug, name);
    let ctx = StaffCtx::new(app, &operator, staff);
    app.db
        .write(async move |tx: &Tx| {
            if tenancy::operator_list(tx).await?.iter().any(|o| o.slug == operator.slug) {
                let message = format!("there is an operator {} already", operator.slug);
                return Err(Error::invalid(vec![Field::new("slug", "taken", message)]));
            }
            tenancy::operator_insert(tx, &operator).await?;
            tenancy::partner_insert(tx, &owner).await?;
            let detail = [("slug", operator.slug.as_str())];
            audit::record_by_staff(tx, &ctx, "operator.create", operator.id, &detail).await?;
            Ok(operator.clone())
        })
        .await
}

/// Every operator of this install.
pub async fn list(app: &App) -> Result<Vec<Operator>> {
    let all = app.db.read(async |tx: &Tx| tenancy::operator_list(tx).await).await;
    Ok(all?)
}
