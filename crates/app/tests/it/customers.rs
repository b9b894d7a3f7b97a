//! Inviting, changing and listing customers.

use app::customers::create::MailboxChoice;
use app::customers::deactivate::{self, Deactivation};
use app::customers::recipients::{self, Covered};
use app::customers::update::{self, CustomerChange};
use app::customers::{CustomerView, list};
use domain::ErrorCode;
use domain::customer::{DeactivationReason, RecipientKind, RecipientStatus};
use domain::event::EventType;
use storage::customers::CustomerFilter;
use wire::reader::Patch;

use crate::applicants::open_mailbox;
use crate::support::{FIRST_NUMBER, act, address, events, invite, refusal, world};

#[tokio::test]
async fn an_invited_customer_holds_a_number_and_the_partner_is_told() {
    let world = world().await;
    let ctx = world.ctx().await;
    let view = invite(&ctx, "crm_1").await;
    let (mailbox, _) = view.mailbox.unwrap();
    assert_eq!(mailbox.number, FIRST_NUMBER);
    let told = events(&ctx).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, EventType::CustomerCreated);
    assert_eq!(told[0].1["data"]["external_customer_id"], "crm_1");
}

#[tokio::test]
async fn a_customer_of_another_partner_or_mode_is_not_found() {
    let world = world().await;
    let view = invite(&world.ctx().await, "crm_1").await;
    for ctx in [world.other_ctx().await, world.test_ctx().await] {
        let id = view.customer.id.to_string();
        let found =
            act(&ctx, async move |tx, ctx| app::customers::get::get(tx, ctx, &id).await).await;
        assert_eq!(refusal(found), ErrorCode::CustomerNotFound);
    }
}

async fn change(
    ctx: &app::OpCtx,
    id: &str,
    version: Option<i64>,
    input: CustomerChange,
) -> domain::Result<CustomerView> {
    let id = id.to_owned();
    act(ctx, async move |tx, ctx| update::update(tx, ctx, &id, version, &input).await).await
}

#[tokio::test]
async fn a_change_of_a_draft_reaches_the_form_and_is_not_told() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let input = CustomerChange {
        name: Patch::Set("Janet Van Dyke".to_owned()),
        phone: Patch::Set("+15125550100".to_owned()),
        forwarding_address: Patch::Set(address("9 Away Rd")),
        ..CustomerChange::default()
    };
    let view = change(&ctx, &id, None, input.clone()).await.unwrap();
    assert_eq!(view.customer.version, 2);
    let key = id.clone();
    let form = act(&ctx, async move |tx, ctx| app::compliance::read::form(tx, ctx, &key).await);
    let form = form.await.unwrap().data;
    assert_eq!((&*form.first_name, &*form.last_name), ("Janet Van", "Dyke"));
    assert_eq!(form.phone.as_deref(), Some("+15125550100"));
    assert_eq!(form.transfer, Some(address("9 Away Rd")));
    assert_eq!(events(&ctx).await.len(), 1);
    assert_eq!(change(&ctx, &id, None, input).await.unwrap().customer.version, 2);
    let empty = CustomerChange::default();
    assert_eq!(change(&ctx, &id, None, empty).await.unwrap().customer.version, 2);
}

#[tokio::test]
async fn metadata_is_merged_and_has_at_most_fifty_pairs() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let pair = |name: &str, value: Option<&str>| (name.to_owned(), value.map(ToOwned::to_owned));
    let with = |pairs| CustomerChange { metadata: Patch::Set(pairs), ..Default::default() };
    let first = with(vec![pair("a", Some("1")), pair("b", Some("2"))]);
    change(&ctx, &id, None, first).await.unwrap();
    let second = with(vec![pair("a", None), pair("c", Some("3")), pair("z", None)]);
    let view = change(&ctx, &id, None, second).await.unwrap();
    let kept = [("b".to_owned(), "2".to_owned()), ("c".to_owned(), "3".to_owned())];
    assert_eq!(view.customer.metadata, kept);
    let many = (0..49).map(|n| pair(&format!("m{n}"), Some("x"))).collect();
    assert_eq!(refusal(change(&ctx, &id, None, with(many)).await), ErrorCode::ValidationFailed);
}

#[tokio::test]
async fn a_change_is_refused_at_another_version_and_with_an_external_id_that_is_taken() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    invite(&ctx, "crm_2").await;
    let stale = change(&ctx, &id, Some(7), CustomerChange::default()).await;
    assert_eq!(refusal(stale), ErrorCode::PreconditionFailed);
    let external = |id: &str| CustomerChange {
        external_customer_id: Patch::Set(id.to_owned()),
        ..CustomerChange::default()
    };
    let taken = change(&ctx, &id, Some(1), external("crm_2")).await;
    assert_eq!(refusal(taken), ErrorCode::ExternalCustomerIdExists);
    let view = change(&ctx, &id, Some(1), external("crm_3")).await.unwrap();
    assert_eq!(view.customer.external_customer_id.as_deref(), Some("crm_3"));
}

