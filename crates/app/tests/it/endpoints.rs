//! Webhook endpoints: what may be one, what is owed to it, whose secret signs first.

use app::endpoints::create::{ENDPOINTS_MAX, NewEndpoint};
use app::endpoints::update::EndpointChange;
use app::endpoints::{self, CreatedEndpoint};
use app::{OpCtx, Tx};
use domain::endpoint::{KeyMode, KeyModes, Order, Settings, SettingsChange};
use domain::event::{Audience, EventType};
use domain::{Clock, ErrorCode, Result, days};
use storage::endpoints::{Endpoint, EndpointStatus};

use crate::support::{World, act, events, invite, refusal, world};

pub(crate) fn receiver() -> NewEndpoint {
    NewEndpoint { url: "https://crm.example.com/hooks".to_owned(), ..NewEndpoint::default() }
}

pub(crate) async fn create(ctx: &OpCtx, input: NewEndpoint) -> Result<CreatedEndpoint> {
    act(ctx, async move |tx, ctx| endpoints::create::create(tx, ctx, &input).await).await
}

pub(crate) async fn update(
    ctx: &OpCtx,
    endpoint: &Endpoint,
    change: EndpointChange,
) -> Result<Endpoint> {
    let id = endpoint.id.to_string();
    act(ctx, async move |tx, ctx| endpoints::update::update(tx, ctx, &id, &change).await).await
}

async fn delete(ctx: &OpCtx, endpoint: &Endpoint) -> Result<()> {
    let id = endpoint.id.to_string();
    act(ctx, async move |tx, ctx| endpoints::delete::delete(tx, ctx, &id).await.map(drop)).await
}

async fn rotate(ctx: &OpCtx, endpoint: &Endpoint) -> Result<CreatedEndpoint> {
    let id = endpoint.id.to_string();
    act(ctx, async move |tx, ctx| endpoints::rotate::rotate(tx, ctx, &id, None).await).await
}

async fn rotate_to(ctx: &OpCtx, endpoint: &Endpoint, secret: &str) -> Result<CreatedEndpoint> {
    let (id, secret) = (endpoint.id.to_string(), secret.to_owned());
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        endpoints::rotate::rotate(tx, ctx, &id, Some(&secret)).await
    };
    act(ctx, work).await
}

async fn switch(ctx: &OpCtx, endpoint: &Endpoint) -> Result<Endpoint> {
    let id = endpoint.id.to_string();
    act(ctx, async move |tx, ctx| {
        endpoints::rotate::switch(tx, ctx, &id, endpoints::rotate::GRACE).await
    })
    .await
}

async fn test_send(ctx: &OpCtx, endpoint: &Endpoint, kind: EventType) -> Result<()> {
    let id = endpoint.id.to_string();
    act(ctx, async move |tx, ctx| endpoints::test_send::test_send(tx, ctx, &id, kind, None).await)
        .await
        .map(drop)
}

async fn owed(world: &World) -> i64 {
    world.app.db.read(async |tx: &Tx| storage::queue::owed_count(tx).await).await.unwrap()
}

/// The secrets that sign now, in their order, as their owner knows them.
async fn signing(world: &World, endpoint: &Endpoint) -> Vec<String> {
    let (no, now) = (endpoint.no, world.clock.now());
    let rows = world
        .app
        .db
        .read(async move |tx: &Tx| storage::endpoint_secrets::list(tx, no, now).await)
        .await
        .unwrap();
    let open = |sealed: &[u8]| {
        let owner = Some(world.partner.id);
        let text = world.app.secrets.open(owner, &endpoints::seal_place(no), sealed).unwrap();
        String::from_utf8(text).unwrap()
    };
    rows.iter().map(|row| open(&row.sealed)).collect()
}

