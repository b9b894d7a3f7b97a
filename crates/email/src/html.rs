//! Text out of HTML, for bodies that came without a text of their own.
//!
//! One pass without a tree, so no markup makes it slow (engine 5.2). The tags themselves are found in
//! `html_token`. Showing HTML to a person is the dashboard's, which asks [`Converted::is_unsafe`] first.

use crate::field;
use crate::html_token::{Token, Tokens};

/// Bytes of HTML that are looked at (engine 5.2).
pub const HTML_BYTES_MAX: usize = 512 * 1_024;
/// Open elements inside one another beyond which HTML is not rendered (engine 5.2).
pub const OPEN_ELEMENTS_MAX: usize = 256;
/// Tags beyond which HTML is not rendered (engine 5.2).
pub const TAGS_MAX: usize = 50_000;
/// Bytes of a link that are shown behind its words. Longer ones carry tracking data, not a place.
const LINK_BYTES_MAX: usize = 2_000;
/// Bytes between `&` and `;`.
const ENTITY_BYTES_MAX: usize = 34;
/// Quotations inside one another that are marked.
const QUOTE_DEPTH_MAX: usize = 8;

/// Blanks that are kept at the start of a preformatted line.
const INDENT_MAX: usize = 80;

/// What HTML became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    pub text: String,
    /// Too large, too deep or too many tags for a renderer or a sanitiser.
    pub is_unsafe: bool,
    /// The HTML was longer than [`HTML_BYTES_MAX`], and the rest is not in the text.
    pub is_truncated: bool,
}

/// Whether addresses of links stand behind their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    Shown,
    Hidden,
}

/// The words of HTML as a reader would see them: blocks on lines of their own, quotations marked by `> `,
/// list items by `- `, elements with `display:none` left out.
pub fn to_text(html: &str, links: Links) -> Converted {
    let end = html.floor_char_boundary(HTML_BYTES_MAX);
    let is_truncated = end < html.len();
    let html = &html[..end];
    let first = Walk::new(links, Hiding::Followed).over(html);
    // An element that is hidden and never closed would hide all that follows it.
    let walk =
        if first.hidden.is_none() { first } else { Walk::new(links, Hiding::Ignored).over(html) };
    let is_unsafe = is_truncated || walk.depth_max > OPEN_ELEMENTS_MAX || walk.n_tags > TAGS_MAX;
    Converted { text: walk.out.finish(), is_unsafe, is_truncated }
}

/// Plain text as HTML that shows it the same way.
pub fn from_text(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' => html.push_str("<br>\n"),
            '\r' => {}
            _ => html.push(letter),
        }
    }
    html
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hiding {
    Followed,
    Ignored,
}

struct Walk {
    links: Links,
    hiding: Hiding,
    out: Out,
    /// The name of the hidden element being passed, and how many of that name are open in it.
    hidden: Option<(String, usize)>,
    /// The address of the open link, and where its words begin.
    link: Option<(String, usize)>,
    n_tags: usize,
    depth: usize,
    depth_max: usize,
}

impl Walk {
    fn new(links: Links, hiding: Hiding) -> Self {
        let out = Out::default();
        Self { links, hiding, out, hidden: None, link: None, n_tags: 0, depth: 0, depth_max: 0 }
    }

    fn over(mut self, html: &str) -> Self {
        for token in Tokens::new(html) {
            self.count(&token);
            if self.is_passed_over(&token) {
                continue;
            }
            match token {
                Token::Text(text) => self.words(text),
                Token::Open { ref name, .. } => self.open(name, &token),
                Token::Close { name } => self.close(&name),
            }
        }
        self
    }

    fn count(&mut self, token: &Token<'_>) {
        match token {
            Token::Text(_) => return,
            Token::Open { name, is_closed, .. } if !is_closed && nests(name) => {
                self.depth += 1;
                self.depth_max = self.depth_max.max(self.depth);
            }
            Token::Close { name } if nests(name) => self.depth = self.depth.saturating_sub(1),
            Token::Open { .. } | Token::Close { .. } => {}
        }
        self.n_tags += 1;
    }

    /// Keeps account of the hidden element that is open, and says whether the token is in it.
    fn is_passed_over(&mut self, token: &Token<'_>) -> bool {
        match (&mut self.hidden, token) {
            (Some((hidden, n_open)), Token::Open { name, is_closed: false, .. })
                if name == hidden =>
            {
                *n_open += 1;
                true
            }
            (Some((hidden, n_open)), Token::Close { name }) if name == hidden => {
                *n_open -= 1;
                if *n_open == 0 {
                    self.hidden = None;
                }
                true
            }
            (Some(_), _) => true,
            (None, Token::Open { name, is_closed: false, .. })
                if self.hiding == Hiding::Followed && nests(name) && is_hidden(token) =>
            {
                self.hidden = Some((name.clone(), 1));
                true
            }
            (None, _) => false,
        }
    }

    fn open(&mut self, name: &str, token: &Token<'_>) {
        match name {
            "br" => self.out.line(),
            "hr" => {
                self.out.line();
                self.out.words("---");
                self.out.line();
            }
            "li" => {
                self.out.fresh_line();
                self.out.words("- ");
            }
            "td" | "th" => self.out.space(),
            "blockquote" => {
                self.out.paragraph();
                self.out.quote_depth = (self.out.quote_depth + 1).min(QUOTE_DEPTH_MAX);
            }
            "pre" => {
                self.out.paragraph();
                self.out.pre_depth += 1;
            }
            "img" => self.words(&token.attribute("alt").unwrap_or_default()),
            "a" => {
                self.end_link();
                self.link = token
                    .attribute("href")
                    .and_then(|href| shown_link(&href))
                    .map(|to| (to, self.out.text.len()));
            }
            _ => self.block(name),
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "blockquote" => {
                self.out.paragraph();
                self.out.quote_depth = self.out.quote_depth.saturating_sub(1);
            }
            "pre" => {
                self.out.paragraph();
                self.out.pre_depth = self.out.pre_depth.saturating_sub(1);
            }
            "a" => self.end_link(),
            "li" => self.out.fresh_line(),
            _ => self.block(name),
        }
    }

