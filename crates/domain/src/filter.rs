//! Filters of webhook endpoints: which events of the types that one hears are sent to it.
//!
//! The dialects are those of the CloudEvents Subscriptions API 1.0 (3.2.4.1: exact, prefix, suffix, all, any, not),
//! over attributes of what is sent. Their JSON is in `wire::partner::filter`. Source: webhooks.md 4.1 case 7 and 5.4.

use crate::event::Audience;

/// Filters inside filters, the outermost counted.
pub const DEPTH_MAX: usize = 4;
/// Comparisons of one filter: what an event costs in all.
pub const TERMS_MAX: usize = 32;
/// Characters of a value that is compared with: as many as an `external_customer_id` has.
pub const VALUE_CHARS_MAX: usize = 255;

crate::words! {
    /// What of an event can be compared.
    pub enum Attribute {
        Type = "type",
        CustomerId = "customer_id",
        ExternalCustomerId = "external_customer_id",
        MailId = "mail_id",
        ActionId = "action_id",
        PartnerId = "partner_id",
        PartnerSlug = "partner_slug",
        EndpointId = "endpoint_id",
    }
}

impl Attribute {
    /// Whether events that an audience hears can have it.
    pub const fn is_told_to(self, audience: Audience) -> bool {
        match self {
            Self::Type => matches!(audience, Audience::Partner | Audience::Operator),
            Self::CustomerId | Self::ExternalCustomerId | Self::MailId | Self::ActionId => {
                matches!(audience, Audience::Partner)
            }
            Self::PartnerId | Self::PartnerSlug | Self::EndpointId => {
                matches!(audience, Audience::Operator)
            }
        }
    }
}

/// An attribute and what it is compared with.
pub type Term = (Attribute, String);

/// An expression over the attributes of an event. What an event has not equals nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Each attribute is the value.
    Exact(Vec<Term>),
    /// Each attribute begins with the value.
    Prefix(Vec<Term>),
    /// Each attribute ends with the value.
    Suffix(Vec<Term>),
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
}

impl Filter {
    /// Whether it lets an event pass whose attributes `of` tells.
    pub fn matches(&self, of: &dyn Fn(Attribute) -> Option<String>) -> bool {
        let each = |terms: &[Term], holds: fn(&str, &str) -> bool| {
            terms.iter().all(|(name, value)| of(*name).is_some_and(|found| holds(&found, value)))
        };
        match self {
            Self::Exact(terms) => each(terms, |found, value| found == value),
            Self::Prefix(terms) => each(terms, |found, value| found.starts_with(value)),
            Self::Suffix(terms) => each(terms, |found, value| found.ends_with(value)),
            Self::All(filters) => filters.iter().all(|f| f.matches(of)),
            Self::Any(filters) => filters.iter().any(|f| f.matches(of)),
            Self::Not(filter) => !filter.matches(of),
        }
    }

    /// Every comparison in it.
    pub fn terms(&self) -> Vec<&Term> {
        match self {
            Self::Exact(terms) | Self::Prefix(terms) | Self::Suffix(terms) => {
                terms.iter().collect()
            }
            Self::All(filters) | Self::Any(filters) => {
                filters.iter().flat_map(Self::terms).collect()
            }
            Self::Not(filter) => filter.terms(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(name: Attribute, value: &str) -> Vec<Term> {
        vec![(name, value.to_owned())]
    }

    #[test]
    fn each_dialect_says_what_passes_and_what_is_absent_equals_nothing() {
        use Attribute::{CustomerId, ExternalCustomerId, MailId};
        use Filter::{All, Any, Exact, Not, Prefix, Suffix};
        let of = |name| match name {
            CustomerId => Some("cus_1".to_owned()),
            ExternalCustomerId => Some("acme-7".to_owned()),
            _ => None,
        };
        let (yes, no) = (Exact(term(CustomerId, "cus_1")), Exact(term(CustomerId, "cus_2")));
        let both = [term(CustomerId, "cus_1"), term(ExternalCustomerId, "acme-8")].concat();
        for (expected, filter) in [
            (true, yes.clone()),
            (false, no.clone()),
            (false, Exact(both)),
            (true, Prefix(term(ExternalCustomerId, "acme-"))),
            (false, Prefix(term(ExternalCustomerId, "ACME-"))),
            (true, Suffix(term(ExternalCustomerId, "-7"))),
            (false, Suffix(term(ExternalCustomerId, "-8"))),
            (false, Prefix(term(MailId, "mail_"))),
            (true, Not(Box::new(Prefix(term(MailId, "mail_"))))),
            (false, All(vec![yes.clone(), no.clone()])),
            (true, Any(vec![no.clone(), yes])),
            (false, Any(vec![no])),
        ] {
            assert_eq!(filter.matches(&of), expected, "{filter:?}");
        }
    }
}
