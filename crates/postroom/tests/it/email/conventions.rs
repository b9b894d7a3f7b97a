//! How a query is written, and what it means when it is not (email-api.md 1.3).

use serde_json::{Value, json};
use testkit::{Organization, TestServer};

#[tokio::test]
async fn r3_a_query_has_blanks_as_plus_or_percent_20_keys_again_and_truth_in_lower_case() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let contacts = "/api/v1/contacts";
    for (name, review) in [("Ann Lee", "confirmed"), ("Al Lee", "unreviewed")] {
        let made = ann.post(contacts, json!({"preferred_name": name})).await.expect(201);
        let path = format!("{contacts}/{}", made["id"].as_str().unwrap());
        ann.patch(&path, json!({"review_status": review})).await.expect(200);
    }
    for (query, count) in [
        ("q=ann+lee", 1),
        ("q=ann%20lee", 1),
        ("q=ann%2Blee", 0),
        ("review_status=confirmed", 1),
        ("review_status=confirmed&review_status=unreviewed", 2),
    ] {
        let found = ann.get(&format!("{contacts}?{query}")).await.expect(200);
        assert_eq!(found.as_array().unwrap().len(), count, "{query}");
    }
    let log = "/api/v1/webhooks/deliveries?success=";
    for (truth, status) in [("true", 200), ("false", 200), ("yes", 422)] {
        ann.get(&format!("{log}{truth}")).await.expect(status);
    }
}

#[tokio::test]
async fn r5_without_a_cursor_a_list_begins_and_without_a_limit_a_page_has_50_rows() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    for n in 0..51 {
        ann.post(&ann.path("/drafts"), json!({"subject": n.to_string()})).await.expect(201);
    }
    let page = async |query: &str| ann.get(&ann.path(&format!("/drafts{query}"))).await.expect(200);
    let subjects = |page: &Value| -> Vec<Value> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|draft| draft["subject"].clone()).collect()
    };
    let first = subjects(&page("").await);
    assert_eq!((first.len(), &first[0]), (50, &json!("50")));
    for query in ["?limit=50", "?cursor=", "?limit=50&cursor=&unknown=1"] {
        assert_eq!(subjects(&page(query).await), first, "{query}");
    }
}