#[tokio::test]
async fn another_number_is_reserved_while_the_mailbox_is_not_open() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let number = |n: &str| CustomerChange {
        mailbox: Some(MailboxChoice { pmb_number: Some(n.to_owned()), ..MailboxChoice::default() }),
        ..CustomerChange::default()
    };
    let view = change(&ctx, &id, None, number("320")).await.unwrap();
    assert_eq!(view.mailbox.unwrap().0.number, 320);
    assert_eq!(change(&ctx, &id, None, number("320")).await.unwrap().customer.version, 2);
    let next = invite(&ctx, "crm_2").await;
    assert_eq!(next.mailbox.unwrap().0.number, FIRST_NUMBER);
    let taken = change(&ctx, &id, None, number(&FIRST_NUMBER.to_string())).await;
    assert_eq!(refusal(taken), ErrorCode::MailboxUnavailable);
}

#[tokio::test]
async fn of_a_former_customer_only_bookkeeping_changes() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let input = Deactivation {
        reason: DeactivationReason::Other,
        note: None,
        effective_at: None,
        remail: None,
        complete_open_actions: true,
    };
    let key = id.clone();
    act(&ctx, async move |tx, ctx| deactivate::deactivate(tx, ctx, &key, &input).await)
        .await
        .unwrap();
    let input = CustomerChange {
        external_customer_id: Patch::Clear,
        tags: Patch::Set(vec!["left".to_owned()]),
        forwarding_address: Patch::Set(address("9 Away Rd")),
        ..CustomerChange::default()
    };
    let view = change(&ctx, &id, None, input).await.unwrap();
    assert_eq!(view.customer.external_customer_id, None);
    let input = CustomerChange { phone: Patch::Set("+15125550100".into()), ..Default::default() };
    let refused = change(&ctx, &id, None, input).await;
    assert_eq!(refusal(refused), ErrorCode::CustomerInactive);
}

#[tokio::test]
async fn customers_are_listed_newest_first_within_their_partner() {
    let world = world().await;
    let ctx = world.ctx().await;
    for n in 0..3 {
        invite(&ctx, &format!("crm_{n}")).await;
    }
    invite(&world.other_ctx().await, "crm_0").await;
    let page = async |filter: CustomerFilter, before| {
        let work = async move |tx: &app::Tx, ctx: &app::OpCtx| {
            list::list(tx, ctx, &filter, before, 2).await
        };
        let views = act(&ctx, work).await.unwrap();
        let ids = views.iter().map(|v| v.customer.external_customer_id.clone().unwrap());
        (ids.collect::<Vec<_>>(), views.last().map(|v| v.customer.id))
    };
    let (first, last) = page(CustomerFilter::default(), None).await;
    assert_eq!(first, ["crm_2", "crm_1"]);
    assert_eq!(page(CustomerFilter::default(), last).await.0, ["crm_0"]);
    let email = Some("CRM_1@example.com".to_owned());
    let filter = CustomerFilter { email, ..CustomerFilter::default() };
    assert_eq!(page(filter, None).await.0, ["crm_1"]);
    let statuses = vec!["active".to_owned(), "suspended".to_owned()];
    let filter = CustomerFilter { statuses, ..CustomerFilter::default() };
    assert!(page(filter, None).await.0.is_empty());
}

#[tokio::test]
async fn a_person_receives_mail_with_a_form_of_their_own_and_a_minor_on_the_customers() {
    let world = world().await;
    let ctx = world.ctx().await;
    let waiting = invite(&ctx, "crm_1").await.customer.id.to_string();
    let open = open_mailbox(&ctx, "crm_2").await.customer.id.to_string();
    let add = async |id: &str, kind| {
        let id = id.to_owned();
        let work = async move |tx: &app::Tx, ctx: &app::OpCtx| {
            recipients::add(tx, ctx, &id, "Sam Smith", kind).await
        };
        act(&ctx, work).await.unwrap().id.to_string()
    };
    let authorise = async |id: &str, recipient: &str, covered| {
        let (id, recipient) = (id.to_owned(), recipient.to_owned());
        let work = async move |tx: &app::Tx, ctx: &app::OpCtx| {
            recipients::authorise(tx, ctx, &id, &recipient, covered).await
        };
        act(&ctx, work).await
    };
    let refused = ErrorCode::ComplianceNotApproved;
    let early = add(&waiting, RecipientKind::Minor).await;
    let outcome = authorise(&waiting, &early, Covered::ByCustomersForm).await;
    assert_eq!(refusal(outcome), refused);
    let minor = add(&open, RecipientKind::Minor).await;
    let person = add(&open, RecipientKind::Person).await;
    authorise(&open, &minor, Covered::ByCustomersForm).await.unwrap();
    let outcome = authorise(&open, &person, Covered::ByCustomersForm).await;
    assert_eq!(refusal(outcome), refused);
    let outcome = authorise(&waiting, &person, Covered::ByOwnForm).await;
    assert_eq!(refusal(outcome), ErrorCode::ComplianceNotApproved);
    let recipient = authorise(&open, &person, Covered::ByOwnForm).await.unwrap();
    assert_eq!(recipient.status, RecipientStatus::Authorised);
    let key = open.clone();
    act(&ctx, async move |tx, ctx| recipients::remove(tx, ctx, &key, &minor).await).await.unwrap();
    let all = act(&ctx, async move |tx, ctx| recipients::list(tx, ctx, &open).await).await.unwrap();
    let statuses: Vec<_> = all.iter().map(|r| r.status).collect();
    assert_eq!(statuses, [RecipientStatus::Removed, RecipientStatus::Authorised]);
}
