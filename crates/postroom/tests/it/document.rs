//! The OpenAPI document (postal.md appendix B, scenario 31).

use testkit::{Persona, TestServer};

#[tokio::test]
async fn s31_the_document_needs_no_key_and_names_the_asking_host() {
    let server = TestServer::start().await;
    let document = Persona::anonymous(&server).get("/api/openapi.json").await.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], "https://app.example.com/api/v1");
    assert_eq!(document["webhooks"].as_object().unwrap().len(), 14);
    assert_eq!(document["paths"]["/customers"]["post"]["operationId"], "createCustomer");
}
