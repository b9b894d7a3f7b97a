//! All pages together: navigation, frames, twins, `/llms.txt`.
//!
//! Built once; an answer only puts the asking host in place of [`HOST`].

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::{Hash as _, Hasher as _};

use super::guides::{EVENTS_MARK, FRONT, Group, MAILBOX_EVENTS_MARK, OPERATOR_EVENTS_MARK, Source};
use super::markdown::{Heading, render};
use super::reference::{Api, HOST};
use super::{Brand, Documents, events, guides, reference};
use askama::Template;
use domain::event::Audience;

pub(crate) const STYLE: &str = include_str!("../../assets/developers.css");
pub(crate) const SCRIPT: &str = include_str!("../../assets/developers.js");

/// The prefix that the guides are written with.
const PREFIX: &str = "X-Innbocks-";

/// Headings of one page that stand beside it; longer lists are left to the page itself.
const CONTENTS_MAX: usize = 60;

/// One page, ready but for the host.
pub(crate) struct Page {
    group: Group,
    /// `/developers`, or `/developers/` and the slug.
    pub(crate) path: String,
    /// Where the same is served as Markdown.
    pub(crate) twin: String,
    label: String,
    title: String,
    summary: String,
    body: String,
    headings: Vec<Heading>,
    pub(crate) markdown: String,
    pub(crate) html: String,
}

pub(crate) struct Site {
    pub(crate) pages: Vec<Page>,
    pub(crate) lost: String,
    pub(crate) llms: String,
    pub(crate) llms_full: String,
}

impl Site {
    pub(crate) fn build(documents: &Documents, brand: &Brand) -> Self {
        let mut pages: Vec<Page> = guides::written()
            .chain(reference::pages(&Api::partner(&documents.partner)))
            .chain(reference::pages(&Api::email(&documents.email)))
            .map(|source| page(source, brand))
            .collect();
        let framed: Vec<String> = (0..pages.len()).map(|at| frame(&pages, at, brand)).collect();
        for (page, html) in pages.iter_mut().zip(framed) {
            page.html = html;
        }
        Self {
            lost: Lost { brand: &brand.name, version: version(), nav: nav(&pages, None) }
                .to_string(),
            llms: llms(&pages, brand),
            llms_full: pages
                .iter()
                .map(|p| p.markdown.as_str())
                .collect::<Vec<_>>()
                .join("\n\n---\n\n"),
            pages,
        }
    }
}

fn page(source: Source, brand: &Brand) -> Page {
    let text = source.markdown.replace(EVENTS_MARK, &events::catalogue(Audience::Partner));
    let text = text.replace(OPERATOR_EVENTS_MARK, &events::catalogue(Audience::Operator));
    let text = text.replace(MAILBOX_EVENTS_MARK, &events::catalogue(Audience::Mailbox));
    let text = with_prefix(&text, &brand.header_prefix);
    let rendered = render(&text);
    let path = match source.slug.as_str() {
        FRONT => "/developers".to_owned(),
        slug => format!("/developers/{slug}"),
    };
    Page {
        group: source.group,
        path,
        twin: format!("/developers/{}.md", source.slug),
        label: source.label,
        title: rendered.headings.first().map(|h| h.text.clone()).unwrap_or_default(),
        summary: summary(&text),
        body: rendered.html,
        headings: rendered.headings.into_iter().filter(|h| h.level == 2).collect(),
        markdown: linking_twins(&text),
        html: String::new(),
    }
}

/// Headers and, as PHP spells them, variables with the install's own prefix.
fn with_prefix(text: &str, prefix: &str) -> String {
    let variable = |prefix: &str| format!("HTTP_{}", prefix.to_ascii_uppercase().replace('-', "_"));
    text.replace(PREFIX, prefix).replace(&variable(PREFIX), &variable(prefix))
}

