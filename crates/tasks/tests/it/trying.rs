//! Test-sends: signed and logged like every delivery, and no evidence of how an endpoint fares
//! (webhooks.md 4.1 case 46).

use app::endpoints::test_send::test_send;
use app::{OpCtx, Tx};
use domain::endpoint::Settings;
use domain::event::EventType;
use domain::seconds;
use metrics_exporter_prometheus::PrometheusBuilder;
use storage::endpoints::EndpointStatus;

use crate::delivering::is_signed;
use crate::receiver::Receiver;
use crate::retrying::{ctx, replay_first};
use crate::support::{World, read, world};

/// Sends a sample to an endpoint, as its owner does to try it.
pub(crate) async fn try_out(world: &World, endpoint: i64) {
    let ctx = ctx(world);
    let id = world.find(endpoint).await.unwrap().id.to_string();
    let kind = EventType::MailScanned;
    let work = async move |tx: &Tx, ctx: &OpCtx| test_send(tx, ctx, &id, kind, None).await;
    world.app.act(&ctx, work).await.unwrap();
}

async fn verbs(world: &World) -> Vec<String> {
    let audit = read(&world.app, async |tx: &Tx| storage::audit::chain(tx, 0, 100).await).await;
    audit.into_iter().map(|line| line.verb).filter(|verb| verb != "endpoint.test").collect()
}

#[tokio::test]
async fn case_46_tests_are_signed_and_logged_and_neither_evidence_nor_measured() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let shown = recorder.handle();
    let _measured = metrics::set_default_local_recorder(&recorder);
    let (world, receiver, operators) =
        (world().await, Receiver::start().await, Receiver::start().await);
    world.operators_endpoint(&operators).await;
    let settings = Settings { retry_schedule: Some(vec![1]), ..Settings::default() };
    let endpoint = world.endpoint_with(&receiver, settings).await;
    let tasks = world.tasks();
    receiver.usually("404 Not Found");
    for _ in 0..12 {
        try_out(&world, endpoint).await;
    }
    tasks.settle().await.unwrap();
    world.advance(seconds(2));
    tasks.settle().await.unwrap();
    receiver.usually("200 OK");
    try_out(&world, endpoint).await;
    tasks.settle().await.unwrap();

    let requests = receiver.requests();
    assert_eq!(requests.len(), 25);
    assert!(requests.iter().all(is_signed));
    let logged: Vec<_> = world.attempts().await.into_iter().map(|(outcome, _)| outcome).collect();
    let failed = ["retrying", "failed"].repeat(12);
    assert_eq!(logged, [failed, vec!["succeeded"]].concat());
    let found = world.find(endpoint).await.unwrap();
    assert_eq!((found.first_failure_at, found.failures, found.last_success_at), (None, 0, None));
    assert_eq!(verbs(&world).await, ["endpoint.create"], "of the operator's own endpoint");
    assert_eq!(operators.requests().len(), 0, "nothing to tell of");
    assert!(!shown.render().contains("postroom_delivery_attempt_seconds"));

    world.emit(1).await;
    tasks.settle().await.unwrap();
    assert_eq!(world.find(endpoint).await.unwrap().last_success_at, Some(world.now()));
    assert!(shown.render().contains("postroom_delivery_attempt_seconds"));
}

#[tokio::test]
async fn case_46_a_test_answered_gone_is_given_up_and_the_endpoint_stays_enabled() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    receiver.script(&["410 Gone"]);
    try_out(&world, endpoint).await;
    world.emit(1).await;
    world.tasks().settle().await.unwrap();
    assert_eq!(world.find(endpoint).await.unwrap().status, EndpointStatus::Enabled);
    assert_eq!(world.owed().await, 0);
    let expected = [("failed".to_owned(), Some(410)), ("succeeded".to_owned(), Some(200))];
    assert_eq!(world.attempts().await, expected);
    assert_eq!(verbs(&world).await, [""; 0]);
}

#[tokio::test]
async fn case_46_a_test_does_not_end_the_evidence_against_an_endpoint() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    receiver.script(&["500 Oops", "200 OK"]);
    world.emit(1).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    try_out(&world, endpoint).await;
    tasks.settle().await.unwrap();
    let found = world.find(endpoint).await.unwrap();
    assert_eq!((found.first_failure_at, found.failures), (Some(world.now()), 1));
}

#[tokio::test]
async fn case_46_a_test_that_is_sent_again_is_a_test_still() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let settings = Settings { retry_schedule: Some(vec![1]), ..Settings::default() };
    let endpoint = world.endpoint_with(&receiver, settings).await;
    let tasks = world.tasks();
    try_out(&world, endpoint).await;
    tasks.settle().await.unwrap();
    receiver.usually("410 Gone");
    for reissue in [false, true] {
        replay_first(&world, Some(endpoint), reissue).await.unwrap();
        tasks.settle().await.unwrap();
    }
    assert_eq!((receiver.requests().len(), world.owed().await), (3, 0));
    let found = world.find(endpoint).await.unwrap();
    assert_eq!((found.status, found.failures), (EndpointStatus::Enabled, 0));
}
