//! Case 7 of webhooks.md 4.1: what an endpoint hears by type, category, scope and expression.

use app::deliveries::list::{Narrowing, list};
use app::deliveries::replay::{LeftOut, ReplayRequest, replay};
use app::endpoints::create::NewEndpoint;
use app::endpoints::update::EndpointChange;
use app::{OpCtx, Tx, notices};
use domain::ErrorCode;
use domain::event::EventType;
use domain::filter::Attribute::{
    ActionId, CustomerId, ExternalCustomerId, MailId, PartnerSlug, Type,
};
use domain::filter::{Attribute, Filter, Term};
use storage::endpoints::Endpoint;

use crate::applicants::open_mailbox;
use crate::endpoints::{create, receiver, refused_params, update};
use crate::mailroom::{letter, scan};
use crate::support::{act, events, invite, refusal, world};

fn term(name: Attribute, value: &str) -> Vec<Term> {
    vec![(name, value.to_owned())]
}

fn filtered(filter: Filter) -> NewEndpoint {
    NewEndpoint { filter: Some(filter), ..receiver() }
}

/// The types of what was ever owed to an endpoint, oldest first.
async fn heard(ctx: &OpCtx, endpoint: &Endpoint) -> Vec<EventType> {
    let narrowing = Narrowing { endpoint_id: Some(endpoint.id.to_string()), ..Default::default() };
    let read = async move |tx: &Tx, ctx: &OpCtx| list(tx, ctx, &narrowing, None, 100).await;
    let page = ctx.app.query(ctx, read).await.unwrap();
    page.deliveries.iter().rev().map(|d| d.delivery.event_type).collect()
}

#[tokio::test]
async fn case_7_a_filter_lets_pass_what_it_says_and_replays_find_the_same() {
    let world = world().await;
    let ctx = world.ctx().await;
    let mine = Filter::Prefix(term(ExternalCustomerId, "acme-"));
    let by_tenant = create(&ctx, filtered(mine)).await.unwrap().endpoint;
    let of_mail = Filter::Not(Box::new(Filter::Exact(term(Type, "package.arrived"))));
    let of_mail = Filter::All(vec![Filter::Prefix(term(MailId, "mail_")), of_mail]);
    let by_mail = create(&ctx, filtered(of_mail)).await.unwrap().endpoint;
    let of_work = Filter::Prefix(term(ActionId, "act_"));
    let by_work = create(&ctx, filtered(of_work)).await.unwrap().endpoint;
    let all = create(&ctx, receiver()).await.unwrap().endpoint;

    invite(&ctx, "other-1").await;
    invite(&ctx, "acme-1").await;
    let customer = open_mailbox(&ctx, "other-2").await.customer.id.to_string();
    let mail = letter(&ctx, &customer).await;
    assert_eq!(heard(&ctx, &by_tenant).await, [EventType::CustomerCreated]);
    assert_eq!(heard(&ctx, &by_mail).await, [EventType::MailArrived]);
    assert_eq!(heard(&ctx, &by_work).await, []);
    scan(&ctx, &mail).await.unwrap();
    let [arrived, asked] = [EventType::MailArrived, EventType::MailScanRequested];
    assert_eq!(heard(&ctx, &by_mail).await, [arrived, asked]);
    assert_eq!(heard(&ctx, &by_work).await, [asked]);
    assert!(heard(&ctx, &all).await.len() > 3);

    let change = EndpointChange { enabled: Some(false), ..EndpointChange::default() };
    update(&ctx, &all, change).await.unwrap();
    for no in [by_mail.no, by_work.no] {
        let settled = async move |tx: &Tx| storage::queue::cancel_all(tx, no).await;
        world.app.db.write(settled).await.unwrap();
    }
    let newest = events(&ctx).await.pop().unwrap().1["id"].as_str().unwrap().to_owned();
    let request = ReplayRequest { event_id: newest, endpoint_id: None, reissue: false };
    let replayed = act(&ctx, async move |tx, ctx| replay(tx, ctx, &request).await).await.unwrap();
    let to: Vec<_> = replayed.deliveries.iter().map(|(endpoint, _)| *endpoint).collect();
    assert_eq!(to, [by_mail.id, by_work.id]);
    assert_eq!(replayed.left_out, [(all.id, LeftOut::NotEnabled)]);
}

#[tokio::test]
async fn case_7_a_filter_is_changed_taken_away_and_refused_where_it_could_never_match() {
    let world = world().await;
    let ctx = world.ctx().await;
    let made = create(&ctx, receiver()).await.unwrap().endpoint;
    let to = |filter| EndpointChange { filter: Some(filter), ..EndpointChange::default() };
    let nobody = Filter::Exact(term(CustomerId, "cus_123"));
    let changed = update(&ctx, &made, to(Some(nobody.clone()))).await.unwrap();
    assert_eq!(changed.filter.as_deref(), Some(r#"{"exact":{"customer_id":"cus_123"}}"#));
    invite(&ctx, "crm_1").await;
    assert_eq!(heard(&ctx, &made).await, []);
    assert_eq!(update(&ctx, &made, to(None)).await.unwrap().filter, None);
    invite(&ctx, "crm_2").await;
    assert_eq!(heard(&ctx, &made).await, [EventType::CustomerCreated]);

    let of_operators = Filter::Exact(term(PartnerSlug, "acme"));
    assert_eq!(refused_params(create(&ctx, filtered(of_operators.clone())).await), ["filter"]);
    let of_operators_too = Filter::Any(vec![nobody.clone(), of_operators.clone()]);
    let refused = update(&ctx, &made, to(Some(of_operators_too))).await;
    assert_eq!(refusal(refused), ErrorCode::ValidationFailed);
    let own = notices::own_ctx(&world.app, world.operator.id, true, "olga").await.unwrap();
    assert_eq!(refused_params(create(&own, filtered(nobody)).await), ["filter"]);
    let told = create(&own, filtered(of_operators)).await.unwrap().endpoint;
    create(&world.other_ctx().await, receiver()).await.unwrap();
    create(&ctx, receiver()).await.unwrap();
    assert_eq!(heard(&own, &told).await, [EventType::EndpointCreated]);
}