/// The first sentence of the first paragraph.
fn summary(text: &str) -> String {
    let first = text.lines().skip(1).skip_while(|line| line.is_empty());
    let first: Vec<&str> = first.take_while(|line| !line.is_empty()).collect();
    let first = first.join(" ").replace(['`', '*'], "");
    first.split_inclusive(". ").next().unwrap_or_default().trim().to_owned()
}

/// A twin links to twins, with the host, so that it can be read from anywhere.
fn linking_twins(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("](/") {
        let (before, link) = rest.split_at(at + 2);
        let end = link.find(')').unwrap_or(link.len());
        let (target, after) = link.split_at(end);
        let (path, anchor) = target.split_at(target.find('#').unwrap_or(target.len()));
        out.push_str(before);
        let _ = match path {
            "/developers" => write!(out, "{HOST}/developers/{FRONT}.md{anchor}"),
            _ if path.starts_with("/developers/") => write!(out, "{HOST}{path}.md{anchor}"),
            _ => write!(out, "{HOST}{target}"),
        };
        rest = after;
    }
    out.push_str(rest);
    out
}

struct Link<'a> {
    path: &'a str,
    label: &'a str,
    is_current: bool,
}

struct Section<'a> {
    title: &'static str,
    links: Vec<Link<'a>>,
}

fn nav<'a>(pages: &'a [Page], current: Option<&Page>) -> Vec<Section<'a>> {
    let link = |page: &'a Page| Link {
        path: &page.path,
        label: &page.label,
        is_current: current.is_some_and(|c| c.path == page.path),
    };
    let section = |group: Group| Section {
        title: group.title(),
        links: pages.iter().filter(|p| p.group == group).map(link).collect(),
    };
    Group::ALL.into_iter().map(section).filter(|section| !section.links.is_empty()).collect()
}

#[derive(Template)]
#[template(path = "page.html")]
struct Frame<'a> {
    brand: &'a str,
    version: &'a str,
    page: &'a Page,
    nav: Vec<Section<'a>>,
    previous: Option<&'a Page>,
    next: Option<&'a Page>,
    contents: &'a [Heading],
}

#[derive(Template)]
#[template(path = "lost.html")]
struct Lost<'a> {
    brand: &'a str,
    version: &'a str,
    nav: Vec<Section<'a>>,
}

fn frame(pages: &[Page], at: usize, brand: &Brand) -> String {
    let page = &pages[at];
    let contents = if page.headings.len() < 2 { &[] } else { page.headings.as_slice() };
    Frame {
        brand: &brand.name,
        version: version(),
        page,
        nav: nav(pages, Some(page)),
        previous: at.checked_sub(1).and_then(|at| pages.get(at)),
        next: pages.get(at + 1),
        contents: &contents[..contents.len().min(CONTENTS_MAX)],
    }
    .to_string()
}

/// Changes whenever style or script do, so that browsers may keep them for ever.
pub(crate) fn version() -> &'static str {
    static VERSION: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| tag(&[STYLE, SCRIPT].concat()));
    &VERSION
}

/// A short name for a content: the same for the same bytes of the same build.
pub(crate) fn tag(content: &str) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The index for agents (llmstxt.org): a heading, a summary, lists of links.
fn llms(pages: &[Page], brand: &Brand) -> String {
    let mut text = format!(
        "# {} APIs\n\n> Provision customers and mailboxes, log mail and packages, request scans, forwards, \
         shredding and pickups; give agents e-mail mailboxes; and receive signed webhooks. JSON over HTTPS.\n\n\
         Every page is Markdown at the links below, or with `Accept: text/markdown` at the same path without \
         `.md`. All of it in one file: {HOST}/llms-full.txt. The OpenAPI 3.1 documents: \
         {HOST}/api/openapi.json and {HOST}/api/openapi-email.json.\n",
        brand.name
    );
    for group in Group::ALL {
        let _ = write!(text, "\n## {}\n\n", group.title());
        for page in pages.iter().filter(|page| page.group == group) {
            let _ = writeln!(text, "- [{}]({HOST}{}): {}", page.title, page.twin, page.summary);
        }
    }
    text
}