    fn block(&mut self, name: &str) {
        match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "table" | "dl" => {
                self.out.paragraph();
            }
            "div" | "tr" | "dt" | "dd" | "section" | "article" | "header" | "footer" | "form"
            | "center" | "address" | "main" | "nav" | "aside" | "figure" | "fieldset" | "body"
            | "html" | "option" => {
                self.out.fresh_line();
            }
            _ => {}
        }
    }

    fn end_link(&mut self) {
        let Some((to, start)) = self.link.take() else { return };
        let words = self.out.text[start.min(self.out.text.len())..].trim();
        let bare = |text: &str| {
            let text = text.trim_end_matches('/');
            let text = text.strip_prefix("mailto:").unwrap_or(text);
            let text =
                text.strip_prefix("https://").or(text.strip_prefix("http://")).unwrap_or(text);
            text.to_lowercase()
        };
        let adds = !words.is_empty() && bare(words) != bare(&to);
        if adds && self.links == Links::Shown {
            self.out.words(&format!(" ({to})"));
        }
    }

    /// Text between tags, with its entities decoded.
    fn words(&mut self, text: &str) {
        let mut rest = text;
        while let Some(place) = rest.find('&') {
            self.out.words(&rest[..place]);
            rest = &rest[place..];
            let window = &rest[..rest.floor_char_boundary(ENTITY_BYTES_MAX)];
            let end = window.find(';');
            match end.and_then(|end| Some((end, field::entity(&rest[..=end])?))) {
                Some((end, letter)) => {
                    self.out.words(letter.encode_utf8(&mut [0; 4]));
                    rest = &rest[end + 1..];
                }
                None => {
                    self.out.words("&");
                    rest = &rest[1..];
                }
            }
        }
        self.out.words(rest);
    }
}

/// The text being written, with the breaks that are owed before the next word.
#[derive(Default)]
struct Out {
    text: String,
    owed_breaks: usize,
    owes_space: bool,
    quote_depth: usize,
    /// The depth of the line that was written last.
    line_depth: usize,
    pre_depth: usize,
    /// Blanks before the first word of a preformatted line.
    indent: usize,
}

impl Out {
    fn words(&mut self, words: &str) {
        for letter in words.chars() {
            match letter {
                '\n' if self.pre_depth > 0 => self.line(),
                '\r' | '\0' => {}
                '\t' | ' ' if self.pre_depth > 0 && self.owed_breaks == 0 => self.text.push(letter),
                '\t' | ' ' if self.pre_depth > 0 => self.indent = (self.indent + 1).min(INDENT_MAX),
                _ if letter.is_whitespace() => self.owes_space = true,
                _ => self.letter(letter),
            }
        }
    }

    fn letter(&mut self, letter: char) {
        if self.text.is_empty() {
            self.start_line();
        } else if self.owed_breaks > 0 {
            for _ in 1..self.owed_breaks {
                self.text.push('\n');
                // An empty line between two depths belongs to the shallower one.
                let depth = self.quote_depth.min(self.line_depth);
                self.text.push_str(&">".repeat(depth));
            }
            self.text.push('\n');
            self.start_line();
        } else if self.owes_space && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
        self.owed_breaks = 0;
        self.owes_space = false;
        self.text.push(letter);
    }

    /// Writes the marks of the quotation and the indentation of preformatted text.
    fn start_line(&mut self) {
        self.line_depth = self.quote_depth;
        if self.quote_depth > 0 {
            self.text.push_str(&">".repeat(self.quote_depth));
            self.text.push(' ');
        }
        self.text.push_str(&" ".repeat(std::mem::take(&mut self.indent)));
    }

    fn space(&mut self) {
        self.owes_space = true;
    }

    /// One more line break, at most one empty line.
    fn line(&mut self) {
        self.indent = 0;
        self.owed_breaks = (self.owed_breaks + 1).min(2);
    }

    fn fresh_line(&mut self) {
        self.owed_breaks = self.owed_breaks.max(1);
    }

    fn paragraph(&mut self) {
        self.owed_breaks = 2;
    }

    fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

/// Whether an element holds others. Those that end by themselves (paragraphs, cells) don't count, so that
/// old pages, which never close them, are not taken for deep ones.
fn nests(name: &str) -> bool {
    !matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
            | "p"
            | "li"
            | "dt"
            | "dd"
            | "tr"
            | "td"
            | "th"
            | "thead"
            | "tbody"
            | "tfoot"
            | "option"
            | "optgroup"
            | "colgroup"
    )
}

fn is_hidden(token: &Token<'_>) -> bool {
    let Some(style) = token.attribute("style") else { return false };
    let style: String = style.to_ascii_lowercase().split_whitespace().collect();
    style.contains("display:none")
}

/// A link worth showing: a page, an address, a number. Anchors and scripts are not.
fn shown_link(href: &str) -> Option<String> {
    let href = href.trim();
    let schemes = ["http://", "https://", "mailto:", "tel:"];
    let is_known = schemes.iter().any(|scheme| {
        href.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let is_plain =
        href.len() <= LINK_BYTES_MAX && !href.chars().any(|c| c.is_whitespace() || c.is_control());
    (is_known && is_plain).then(|| href.to_owned())
}

#[cfg(test)]
mod tests;