#[tokio::test]
async fn case_7_a_new_endpoint_is_told_its_secret_and_hears_what_it_asked_for() {
    let world = world().await;
    let ctx = world.ctx().await;
    let all = create(&ctx, receiver()).await.unwrap();
    let types = vec![EventType::MailArrived];
    let some = create(&ctx, NewEndpoint { event_types: types, ..receiver() }).await.unwrap();
    assert_eq!(signing(&world, &all.endpoint).await, [all.secret.reveal()]);
    assert_ne!(all.secret, some.secret);
    invite(&ctx, "crm_1").await;
    assert_eq!(owed(&world).await, 1);
    let listed = ctx.app.query(&ctx, async |tx, ctx| endpoints::list::list(tx, ctx).await).await;
    assert_eq!(listed.unwrap().len(), 2);
}

#[tokio::test]
async fn a_url_that_may_not_be_sent_to_is_refused_by_its_param() {
    let world = world().await;
    let ctx = world.ctx().await;
    for url in ["http://crm.example.com/", "https://10.0.0.7/", "https://localhost/", "crm"] {
        let input = NewEndpoint { url: url.to_owned(), ..receiver() };
        let domain::Error::Refused { code, fields, .. } = create(&ctx, input).await.unwrap_err()
        else {
            panic!("{url}")
        };
        assert_eq!((code, fields[0].param.as_str()), (ErrorCode::ValidationFailed, "url"), "{url}");
    }
    let long = NewEndpoint { description: Some("x".repeat(201)), ..receiver() };
    assert_eq!(refusal(create(&ctx, long).await), ErrorCode::ValidationFailed);
}

#[tokio::test]
async fn case_7_event_types_are_read_by_name_and_category_and_a_star_is_all_of_them() {
    let words = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(endpoints::read_types(&words(&[])).unwrap(), []);
    assert_eq!(endpoints::read_types(&words(&["mail.arrived", "*"])).unwrap(), []);
    let one = endpoints::read_types(&words(&["mail.arrived"])).unwrap();
    assert_eq!(one, [EventType::MailArrived]);
    let packages = endpoints::read_types(&words(&["package.*", "mail.arrived"])).unwrap();
    assert_eq!(packages, [EventType::PackageArrived, EventType::MailArrived]);
    for wrong in ["mail", "mail*", "parcel.*"] {
        assert_eq!(refused_params(endpoints::read_types(&words(&[wrong]))), ["event_types/0"]);
    }
}

#[tokio::test]
async fn a_partner_has_at_most_sixteen_endpoints_in_each_mode() {
    let world = world().await;
    let ctx = world.ctx().await;
    for _ in 0..ENDPOINTS_MAX {
        create(&ctx, receiver()).await.unwrap();
    }
    assert_eq!(refusal(create(&ctx, receiver()).await), ErrorCode::ValidationFailed);
    let first = create(&world.test_ctx().await, receiver()).await.unwrap();
    assert!(!first.endpoint.livemode);
}

#[tokio::test]
async fn case_48_an_endpoint_of_another_partner_or_mode_is_not_found() {
    let world = world().await;
    let endpoint = create(&world.ctx().await, receiver()).await.unwrap().endpoint;
    for ctx in [world.other_ctx().await, world.test_ctx().await] {
        let id = endpoint.id.to_string();
        let read = async move |tx: &Tx, ctx: &OpCtx| endpoints::get::get(tx, ctx, &id).await;
        assert_eq!(refusal(ctx.app.query(&ctx, read).await), ErrorCode::NotFound);
        assert_eq!(refusal(delete(&ctx, &endpoint).await), ErrorCode::NotFound);
        assert_eq!(refusal(rotate(&ctx, &endpoint).await), ErrorCode::NotFound);
    }
}

