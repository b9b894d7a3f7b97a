//! The written pages: which there are, in which order, and what they are made of.
//!
//! The texts are in `docs/guides` and `docs/errors.md`; pages that are generated are in [`super::events`]
//! and [`super::reference`].

/// The headings of the navigation, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Start,
    Conventions,
    Webhooks,
    Email,
    Reference,
    EmailReference,
}

impl Group {
    pub(crate) const ALL: [Self; 6] = [
        Self::Start,
        Self::Conventions,
        Self::Webhooks,
        Self::Email,
        Self::Reference,
        Self::EmailReference,
    ];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Start => "Start here",
            Self::Conventions => "Conventions",
            Self::Webhooks => "Webhooks",
            Self::Email => "E-mail",
            Self::Reference => "Reference",
            Self::EmailReference => "E-mail reference",
        }
    }
}

/// A page before it is rendered. The text begins with a heading of the first level, which is its
/// title, and a paragraph, whose first sentence tells what the page is about.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) group: Group,
    /// Below `/developers/`; the quickstart is `/developers` itself.
    pub(crate) slug: String,
    /// In the navigation; shorter than the title.
    pub(crate) label: String,
    pub(crate) markdown: String,
}

/// The page that `/developers` shows.
pub(crate) const FRONT: &str = "quickstart";

/// Stand in the guides where the catalogues are put.
pub(crate) const EVENTS_MARK: &str = "{{events}}";
pub(crate) const OPERATOR_EVENTS_MARK: &str = "{{operator_events}}";
pub(crate) const MAILBOX_EVENTS_MARK: &str = "{{mailbox_events}}";

const WRITTEN: &[(Group, &str, &str, &str)] = &[
    (Group::Start, FRONT, "Quickstart", include_str!("../../../../docs/guides/quickstart.md")),
    (
        Group::Start,
        "authentication",
        "Authentication",
        include_str!("../../../../docs/guides/authentication.md"),
    ),
    (Group::Start, "test-mode", "Test mode", include_str!("../../../../docs/guides/test-mode.md")),
    (
        Group::Conventions,
        "idempotency",
        "Idempotency",
        include_str!("../../../../docs/guides/idempotency.md"),
    ),
    (Group::Conventions, "errors", "Errors", include_str!("../../../../docs/errors.md")),
    (Group::Conventions, "lists", "Lists", include_str!("../../../../docs/guides/lists.md")),
    (
        Group::Conventions,
        "rate-limits",
        "Rate limits",
        include_str!("../../../../docs/guides/rate-limits.md"),
    ),
    (
        Group::Conventions,
        "versioning",
        "Versioning",
        include_str!("../../../../docs/guides/versioning.md"),
    ),
    (
        Group::Webhooks,
        "webhooks",
        "Receiving webhooks",
        include_str!("../../../../docs/guides/webhooks.md"),
    ),
    (
        Group::Webhooks,
        "events",
        "Event catalogue",
        include_str!("../../../../docs/guides/events.md"),
    ),
    (
        Group::Webhooks,
        "operator-events",
        "Events for operators",
        include_str!("../../../../docs/guides/operator-events.md"),
    ),
    (Group::Email, "email", "E-mail for agents", include_str!("../../../../docs/guides/email.md")),
    (
        Group::Email,
        "email-webhooks",
        "Webhooks of a mailbox",
        include_str!("../../../../docs/guides/email-webhooks.md"),
    ),
];

/// The written pages in the order of the navigation.
pub(crate) fn written() -> impl Iterator<Item = Source> {
    WRITTEN.iter().map(|(group, slug, label, markdown)| Source {
        group: *group,
        slug: (*slug).to_owned(),
        label: (*label).to_owned(),
        markdown: (*markdown).to_owned(),
    })
}
