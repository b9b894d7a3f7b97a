//! Twins: the same call many times at once, as an impatient client or two of its workers send it.

use serde_json::json;
use testkit::{Answer, Mailroom, Persona, TestServer};

use crate::walks::generous;

const N_TWINS: usize = 50;

/// Sends twins of one create to the nodes in turn; checks that one customer comes of it.
async fn create_once(nodes: &[&TestServer]) {
    let first = nodes[0];
    let acme = Mailroom::open(first).await.partner("acme", generous()).await;
    let key = acme.live(first).await.key;
    let crms: Vec<Persona> =
        nodes.iter().map(|node| Persona { server: node, key: key.clone() }).collect();
    let body =
        json!({"external_customer_id": "crm_1", "email": "j@example.com", "name": "Jane Smith"});
    let send = |n: usize| crms[n % crms.len()].post_as("twin", "/api/v1/customers", body.clone());
    let answers: Vec<Answer> = testkit::all((0..N_TWINS).map(send)).await;
    let told = send(0).await.expect(201);
    for answer in answers {
        match answer.status.as_u16() {
            201 => assert_eq!(answer.json(), told),
            _ => drop(answer.refused(409, "idempotency_in_progress")),
        }
    }
    let list = crms[0].get("/api/v1/customers").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(first.events(&acme.ctx(true).await).await.len(), 1);
}

#[tokio::test]
async fn case_3_fifty_twins_of_a_create_make_one_customer() {
    create_once(&[&TestServer::start().await]).await;
}

#[tokio::test]
async fn case_3_fifty_twins_on_two_nodes_make_one_customer() {
    let server = TestServer::start().await;
    let Some(second) = server.second_node().await else { return };
    create_once(&[&server, &second]).await;
}