#[tokio::test]
async fn a_deleted_endpoint_is_owed_nothing_from_then_on() {
    let world = world().await;
    let ctx = world.ctx().await;
    let endpoint = create(&ctx, receiver()).await.unwrap().endpoint;
    invite(&ctx, "crm_1").await;
    delete(&ctx, &endpoint).await.unwrap();
    invite(&ctx, "crm_2").await;
    assert_eq!(owed(&world).await, 0);
    assert_eq!(refusal(delete(&ctx, &endpoint).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_disabled_endpoint_is_left_alone_until_it_is_enabled() {
    let world = world().await;
    let ctx = world.ctx().await;
    let endpoint = create(&ctx, receiver()).await.unwrap().endpoint;
    let set = |enabled| EndpointChange { enabled: Some(enabled), ..EndpointChange::default() };
    invite(&ctx, "crm_1").await;
    let off = update(&ctx, &endpoint, set(false)).await.unwrap();
    assert_eq!(off.status, EndpointStatus::Disabled);
    invite(&ctx, "crm_2").await;
    assert_eq!(owed(&world).await, 0);
    let refused = test_send(&ctx, &endpoint, EventType::MailArrived).await;
    assert_eq!(refusal(refused), ErrorCode::ValidationFailed);
    let on = update(&ctx, &endpoint, set(true)).await.unwrap();
    assert_eq!((on.status, on.disabled_reason), (EndpointStatus::Enabled, None));
    invite(&ctx, "crm_3").await;
    assert_eq!(owed(&world).await, 1);
}

#[tokio::test]
async fn an_endpoint_changes_where_it_is_and_what_it_hears() {
    let world = world().await;
    let ctx = world.ctx().await;
    let endpoint = create(&ctx, receiver()).await.unwrap().endpoint;
    let change = EndpointChange {
        url: Some("https://crm.example.com/other".to_owned()),
        description: Some(Some("CRM".to_owned())),
        event_types: Some(vec![EventType::MailScanned, EventType::MailScanned]),
        ..EndpointChange::default()
    };
    let changed = update(&ctx, &endpoint, change).await.unwrap();
    assert_eq!(changed.url, "https://crm.example.com/other");
    assert_eq!(changed.description.as_deref(), Some("CRM"));
    assert_eq!(changed.event_types, [EventType::MailScanned]);
    let wrong = EndpointChange { url: Some("ftp://x".into()), ..EndpointChange::default() };
    assert_eq!(refusal(update(&ctx, &endpoint, wrong).await), ErrorCode::ValidationFailed);
}

#[tokio::test]
async fn case_21_a_rotated_secret_signs_second_until_the_switch_and_the_old_one_a_day_longer() {
    let world = world().await;
    let ctx = world.ctx().await;
    let old = create(&ctx, receiver()).await.unwrap();
    let endpoint = old.endpoint;
    assert_eq!(refusal(switch(&ctx, &endpoint).await), ErrorCode::ValidationFailed);
    let new = rotate(&ctx, &endpoint).await.unwrap();
    let (old, new) = (old.secret.reveal(), new.secret.reveal());
    assert_eq!(signing(&world, &endpoint).await, [old, new]);
    world.clock.advance(days(6));
    assert_eq!(signing(&world, &endpoint).await, [old, new]);
    switch(&world.ctx().await, &endpoint).await.unwrap();
    assert_eq!(signing(&world, &endpoint).await, [new, old]);
    world.clock.advance(days(1));
    assert_eq!(signing(&world, &endpoint).await, [new]);
}

#[tokio::test]
async fn the_switch_happens_by_itself_after_seven_days() {
    let world = world().await;
    let ctx = world.ctx().await;
    let old = create(&ctx, receiver()).await.unwrap();
    let endpoint = old.endpoint;
    let new = rotate(&ctx, &endpoint).await.unwrap();
    let read = endpoint.clone();
    let at = ctx
        .app
        .query(&ctx, async move |tx, ctx| endpoints::rotate::switches_at(tx, ctx, &read).await);
    assert_eq!(at.await.unwrap(), Some(ctx.now.plus(days(7))));
    let (old, new) = (old.secret.reveal(), new.secret.reveal());
    world.clock.advance(days(7));
    assert_eq!(signing(&world, &endpoint).await, [new, old]);
    let ctx = world.ctx().await;
    assert_eq!(refusal(switch(&ctx, &endpoint).await), ErrorCode::ValidationFailed);
    let third = rotate(&ctx, &endpoint).await.unwrap();
    assert_eq!(signing(&world, &endpoint).await, [new, third.secret.reveal(), old]);
    world.clock.advance(days(1));
    assert_eq!(signing(&world, &endpoint).await, [new, third.secret.reveal()]);
}

#[tokio::test]
async fn a_secret_that_was_lost_before_the_switch_is_replaced_by_rotating_again() {
    let world = world().await;
    let ctx = world.ctx().await;
    let first = create(&ctx, receiver()).await.unwrap();
    rotate(&ctx, &first.endpoint).await.unwrap();
    let third = rotate(&ctx, &first.endpoint).await.unwrap();
    let expected = [first.secret.reveal(), third.secret.reveal()];
    assert_eq!(signing(&world, &first.endpoint).await, expected);
}

#[tokio::test]
async fn a_test_sends_a_sample_to_that_endpoint_only() {
    let world = world().await;
    let ctx = world.ctx().await;
    let types = vec![EventType::CustomerCreated];
    let one =
        create(&ctx, NewEndpoint { event_types: types, ..receiver() }).await.unwrap().endpoint;
    create(&ctx, receiver()).await.unwrap();
    for kind in Audience::Partner.types() {
        test_send(&ctx, &one, *kind).await.unwrap();
    }
    assert_eq!(owed(&world).await, 14);
    let told = events(&ctx).await;
    let kinds: Vec<EventType> = told.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, Audience::Partner.types());
    assert!(told.iter().all(|(_, payload)| payload["livemode"] == false));
}

fn headers(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn refused_params<T: std::fmt::Debug>(outcome: Result<T>) -> Vec<String> {
    let domain::Error::Refused { code, fields, .. } = outcome.unwrap_err() else {
        panic!("a refusal")
    };
    assert_eq!(code, ErrorCode::ValidationFailed);
    fields.into_iter().map(|field| field.param).collect()
}

#[tokio::test]
async fn settings_are_kept_changed_one_by_one_and_refused_when_they_make_no_sense() {
    let world = world().await;
    let ctx = world.ctx().await;
    let settings = Settings {
        rate_per_second: Some(20),
        burst: Some(40),
        max_in_flight: Some(4),
        order: Order::Key,
        timeout_ms: 5000,
        retry_schedule: Some(vec![10, 60]),
        key_modes: KeyModes { partner: KeyMode::Ascii, standard: KeyMode::Raw },
        ed25519: true,
        park_after: None,
        self_heal: true,
        disable_on_gone: false,
    };
    let input = NewEndpoint { settings: settings.clone(), ..receiver() };
    let made = create(&ctx, input).await.unwrap().endpoint;
    let change =
        SettingsChange { burst: Some(None), order: Some(Order::None), ..Default::default() };
    update(&ctx, &made, EndpointChange { settings: change, ..Default::default() }).await.unwrap();
    let id = made.id.to_string();
    let read = async move |tx: &Tx, ctx: &OpCtx| endpoints::get::get(tx, ctx, &id).await;
    let kept = ctx.app.query(&ctx, read).await.unwrap();
    assert_eq!(kept.settings, Settings { burst: None, order: Order::None, ..settings });

    let change = SettingsChange { timeout_ms: Some(2999), ..Default::default() };
    let change = EndpointChange { settings: change, ..Default::default() };
    assert_eq!(refused_params(update(&ctx, &made, change).await), ["timeout_ms"]);
    let settings = Settings { burst: Some(1), max_in_flight: Some(33), ..Settings::default() };
    let input = NewEndpoint { settings, ..receiver() };
    assert_eq!(refused_params(create(&ctx, input).await), ["max_in_flight", "burst"]);
}

#[tokio::test]
async fn a_secret_that_is_brought_along_is_taken_where_it_gives_a_key_in_both_modes() {
    let world = world().await;
    let ctx = world.ctx().await;
    let plain = "an-old-secret-of-the-receiver";
    let with = |secret: &str, key_modes: KeyModes| NewEndpoint {
        secret: Some(secret.to_owned()),
        settings: Settings { key_modes, ..Settings::default() },
        ..receiver()
    };
    let modes = |partner, standard| KeyModes { partner, standard };
    let usual = KeyModes::default();
    let refused = create(&ctx, with(plain, usual)).await;
    assert_eq!(refused_params(refused), ["key_mode", "standard_key_mode"]);
    let refused = create(&ctx, with("two words of some length or other", usual)).await;
    assert_eq!(refused_params(refused), ["secret"]);
    let short = modes(KeyMode::Raw, KeyMode::Decoded);
    let refused = create(&ctx, with("abcdefghijklmnopqrstuvwx", short)).await;
    assert_eq!(refused_params(refused), ["standard_key_mode"]);

    let taken = with(plain, modes(KeyMode::Raw, KeyMode::Ascii));
    let made = create(&ctx, taken).await.unwrap().endpoint;
    assert_eq!(signing(&world, &made).await, [plain]);
    let to = |key_mode| EndpointChange {
        settings: SettingsChange { standard_key_mode: Some(key_mode), ..Default::default() },
        ..Default::default()
    };
    let refused = update(&ctx, &made, to(KeyMode::Decoded)).await;
    assert_eq!(refused_params(refused), ["standard_key_mode"]);
    update(&ctx, &made, to(KeyMode::Raw)).await.unwrap();

    // While the old secret signs, the mode that only the new one bears waits.
    let known = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let refused = rotate_to(&ctx, &made, "tiny").await;
    assert_eq!(refused_params(refused), ["key_mode", "standard_key_mode"]);
    rotate_to(&ctx, &made, known).await.unwrap();
    assert_eq!(signing(&world, &made).await, [plain, known]);
    let refused = update(&ctx, &made, to(KeyMode::Decoded)).await;
    assert_eq!(refused_params(refused), ["standard_key_mode"]);
    switch(&ctx, &made).await.unwrap();
    world.clock.advance(days(2));
    update(&ctx, &made, to(KeyMode::Decoded)).await.unwrap();
}

#[tokio::test]
async fn case_25_headers_that_could_do_harm_are_refused_and_the_others_sealed() {
    let world = world().await;
    let ctx = world.ctx().await;
    let bad = [("Host", "x"), ("X-Acme", "a\r\nb"), ("x-a", "1"), ("X-A", "2"), ("X y", "1")];
    let input = NewEndpoint { headers: headers(&bad), ..receiver() };
    let refused = ["headers/Host", "headers/X-Acme", "headers/X-A", "headers/X y"];
    assert_eq!(refused_params(create(&ctx, input).await), refused);

    let good = headers(&[("Authorization", "Bearer s3cret"), ("X-Acme-Tenant", "7")]);
    let made = create(&ctx, NewEndpoint { headers: good, ..receiver() }).await.unwrap().endpoint;
    assert_eq!(made.header_names, ["authorization", "x-acme-tenant"]);
    let sealed = made.headers_sealed.as_ref().unwrap();
    assert!(!sealed.windows(6).any(|bytes| bytes == b"s3cret"));
    let opened = ctx.open(&endpoints::headers_place(made.no), sealed).unwrap();
    let text = "authorization: Bearer s3cret\nx-acme-tenant: 7\n";
    assert_eq!(String::from_utf8(opened).unwrap(), text);
    let none = EndpointChange { headers: Some(Vec::new()), ..Default::default() };
    let bare = update(&ctx, &made, none).await.unwrap();
    assert_eq!((bare.header_names.len(), bare.headers_sealed), (0, None));
}
