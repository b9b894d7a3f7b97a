//! Who runs a command and for whom: the arguments that most commands share.
//!
//! They have ids of their own, because a command's argument of the same id would be taken for them.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::bail;
use app::admin::{StaffCtx, locations, partners, staff_ctx};
use app::notices::own_ctx;
use app::{App, OpCtx, operator_ctx};
use clap::Args;
use domain::id::LocationId;

use crate::config::Config;
use crate::{node, out};

/// Who acts, and how to print.
#[derive(Args, Clone, Debug)]
pub struct Staff {
    /// The operator that acts; needed only where there are several.
    #[arg(id = "acting_operator", long = "operator", global = true, value_name = "SLUG")]
    pub operator: Option<String>,
    /// Who acts; the audit log holds this name. Default is the user of this machine.
    #[arg(id = "acting_name", long = "as", global = true, value_name = "NAME")]
    #[arg(env = "USER", hide_env = true)]
    #[arg(default_value = "operator", hide_default_value = true)]
    pub name: String,
    /// Print JSON for scripts.
    #[arg(id = "as_json", long = "json", global = true)]
    pub json: bool,
}

impl Staff {
    /// The operator's context on the configured database.
    pub async fn open(&self, config: &Config) -> anyhow::Result<StaffCtx> {
        self.ctx(&node::open(config).await?).await
    }

    async fn ctx(&self, app: &App) -> anyhow::Result<StaffCtx> {
        Ok(staff_ctx(app, self.operator.as_deref(), &self.name).await?)
    }

    /// The context of a partner, in the live or the test world.
    pub async fn partner(
        &self,
        config: &Config,
        slug: &str,
        livemode: bool,
    ) -> anyhow::Result<OpCtx> {
        Ok(operator_ctx(&node::open(config).await?, slug, livemode, &self.name).await?)
    }
}

/// Who acts, and for which partner in which world.
#[derive(Args, Clone, Debug)]
pub struct Tenant {
    /// The partner, by its slug; needed only where there are several.
    #[arg(id = "acting_partner", long = "partner", global = true, value_name = "SLUG")]
    pub partner: Option<String>,
    /// Act in the partner's test world; default is live.
    #[arg(id = "in_test", long = "test", global = true)]
    pub test: bool,
    #[command(flatten)]
    pub staff: Staff,
}

impl Tenant {
    /// The partner's context on the configured database, or the operator's at its own endpoints.
    pub async fn open_or_own(&self, config: &Config, own: Own) -> anyhow::Result<OpCtx> {
        if !own.own {
            return self.open(config).await;
        }
        let staff = self.staff.open(config).await?;
        Ok(own_ctx(&staff.app, staff.operator_id, !self.test, &staff.staff).await?)
    }

    /// The partner's context on the configured database.
    pub async fn open(&self, config: &Config) -> anyhow::Result<OpCtx> {
        self.ctx(&node::open(config).await?).await
    }

    /// The same on a database that is open.
    pub async fn ctx(&self, app: &App) -> anyhow::Result<OpCtx> {
        let slug = match &self.partner {
            Some(slug) => slug.clone(),
            None => self.only_partner(app).await?,
        };
        Ok(operator_ctx(app, &slug, !self.test, &self.staff.name).await?)
    }

    pub fn json(&self) -> bool {
        self.staff.json
    }

    /// The id of a location that is named by its code or its id.
    pub async fn location(&self, app: &App, name: &str) -> anyhow::Result<LocationId> {
        let staff = self.staff.ctx(app).await?;
        let name = name.to_owned();
        Ok(staff.query(async move |tx, ctx| locations::get(tx, ctx, &name).await).await?.id)
    }

    async fn only_partner(&self, app: &App) -> anyhow::Result<String> {
        let staff = self.staff.ctx(app).await?;
        let all = staff.query(async |tx, ctx| partners::list(tx, ctx).await).await?;
        match all.as_slice() {
            [one] => Ok(one.slug.clone()),
            [] => bail!("there is no partner yet; `postroom partner create` makes one"),
            _ => bail!("there are several partners; name one with --partner"),
        }
    }
}

/// For whom endpoints are looked after.
#[derive(Args, Clone, Copy, Debug)]
pub struct Own {
    /// The operator's own endpoints, which hear how those of its partners fare.
    #[arg(long, global = true, conflicts_with = "acting_partner")]
    own: bool,
}

/// Leave for a step that can't be taken back.
#[derive(Args, Clone, Copy, Debug)]
pub struct Sure {
    /// Do it without asking.
    #[arg(long)]
    yes: bool,
}

impl Sure {
    /// Asks on a terminal; a script has to say `--yes`.
    pub fn ask(self, what: &str) -> anyhow::Result<()> {
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            bail!("{what} can't be taken back; say --yes");
        }
        out::say(format_args!("{what}: this can't be taken back. Type yes to go on."));
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if answer.trim() == "yes" {
            return Ok(());
        }
        bail!("nothing was done");
    }
}
