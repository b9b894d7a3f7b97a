//! Which parts of a message are its text, which its HTML, and which are attachments.
//!
//! The rule is that of RFC 8621 4.1.4. Where parts are in the bytes is `scan`'s.

use crate::scan::{Entity, Structure};

/// Parts by what they are for, as places in [`Structure::entities`].
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    pub(crate) text: Vec<usize>,
    pub(crate) html: Vec<usize>,
    pub(crate) attachments: Vec<usize>,
}

impl Bodies {
    pub(crate) fn of(structure: &Structure) -> Self {
        let mut children = vec![Vec::new(); structure.entities.len()];
        for (place, entity) in structure.entities.iter().enumerate() {
            if let Some(parent) = entity.parent {
                children[parent].push(place);
            }
        }
        let mut sort = Sort { entities: &structure.entities, children, bodies: Self::default() };
        if !structure.entities.is_empty() {
            sort.group(&[0], "mixed", Wants { text: true, html: true }, false);
        }
        let mut bodies = sort.bodies;
        // An image in the text is an inline part, and a part like any other to those who list them.
        let is_media = |place: &usize| !structure.entities[*place].kind.word.starts_with("text/");
        bodies.attachments.extend(bodies.text.iter().copied().filter(is_media));
        bodies.attachments.extend(bodies.html.iter().copied().filter(is_media));
        bodies.attachments.sort_unstable();
        bodies.attachments.dedup();
        bodies.text.retain(|place| !is_media(place));
        bodies.html.retain(|place| !is_media(place));
        bodies
    }
}

/// Which bodies are still being filled; an alternative of one kind ends the other.
#[derive(Clone, Copy)]
struct Wants {
    text: bool,
    html: bool,
}

struct Sort<'a> {
    entities: &'a [Entity],
    children: Vec<Vec<usize>>,
    bodies: Bodies,
}

impl Sort<'_> {
    /// Sorts the parts of one multipart. Depth is bounded by `scan::DEPTH_MAX`.
    fn group(&mut self, places: &[usize], subtype: &str, wants: Wants, in_alternative: bool) {
        let (n_text, n_html) = (self.bodies.text.len(), self.bodies.html.len());
        let mut wants_now = wants;
        for (order, &place) in places.iter().enumerate() {
            let entity = &self.entities[place];
            if entity.is_multipart {
                let inner = entity.kind.word.trim_start_matches("multipart/");
                let children = std::mem::take(&mut self.children[place]);
                self.group(&children, inner, wants_now, in_alternative || inner == "alternative");
            } else if is_body(entity, subtype, order == 0) {
                self.body(place, subtype == "alternative", in_alternative, &mut wants_now);
            } else if !is_other_rendering(entity, subtype) {
                self.bodies.attachments.push(place);
            }
        }
        if subtype == "alternative" && wants.text && wants.html {
            let (has_text, has_html) =
                (self.bodies.text.len() > n_text, self.bodies.html.len() > n_html);
            if !has_text && has_html {
                self.bodies.text.extend_from_slice(&self.bodies.html[n_html..]);
            } else if !has_html && has_text {
                self.bodies.html.extend_from_slice(&self.bodies.text[n_text..]);
            }
        }
    }

    fn body(
        &mut self,
        place: usize,
        is_alternative: bool,
        in_alternative: bool,
        wants: &mut Wants,
    ) {
        let kind = self.entities[place].kind.word.as_str();
        if is_alternative {
            match kind {
                "text/plain" => self.bodies.text.push(place),
                "text/html" => self.bodies.html.push(place),
                _ => self.bodies.attachments.push(place),
            }
            return;
        }
        if in_alternative {
            match kind {
                "text/plain" => wants.html = false,
                "text/html" => wants.text = false,
                _ => {}
            }
        }
        if wants.text {
            self.bodies.text.push(place);
        }
        if wants.html {
            self.bodies.html.push(place);
        }
        if !(wants.text && wants.html) && is_media(kind) {
            self.bodies.attachments.push(place);
        }
    }
}

fn is_body(entity: &Entity, subtype: &str, is_first: bool) -> bool {
    let kind = entity.kind.word.as_str();
    let is_attachment = entity.disposition.as_ref().is_some_and(|d| d.word == "attachment");
    let is_shown = matches!(kind, "text/plain" | "text/html") || is_media(kind);
    let has_name = entity.kind.parameter("name").is_some()
        || entity.disposition.as_ref().is_some_and(|d| d.parameter("filename").is_some());
    let stands_here = is_first || (subtype != "related" && (is_media(kind) || !has_name));
    !is_attachment && is_shown && stands_here
}

/// A further rendering of the same words, such as AMP, is nothing that was attached.
fn is_other_rendering(entity: &Entity, subtype: &str) -> bool {
    subtype == "alternative"
        && matches!(entity.kind.word.as_str(), "text/x-amp-html" | "text/watch-html")
}

fn is_media(kind: &str) -> bool {
    ["image/", "audio/", "video/"].iter().any(|family| kind.starts_with(family))
}
