//! `postroom init`: from an empty database to a partner that can call the API.

use app::admin::keys::{self, NewKey};
use app::admin::locations::{self, NewLocation};
use app::admin::mailboxes;
use app::admin::partners::{self, NewPartner, PoolChoice};
use app::admin::{StaffCtx, operators};
use app::{App, OpCtx, operator_ctx};
use clap::Args;
use domain::address::Address;
use domain::key::ScopeName;
use domain::partner::{OrderForm, PartnerKind, PartnerSettings, PartnerStatus};

use crate::config::Config;
use crate::{node, out};

/// What to make. Every value has a default that can be changed later.
#[derive(Args)]
pub struct Init {
    /// The operator of the mailroom.
    #[arg(long, default_value = "My Mailroom")]
    pub operator: String,
    /// The partner that sells mailboxes; a short name of small letters, digits and dashes.
    #[arg(long, default_value = "acme")]
    pub partner: String,
    /// The street of the location.
    #[arg(long, default_value = "4521 Commerce Blvd")]
    pub street: String,
    #[arg(long, default_value = "Austin")]
    pub city: String,
    /// Two letters.
    #[arg(long, default_value = "TX")]
    pub state: String,
    #[arg(long, default_value = "78745-1234")]
    pub zip: String,
    /// IANA zone of the location.
    #[arg(long, default_value = "America/Chicago")]
    pub timezone: String,
    /// First mailbox number.
    #[arg(long, default_value_t = 301)]
    pub first_number: i64,
    /// Last mailbox number.
    #[arg(long, default_value_t = 1300)]
    pub last_number: i64,
    /// Print what was made as JSON.
    #[arg(long)]
    pub json: bool,
}

/// The keys of a partner that was just made.
pub struct Made {
    pub partner: String,
    pub live_key: String,
    pub test_key: String,
}

impl Init {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let app = node::open(config).await?;
        let made = self.make(&app).await?;
        let value = serde_json::json!({
            "partner": made.partner, "live_key": made.live_key, "test_key": made.test_key,
        });
        out::thing(self.json, &["partner", "live_key", "test_key"], &value);
        out::say(
            "Keep the keys: they are not shown again. Start the server with `postroom serve`.",
        );
        Ok(())
    }

    /// Makes everything; also the demo's first step.
    pub async fn make(&self, app: &App) -> anyhow::Result<Made> {
        let slug = slug_of(&self.operator);
        let operator = operators::create(app, "init", &self.operator, &slug).await?;
        let staff = StaffCtx::new(app, &operator, "init");
        let new = self.location();
        let location =
            staff.act(async move |tx, ctx| locations::create(tx, ctx, &new).await).await?;
        let new = self.new_partner();
        staff.act(async move |tx, ctx| partners::create(tx, ctx, &new).await).await?;
        let ctx = operator_ctx(app, &self.partner, true, "init").await?;
        let id = location.id.to_string();
        let grant = app
            .act(&ctx, async move |tx, ctx| {
                partners::grant(tx, ctx, &id, &PoolChoice::Shared).await
            })
            .await?;
        mailboxes::add(&staff, grant.pool_id, self.first_number, self.last_number).await?;
        let test = operator_ctx(app, &self.partner, false, "init").await?;
        let partner = self.partner.clone();
        Ok(Made { partner, live_key: key(&ctx).await?, test_key: key(&test).await? })
    }

    fn location(&self) -> NewLocation {
        NewLocation {
            name: self.city.clone(),
            code: "SITE1".to_owned(),
            address: Address {
                line1: self.street.clone(),
                city: self.city.clone(),
                state: self.state.clone(),
                postal_code: self.zip.clone(),
                country: "US".to_owned(),
                ..Address::default()
            },
            timezone: self.timezone.clone(),
            ..NewLocation::default()
        }
    }

    fn new_partner(&self) -> NewPartner {
        NewPartner {
            name: self.partner.clone(),
            slug: self.partner.clone(),
            kind: PartnerKind::SelfOperated,
            status: PartnerStatus::Live,
            settings: PartnerSettings::default(),
            order_form: OrderForm::first(&self.timezone),
        }
    }
}

async fn key(ctx: &OpCtx) -> anyhow::Result<String> {
    let name = if ctx.livemode() { "first live key" } else { "first test key" };
    let new = NewKey {
        name: name.to_owned(),
        scopes: ScopeName::ALL.to_vec(),
        networks: Vec::new(),
        expires_at: None,
    };
    let made = ctx.app.act(ctx, async move |tx, ctx| keys::create(tx, ctx, &new).await).await?;
    Ok(made.text)
}

fn slug_of(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    words.collect::<Vec<_>>().join("-")
}
