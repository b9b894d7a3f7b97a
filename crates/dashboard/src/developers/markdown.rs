//! From Markdown to the HTML of a page's body.
//!
//! Raw HTML in the text is shown, not obeyed. Headings get anchors, code blocks a label and colours,
//! tables a box that scrolls by itself. The frame around the body is a template of [`super::site`].

use std::collections::HashSet;
use std::fmt::Write as _;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::highlight::{escape, highlight};

/// A heading with its anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) level: u8,
    pub(crate) id: String,
    /// Without markup.
    pub(crate) text: String,
}

/// The body of a page.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    pub(crate) html: String,
    pub(crate) headings: Vec<Heading>,
}

/// Renders a text of ours.
pub(crate) fn render(text: &str) -> Rendered {
    let options = Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES;
    let mut renderer = Renderer::default();
    let mut events = Parser::new_ext(text, options);
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::Heading { level, id, .. }) => {
                let inside = until(&mut events, TagEnd::Heading(level));
                renderer.heading(level, id.as_deref(), inside);
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                let inside = until(&mut events, TagEnd::CodeBlock);
                renderer.code_block(&kind, &plain(&inside));
            }
            other => renderer.push(other),
        }
    }
    let mut body = String::with_capacity(text.len() * 2);
    html::push_html(&mut body, renderer.out.into_iter());
    Rendered { html: body, headings: renderer.headings }
}

#[derive(Default)]
struct Renderer<'a> {
    out: Vec<Event<'a>>,
    headings: Vec<Heading>,
    taken: HashSet<String>,
}

impl<'a> Renderer<'a> {
    fn push(&mut self, event: Event<'a>) {
        match event {
            Event::Html(text) | Event::InlineHtml(text) => self.out.push(Event::Text(text)),
            Event::Start(Tag::HtmlBlock) => self.out.push(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => self.out.push(Event::End(TagEnd::Paragraph)),
            Event::Start(Tag::Table(columns)) => {
                self.html(
                    "<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"Table\">",
                );
                self.out.push(Event::Start(Tag::Table(columns)));
            }
            Event::End(TagEnd::Table) => {
                self.out.push(Event::End(TagEnd::Table));
                self.html("</div>");
            }
            Event::Code(text) => match route(&text) {
                Some(html) => self.html(html),
                None => self.out.push(Event::Code(text)),
            },
            other => self.out.push(other),
        }
    }

    fn html(&mut self, html: impl Into<String>) {
        self.out.push(Event::InlineHtml(html.into().into()));
    }

    fn heading(&mut self, level: HeadingLevel, id: Option<&str>, inside: Vec<Event<'a>>) {
        let text = plain(&inside);
        let id = id.map_or_else(|| slug(&text), ToOwned::to_owned);
        let id = self.anchor(&id);
        self.html(format!("<{level} id=\"{}\">", escape(&id)));
        for event in inside {
            self.push(event);
        }
        if level != HeadingLevel::H1 {
            let id = escape(&id);
            self.html(format!(
                " <a class=\"anchor\" href=\"#{id}\" aria-label=\"Link to this section\">#</a>"
            ));
        }
        self.html(format!("</{level}>\n"));
        self.headings.push(Heading { level: level as u8, id, text });
    }

    /// An anchor that no other heading of the page has.
    fn anchor(&mut self, wanted: &str) -> String {
        let mut id = wanted.to_owned();
        let mut n = 2;
        while !self.taken.insert(id.clone()) {
            id = format!("{wanted}-{n}");
            n += 1;
        }
        id
    }

    fn code_block(&mut self, kind: &CodeBlockKind<'_>, code: &str) {
        let language = match kind {
            CodeBlockKind::Fenced(info) => info.split_whitespace().next().unwrap_or_default(),
            CodeBlockKind::Indented => "",
        };
        let mut html = String::from("<figure class=\"code\">");
        let label = label(language);
        if !label.is_empty() {
            let _ = write!(html, "<figcaption>{label}</figcaption>");
        }
        let _ = writeln!(
            html,
            "<pre tabindex=\"0\"><code>{}</code></pre></figure>",
            highlight(code, language)
        );
        self.html(html);
    }
}

/// The events up to the end of a tag that was just opened.
fn until<'a>(events: &mut Parser<'a>, end: TagEnd) -> Vec<Event<'a>> {
    events.take_while(|event| *event != Event::End(end)).collect()
}

fn plain(events: &[Event<'_>]) -> String {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
            _ => None,
        })
        .collect()
}

/// `Two words` becomes `two-words`; codes and event types stay as they are.
pub(crate) fn slug(text: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    let words = text.to_ascii_lowercase();
    let words = words.split(|c| !kept(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// Inline code that is a route, such as `POST /api/v1/mail`, shows its method as a badge and may break
/// at its slashes.
fn route(code: &str) -> Option<String> {
    let (method, path) = code.split_once(' ')?;
    let known = ["GET", "POST", "PATCH", "DELETE"].contains(&method) && path.starts_with('/');
    known.then(|| {
        let class = method.to_ascii_lowercase();
        format!(
            "<code class=\"route\"><span class=\"method {class}\">{method}</span> {}</code>",
            escape(path).replace('/', "/<wbr>")
        )
    })
}

fn label(language: &str) -> &'static str {
    match language {
        "sh" => "Shell",
        "js" => "JavaScript",
        "python" => "Python",
        "ruby" => "Ruby",
        "php" => "PHP",
        "go" => "Go",
        "rust" => "Rust",
        "json" => "JSON",
        "http" => "HTTP",
        "toml" => "TOML",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_in_a_text_is_shown_and_not_obeyed() {
        let html = render("a <b onclick=x>b</b>\n\n<script>alert(1)</script>\n").html;
        assert!(!html.contains("<script") && !html.contains("<b "), "{html}");
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{html}");
    }

    #[test]
    fn headings_get_anchors_that_do_not_collide() {
        let page =
            render("# Top\n\n## `rate_limited`\n\n## In short\n\n## In short\n\n## A {#b}\n");
        let ids: Vec<&str> = page.headings.iter().map(|h| h.id.as_str()).collect();
        assert_eq!(ids, ["top", "rate_limited", "in-short", "in-short-2", "b"]);
        assert!(page.html.contains("<h2 id=\"rate_limited\"><code>rate_limited</code>"));
    }

    #[test]
    fn routes_in_a_text_show_their_method() {
        let html = render("Call `POST /api/v1/mail` or `GET it`.").html;
        assert!(
            html.contains("<span class=\"method post\">POST</span> /<wbr>api/<wbr>v1/<wbr>mail"),
            "{html}"
        );
        assert!(html.contains("<code>GET it</code>"), "{html}");
    }
}
