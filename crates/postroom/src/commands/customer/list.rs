//! `postroom customer list`: narrowed as the API narrows it, a page at a time.

use app::OpCtx;
use app::customers::list::{CustomerFilter, list};
use clap::Args;
use domain::compliance::ComplianceStatus;
use domain::customer::CustomerStatus;
use domain::id::CustomerId;
use domain::{Error, ErrorCode, Timestamp};
use serde_json::Value;

use crate::commands::parse::{self, one_of};
use crate::commands::who::Tenant;
use crate::out;

const COLUMNS: &[&str] = &[
    "id",
    "name",
    "email",
    "status",
    "compliance_status",
    "billing_status",
    "mailbox.pmb_number",
    "external_customer_id",
];

/// Customers of the partner and mode, newest first.
#[derive(Args)]
pub(super) struct List {
    /// The partner's own id.
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// Exactly this address, in any case of letters.
    #[arg(long)]
    email: Option<String>,
    /// Several are separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = one_of!(CustomerStatus))]
    status: Vec<CustomerStatus>,
    /// Several are separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = one_of!(ComplianceStatus))]
    compliance: Vec<ComplianceStatus>,
    /// By code or id.
    #[arg(long)]
    location: Option<String>,
    /// From this instant, such as 2026-11-21T15:04:05Z.
    #[arg(long, value_name = "TIME", value_parser = parse::instant)]
    created_after: Option<Timestamp>,
    /// Before this instant.
    #[arg(long, value_name = "TIME", value_parser = parse::instant)]
    created_before: Option<Timestamp>,
    /// From this instant.
    #[arg(long, value_name = "TIME", value_parser = parse::instant)]
    updated_after: Option<Timestamp>,
    /// Before this instant.
    #[arg(long, value_name = "TIME", value_parser = parse::instant)]
    updated_before: Option<Timestamp>,
    /// Rows, 1 to 100.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(i64).range(1..=100))]
    limit: i64,
    /// Go on behind this customer.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

impl List {
    pub(super) async fn run(&self, tenant: &Tenant, ctx: &OpCtx) -> anyhow::Result<()> {
        let location_id = match &self.location {
            Some(name) => Some(tenant.location(&ctx.app, name).await?),
            None => None,
        };
        let filter = CustomerFilter {
            external_customer_id: self.external_id.clone(),
            email: self.email.clone(),
            statuses: self.status.iter().map(ToString::to_string).collect(),
            compliance_statuses: self.compliance.iter().map(ToString::to_string).collect(),
            location_id,
            created: (self.created_after, self.created_before),
            updated: (self.updated_after, self.updated_before),
        };
        let (before, limit) = (self.before()?, self.limit);
        // One more, to see whether there is a next page.
        let work = async move |tx: &_, ctx: &_| list(tx, ctx, &filter, before, limit + 1).await;
        let mut found = ctx.app.query(ctx, work).await?;
        let n_shown = usize::try_from(limit)?;
        let has_more = found.len() > n_shown;
        found.truncate(n_shown);
        let rows: Vec<Value> = found.iter().map(|view| super::shown(ctx, view, false)).collect();
        out::rows(tenant.json(), COLUMNS, &rows);
        if let Some(last) = found.last().filter(|_| has_more) {
            out::say(format_args!("there are more; go on with --after {}", last.customer.id));
        }
        Ok(())
    }

    fn before(&self) -> domain::Result<Option<CustomerId>> {
        let unknown = |id| Error::refused(ErrorCode::NotFound, format!("{id} is no customer's id"));
        self.after.as_ref().map(|id| CustomerId::parse(id).ok_or_else(|| unknown(id))).transpose()
    }
}
