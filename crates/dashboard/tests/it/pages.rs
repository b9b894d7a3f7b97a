//! That every page renders, as a page and as Markdown, and keeps to its policy.

use std::fmt::Write as _;

use domain::ErrorCode;
use domain::event::Audience;

use crate::reader::{Reader, attributes, committed};

/// Bytes of a page with its style and script (developer-experience.md section 3).
const PAGE_BYTES_MAX: usize = 150_000;

/// Elements that have no end.
const EMPTY: [&str; 6] = ["meta", "link", "br", "hr", "wbr", "!doctype"];

#[tokio::test]
async fn every_page_is_well_formed_light_and_free_of_inline_code() {
    let reader = Reader::of(committed()).await;
    let style = reader.get("/developers/developers.css").await.body;
    let script = reader.get("/developers/developers.js").await.body;
    let pages = reader.crawl().await;
    assert!(pages.len() >= 14, "{:?}", pages.keys());
    for (path, html) in &pages {
        well_formed(html).unwrap_or_else(|problem| panic!("{path}: {problem}"));
        assert!(html.len() + style.len() + script.len() < PAGE_BYTES_MAX, "{path} is too heavy");
        let tags = html.split('<').filter(|tag| !tag.starts_with('/'));
        for tag in tags.filter_map(|tag| tag.split('>').next()) {
            assert!(!tag.contains(" style=") && !tag.starts_with("style"), "{path}: <{tag}>");
            let handles = |attribute: &str| attribute.starts_with("on") && attribute.contains('=');
            assert!(!tag.split_whitespace().skip(1).any(handles), "{path}: <{tag}>");
            assert!(!tag.starts_with("script") || tag.contains(" src=\"/"), "{path}: <{tag}>");
        }
    }
}

#[tokio::test]
async fn the_policy_allows_our_own_style_and_script_and_nothing_else() {
    let reader = Reader::of(committed()).await;
    let page = reader.get("/developers").await;
    let policy = &page.headers["content-security-policy"];
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self';"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    for file in attributes(&page.body, "href").filter(|link| link.contains("css")) {
        assert_eq!(reader.get(file).await.headers["content-type"], "text/css; charset=utf-8");
    }
}

#[tokio::test]
async fn each_page_has_a_twin_that_can_also_be_negotiated() {
    let reader = Reader::of(committed()).await;
    for (path, html) in reader.crawl().await {
        let twin =
            html.split("<link rel=\"alternate\"").nth(1).and_then(|t| attributes(t, "href").next());
        let twin = twin.unwrap_or_else(|| panic!("{path} names no twin"));
        let written = reader.get(twin).await;
        assert_eq!(written.status, 200, "{twin}");
        assert_eq!(written.headers["content-type"], "text/markdown; charset=utf-8");
        assert!(written.body.starts_with("# "), "{twin}");
        let chosen = reader.asking(&path, &[("accept", "text/markdown, text/html;q=0.5")]).await;
        assert_eq!(chosen.body, written.body, "{path}");
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        let page = reader.asking(&path, &[("accept", browser)]).await;
        assert!(page.headers["link"].contains(twin), "{path}");
        assert_eq!(page.headers["vary"], "accept");
    }
}

#[tokio::test]
async fn a_page_that_is_known_is_not_sent_again() {
    let reader = Reader::of(committed()).await;
    let first = reader.get("/developers/webhooks").await;
    let again = [("if-none-match", first.headers["etag"].as_str())];
    let second = reader.asking("/developers/webhooks", &again).await;
    assert_eq!((second.status, second.body.as_str()), (304, ""));
    assert_eq!(reader.asking("/developers/errors", &again).await.status, 200);
}

#[tokio::test]
async fn examples_show_the_host_that_was_asked_and_never_a_strange_one() {
    let reader = Reader::of(committed()).await;
    let page = reader.asking("/developers", &[("host", "api.brand.example")]).await.body;
    assert!(page.contains("curl -X POST https://api.brand.example/api/v1/customers"), "{page}");
    let page = reader.asking("/developers", &[("host", "a\"><b")]).await.body;
    assert!(page.contains("curl -X POST https://mail.example/api/v1/customers"), "{page}");
}

