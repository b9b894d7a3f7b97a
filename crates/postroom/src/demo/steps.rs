//! The story of the seed, step by step, as a script that can be read from top to bottom.
//!
//! What a partner's system does goes over HTTP; what the operator's staff do goes through the same
//! use-cases as their commands. Every step waits for the events that it must cause; what must hold in the
//! end is in [`super::proof`].

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use app::OpCtx;
use app::compliance::review::Approval;
use app::compliance::submit::Signing;
use app::compliance::{ComplianceView, review, submit, witness};
use app::mail_actions::complete::Outcome;
use app::mail_actions::{complete, work};
use axum::http::Method;
use bytes::Bytes;
use domain::compliance::{Attestation, DocumentRole, NotaryMethod, all_passed};
use serde_json::Value;

use super::client::{Call, Crm, Told};
use super::receiver::{Arrival, Receiver};
use super::stage::Stage;
use crate::client;
use crate::commands::form;

/// The seed's first example, as printed.
const CUSTOMER: &str = r#"{
    "external_customer_id": "crm_customer_123",
    "email": "jane@example.com",
    "name": "Jane Smith",
    "phone": "+15555555555",
    "prepay": true
  }"#;
const CUSTOMER_KEY: &str = "crm_customer_123_create";

/// The seed's second example, with the customer and the photo of this demo.
const MAIL: &str = r#"{
    "customer_id": "CUSTOMER",
    "type": "package",
    "photos": ["PHOTO"],
    "performed_by": "warehouse_user_42",
    "tracking_number": "1Z9999999999999999"
  }"#;

const PASSPORT: &[u8] = b"%PDF-1.4\n% stands for the scan of a passport\n%%EOF\n";
const LEASE: &[u8] = b"%PDF-1.4\n% stands for the scan of a lease\n%%EOF\n";

/// What is looked at again and again until it is so: how often, and how long at most.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(50);
pub(super) const LOOK_FOR: Duration = Duration::from_secs(20);

/// The demo on its way.
pub(super) struct Walk {
    /// The operator's staff, for the partner of the demo.
    pub(super) ctx: OpCtx,
    pub(super) crm: Crm,
    pub(super) receiver: Receiver,
    pub(super) stage: Stage,
    pub(super) folder: PathBuf,
    /// Every delivery so far.
    pub(super) heard: Vec<Arrival>,
}

impl Walk {
    /// Walks the whole story; an error says where it did not hold.
    pub(super) async fn run(&mut self) -> anyhow::Result<()> {
        self.open();
        self.subscribe().await?;
        let customer = self.invite().await?;
        self.submit_form(&customer).await?;
        self.witness(&customer).await?;
        self.approve(&customer).await?;
        self.read_mailbox(&customer).await?;
        let mail = self.log_package(&customer).await?;
        self.look_at_photo(&mail).await?;
        self.scan(&mail).await?;
        self.pick_up(&mail).await?;
        self.read_usage().await?;
        self.invite_again(&customer).await?;
        self.prove(&customer).await
    }

    fn open(&mut self) {
        Stage::note("Postroom: one mailroom, one brand, one customer, and a CRM that knows them.");
        self.stage
            .step("An operator opens a mailroom in Austin for the brand acme, with 1000 boxes.");
        self.stage.same("postroom init");
        self.stage.back(&format!("http://{} is up; keys for live and test", self.crm.host));
    }

