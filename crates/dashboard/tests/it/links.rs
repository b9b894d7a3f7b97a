//! That every link inside the documents leads somewhere.

use crate::reader::{Reader, attributes, committed};

/// Answered by others in the same server.
const ELSEWHERE: [&str; 2] = ["/api/openapi.json", "/api/openapi-email.json"];

#[tokio::test]
async fn every_link_and_every_anchor_inside_the_pages_resolves() {
    let reader = Reader::of(committed()).await;
    let pages = reader.crawl().await;
    let mut problems = Vec::new();
    for (path, html) in &pages {
        for link in attributes(html, "href") {
            let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if target.is_empty() { path.as_str() } else { target };
            if target.starts_with("https://")
                || target.starts_with("data:")
                || ELSEWHERE.contains(&target)
            {
                continue;
            }
            let Some(page) = pages.get(target) else {
                if reader.get(target).await.status != 200 {
                    problems.push(format!("{path} links to {link}"));
                }
                continue;
            };
            if !anchor.is_empty() && !page.contains(&format!(" id=\"{anchor}\"")) {
                problems.push(format!("{path} links to {link}, which has no such anchor"));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[tokio::test]
async fn a_twin_links_to_twins_with_the_host() {
    let reader = Reader::of(committed()).await;
    let twin = reader.get("/developers/quickstart.md").await.body;
    let links =
        twin.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    let own: Vec<&str> =
        links.filter_map(|link| link.strip_prefix("https://docs.example")).collect();
    assert!(own.len() > 5, "{own:?}");
    for link in own {
        assert_eq!(reader.get(link.split('#').next().unwrap()).await.status, 200, "{link}");
    }
    assert!(!twin.contains("](/"), "{twin}");
}