#[tokio::test]
async fn a_white_label_install_shows_its_own_name_and_headers() {
    let reader = Reader::branded(committed(), "Brandly", "X-Brandly-").await;
    let page = reader.get("/developers/webhooks").await.body;
    assert!(page.contains("X-Brandly-Signature") && page.contains("HTTP_X_BRANDLY_SIGNATURE"));
    assert!(!page.contains("X-Innbocks") && !page.contains("Postroom"), "{page}");
    assert!(reader.get("/llms.txt").await.body.starts_with("# Brandly APIs\n\n> "));
}

#[tokio::test]
async fn every_error_code_and_every_event_type_has_its_anchor() {
    let reader = Reader::of(committed()).await;
    let errors = reader.get("/developers/errors").await.body;
    for code in ErrorCode::of_partner_api() {
        let (_, section) = errors
            .split_once(&format!("<h2 id=\"{code}\">"))
            .unwrap_or_else(|| panic!("no {code}"));
        let text = section.split_once("<p><strong>").unwrap().1;
        let status: u16 = text[..3].parse().unwrap_or_else(|_| panic!("{code}: no status"));
        assert!((400..=503).contains(&status), "{code}");
        assert_eq!(text[3..].starts_with(", retryable."), code.is_retryable(), "{code}");
    }
    let sections = errors.matches("<h2 id=").count();
    assert_eq!(sections, ErrorCode::of_partner_api().len(), "a section without a code");
    for (page, audience) in [("events", Audience::Partner), ("operator-events", Audience::Operator)]
    {
        let events = reader.get(&format!("/developers/{page}")).await.body;
        for kind in audience.types() {
            assert!(events.contains(&format!("<h2 id=\"{kind}\">")), "{kind}");
        }
    }
}

#[tokio::test]
async fn the_index_for_agents_lists_every_page_and_the_full_text_holds_it() {
    let reader = Reader::of(committed()).await;
    let index = reader.get("/llms.txt").await.body;
    let full = reader.get("/llms-full.txt").await.body;
    for line in index.lines().filter(|line| line.starts_with("- [")) {
        let link = line.split_once("](https://docs.example").unwrap().1.split_once(')').unwrap().0;
        let twin = reader.get(link).await;
        assert_eq!(twin.status, 200, "{line}");
        assert!(full.contains(twin.body.trim()), "{line}");
        assert!(!line.ends_with(": "), "{line}");
    }
    assert!(index.lines().filter(|line| line.starts_with("- [")).count() >= 14);
}

#[tokio::test]
async fn other_addresses_are_told_where_to_go() {
    let reader = Reader::of(committed()).await;
    let lost = reader.get("/developers/nowhere").await;
    assert_eq!(lost.status, 404);
    well_formed(&lost.body).unwrap();
    for path in ["/developers/", "/developers/quickstart"] {
        let moved = reader.get(path).await;
        assert_eq!((moved.status, moved.headers["location"].as_str()), (308, "/developers"));
    }
}

/// Checks that tags nest and that attributes are quoted, which is as much as our templates could break.
fn well_formed(html: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').ok_or_else(|| format!("<{piece} has no end"))?;
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        if tag.matches('"').count() % 2 != 0 {
            return Err(format!("<{tag}> has an open quote"));
        }
        match name.strip_prefix('/') {
            Some(name) if open.last() == Some(&name) => drop(open.pop()),
            Some(name) => {
                let mut problem = format!("</{name}> closes ");
                let _ = write!(problem, "{:?}", open.last());
                return Err(problem);
            }
            None if EMPTY.contains(&name) || tag.ends_with('/') => {}
            None => open.push(name),
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("{open:?} stay open")) }
}