    async fn subscribe(&mut self) -> anyhow::Result<()> {
        self.stage.step("The CRM names the address that is to hear of events.");
        let body = format!(r#"{{"url": "{}"}}"#, self.receiver.hooks_url());
        let call = Call::post("/api/v1/webhook-endpoints", "crm_endpoint", body);
        let told = self.make(&call).await?;
        self.receiver.learn(&told.text("/secret")?)?;
        self.stage.back(&format!(
            "{} {}; the signing secret is shown once: {}",
            told.status,
            told.text("/id")?,
            told.text("/secret")?
        ));
        Ok(())
    }

    async fn invite(&mut self) -> anyhow::Result<String> {
        self.stage.step("The CRM invites Jane Smith, who has paid; a box is kept for her.");
        let told = self.make(&Call::post("/api/v1/customers", CUSTOMER_KEY, CUSTOMER)).await?;
        let id = told.text("/id")?;
        self.stage.back(&format!(
            "{} {id} is {}; {}; box {}",
            told.status,
            told.text("/status")?,
            told.text("/compliance_status")?,
            told.text("/mailbox/pmb_number")?
        ));
        self.hear(&["customer.created"]).await?;
        Ok(id)
    }

    async fn submit_form(&mut self, customer: &str) -> anyhow::Result<()> {
        self.stage.step("Jane fills in and signs USPS Form 1583, with passport and lease.");
        for (name, bytes) in [
            ("form.json", form::EXAMPLE.as_bytes()),
            ("passport.pdf", PASSPORT),
            ("lease.pdf", LEASE),
        ] {
            let path = self.folder.join(name);
            std::fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
        }
        let folder = self.folder.display();
        self.same_command(&format!(
            "compliance submit {customer} \\\n  --form {folder}/form.json \
             --photo-id {folder}/passport.pdf --address-id {folder}/lease.pdf"
        ));
        let images = vec![
            (DocumentRole::PhotoId, Bytes::from_static(PASSPORT)),
            (DocumentRole::AddressId, Bytes::from_static(LEASE)),
        ];
        let read = form::read(serde_json::from_str(form::EXAMPLE)?)?;
        let input = read.submission(&self.ctx.app, images, Signing::Electronic).await?;
        let id = customer.to_owned();
        let work = async move |tx: &_, ctx: &_| submit::submit(tx, ctx, &id, &input).await;
        let view = self.ctx.app.act(&self.ctx, work).await?;
        self.told_compliance(&view);
        self.hear(&["customer.form_1583_status_updated"]).await
    }

    async fn witness(&mut self, customer: &str) -> anyhow::Result<()> {
        self.stage.step("A member of staff watches her sign.");
        self.same_command(&format!(
            "compliance witness {customer} --witness 'Wes Witness' --signer 'Jane Smith'"
        ));
        let input = Attestation {
            method: NotaryMethod::InPersonAgent,
            witness_name: "Wes Witness".to_owned(),
            commission_state: None,
            signer_name: "Jane Smith".to_owned(),
            signed_on: self.ctx.app.clock.now().date_in(self.zone()),
            session: None,
        };
        let id = customer.to_owned();
        let work = async move |tx: &_, ctx: &_| witness::witness(tx, ctx, &id, &input).await;
        let view = self.ctx.app.act(&self.ctx, work).await?;
        self.told_compliance(&view);
        self.hear(&["customer.form_1583_status_updated"]).await
    }

    async fn approve(&mut self, customer: &str) -> anyhow::Result<()> {
        self.stage.step("A reviewer goes through the list and approves; her box opens at once.");
        self.same_command(&format!("compliance approve {customer} --all-passed"));
        let input = Approval { checklist: all_passed(), note: None };
        let id = customer.to_owned();
        let work = async move |tx: &_, ctx: &_| review::approve(tx, ctx, &id, &input).await;
        let view = self.ctx.app.act(&self.ctx, work).await?;
        self.told_compliance(&view);
        self.hear(&[
            "customer.form_1583_status_updated",
            "customer.verified",
            "customer.activated",
            "customer.form_1583_status_updated",
        ])
        .await
    }

    async fn read_mailbox(&mut self, customer: &str) -> anyhow::Result<()> {
        self.stage.step("The CRM reads the address that senders are to write.");
        let told = self.make(&Call::get(format!("/api/v1/customers/{customer}/mailbox"))).await?;
        let lines = told.json["formatted_address"].as_array().cloned().unwrap_or_default();
        let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
        ensure!(told.text("/status")? == "active", "the mailbox is not active");
        self.stage.back(&format!("{} active: {}", told.status, lines.join(" / ")));
        Ok(())
    }

    async fn log_package(&mut self, customer: &str) -> anyhow::Result<String> {
        self.stage.step("A package arrives; the warehouse logs it with a photo.");
        let body = MAIL.replace("CUSTOMER", customer).replace("PHOTO", &self.receiver.photo_url());
        let told = self.make(&Call::post("/api/v1/mail", "inbound_mail_789", body)).await?;
        let id = told.text("/id")?;
        self.stage.back(&format!(
            "{} {id} has {}, carried by {}",
            told.status,
            told.text("/status")?,
            told.text("/carrier")?
        ));
        self.hear(&["mail.arrived", "package.arrived"]).await?;
        Ok(id)
    }

    async fn look_at_photo(&mut self, mail: &str) -> anyhow::Result<()> {
        self.stage.step("The photo was fetched, cleaned and stored; the item shows a signed link.");
        let call = Call::get(format!("/api/v1/mail/{mail}"));
        self.stage.same(&self.crm.curl(&call));
        let deadline = tokio::time::Instant::now() + LOOK_FOR;
        let told = loop {
            let told = self.crm.make(&call).await?;
            if told.text("/photos/0/status")? == "stored" {
                break told;
            }
            ensure!(tokio::time::Instant::now() < deadline, "the photo was not stored in time");
            tokio::time::sleep(LOOK_EVERY).await;
        };
        let url = told.text("/photos/0/url")?;
        let path = url.split_once(&self.crm.host).map_or(url.as_str(), |(_, path)| path);
        let photo = client::send(&self.crm.host, Method::GET, path, &[], Bytes::new()).await?;
        let media = photo.header("content-type").to_owned();
        ensure!(
            photo.status.is_success() && media.starts_with("image/"),
            "the link shows no photo"
        );
        self.stage.back(&format!("{} bytes of {media} behind {url}", photo.body.len()));
        Ok(())
    }

    async fn scan(&mut self, mail: &str) -> anyhow::Result<()> {
        self.stage
            .step("Jane asks to see what is inside; the mailroom opens it and scans 3 pages.");
        let body = r#"{"contents_photo": true}"#;
        let path = format!("/api/v1/mail/{mail}/scan");
        let told = self.make(&Call::post(path, "scan_mail_789", body)).await?;
        let action = told.text("/id")?;
        self.stage.back(&format!("{} {action} is {}", told.status, told.text("/status")?));
        self.hear(&["mail.scan_requested"]).await?;
        self.same_command(&format!("action start {action}"));
        self.same_command(&format!("action complete {action} --pages 3"));
        let id = action.clone();
        let begin = async move |tx: &_, ctx: &_| work::start(tx, ctx, &id).await;
        self.ctx.app.act(&self.ctx, begin).await?;
        let end = async move |tx: &_, ctx: &_| {
            complete::complete(tx, ctx, &action, &Outcome::Scanned { pages: 3 }).await
        };
        let done = self.ctx.app.act(&self.ctx, end).await?;
        self.stage.back(&format!("{} is {}", done.action.id, done.action.status));
        self.hear(&["mail.scanned"]).await
    }

    async fn pick_up(&mut self, mail: &str) -> anyhow::Result<()> {
        self.stage.step("Jane will collect it on the next open day; that is within opening hours.");
        let body = format!(r#"{{"date": "{}"}}"#, self.next_weekday()?);
        let path = format!("/api/v1/mail/{mail}/pickup");
        let told = self.make(&Call::post(path, "pickup_mail_789", body)).await?;
        ensure!(told.text("/status")? == "scheduled", "the pickup was not scheduled");
        self.stage.back(&format!("{} {} is scheduled", told.status, told.text("/id")?));
        self.hear(&["mail.pickup_requested", "mail.pickup_scheduled"]).await
    }

    async fn read_usage(&mut self) -> anyhow::Result<()> {
        self.stage.step("At the end of the month both sides count the same.");
        let told = self.make(&Call::get("/api/v1/billing/usage?include=lines")).await?;
        let count = |name: &str| told.json[name].as_i64().unwrap_or(-1);
        let (opening, opened, closed) =
            (count("opening_active"), count("activated"), count("deactivated"));
        let closing = count("closing_active");
        ensure!(opening + opened - closed == closing, "the counts do not add up");
        ensure!(count("active_mailboxes") == 1, "there should be one active mailbox");
        self.stage.back(&format!(
            "{} {opening} at first + {opened} opened - {closed} closed = {closing} active; \
             {} to bill; {} package, {} scan",
            told.status,
            told.json["billable_mailboxes"],
            told.json["operations"]["packages_received"],
            told.json["operations"]["scans_completed"]
        ));
        Ok(())
    }

    async fn invite_again(&mut self, customer: &str) -> anyhow::Result<()> {
        self.stage.step("The CRM lost the first answer and sends the same request again.");
        let told = self.make(&Call::post("/api/v1/customers", CUSTOMER_KEY, CUSTOMER)).await?;
        ensure!(told.is_replay, "the answer is not marked as a replay");
        ensure!(told.text("/id")? == customer, "the replay names another customer");
        self.stage.back(&format!(
            "{} {customer} again, Idempotent-Replayed: true; no second box, no second event",
            told.status
        ));
        Ok(())
    }

    /// Prints a call and makes it.
    pub(super) async fn make(&self, call: &Call<'_>) -> anyhow::Result<Told> {
        self.stage.same(&self.crm.curl(call));
        self.crm.make(call).await
    }

    /// Waits for the events of a step. They may overtake one another on the way: their numbers, which
    /// rise by one for each customer, tell the order in which they happened.
    async fn hear(&mut self, kinds: &[&str]) -> anyhow::Result<()> {
        let from = self.heard.len();
        let mut came = Vec::with_capacity(kinds.len());
        for _ in kinds {
            came.push(self.receiver.next().await?);
        }
        came.sort_by_key(|arrival| arrival.sequence);
        for arrival in came {
            self.take(arrival)?;
        }
        let came: Vec<&str> = self.heard[from..].iter().map(|a| a.kind.as_str()).collect();
        ensure!(came == kinds, "expected {kinds:?}, heard {came:?}");
        Ok(())
    }

    pub(super) fn take(&mut self, arrival: Arrival) -> anyhow::Result<()> {
        self.stage.heard(&arrival);
        ensure!(arrival.is_verified, "the signature of {} does not hold", arrival.event_id);
        self.heard.push(arrival);
        Ok(())
    }

    fn same_command(&self, command: &str) {
        let config = self.folder.join("postroom.toml");
        self.stage.same(&format!("postroom --config {} {command}", config.display()));
    }

    fn told_compliance(&self, view: &ComplianceView) {
        let ready = if view.mailbox_ready { "; mail may come" } else { "" };
        self.stage.back(&format!("{}{ready}", view.customer.compliance_status));
    }

    /// The time zone of the mailroom.
    fn zone(&self) -> &str {
        // `init` gives the order form that of the location.
        &self.ctx.partner.order_form.timezone
    }

    /// The first day after today that is no Saturday or Sunday.
    fn next_weekday(&self) -> anyhow::Result<domain::Date> {
        let zone = self.zone();
        let today = self.ctx.app.clock.now().date_in(zone);
        let is_weekday = |day: &domain::Date| {
            day.start_in(zone).civil(zone).weekday().to_monday_one_offset() <= 5
        };
        (1..=7).map(|n| today.plus_days(n)).find(is_weekday).context("a week has weekdays")
    }
}
