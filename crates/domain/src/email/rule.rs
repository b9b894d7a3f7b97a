//! Contact rules: whose mail reaches a mailbox, and to whom it may write (email-api.md 6.14).

crate::words! {
    /// What happens to mail that no rule speaks of: a whitelist refuses it, a blacklist lets it through.
    pub enum FilterMode { Whitelist = "whitelist", Blacklist = "blacklist" }
}

crate::words! { pub enum RuleAction { Allow = "allow", Block = "block" } }

crate::words! { pub enum MatchType { ExactEmail = "exact_email", Domain = "domain" } }

crate::words! { pub enum RuleStatus { Active = "active", Paused = "paused" } }

crate::words! { pub enum RuleDirection { Inbound = "inbound", Outbound = "outbound", Both = "both" } }

/// What of a rule decides. Targets are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub action: RuleAction,
    pub match_type: MatchType,
    pub target: String,
}

/// Whether mail of this address passes, and which rule said so, by its place. A rule for the address is
/// stronger than one for its domain (C-7, C-8).
pub fn decide(mode: FilterMode, rules: &[Rule], address: &str) -> (bool, Option<usize>) {
    let address = address.to_lowercase();
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let find = |kind: MatchType, text: &str| {
        rules.iter().position(|rule| rule.match_type == kind && rule.target == text)
    };
    let found = find(MatchType::ExactEmail, &address).or_else(|| find(MatchType::Domain, domain));
    match found {
        Some(place) => (rules[place].action == RuleAction::Allow, Some(place)),
        None => (mode == FilterMode::Blacklist, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(action: RuleAction, match_type: MatchType, target: &str) -> Rule {
        Rule { action, match_type, target: target.to_owned() }
    }

    #[test]
    fn c7_without_a_rule_the_mode_decides() {
        assert_eq!(decide(FilterMode::Blacklist, &[], "a@x.io"), (true, None));
        assert_eq!(decide(FilterMode::Whitelist, &[], "a@x.io"), (false, None));
    }

    #[test]
    fn c8_a_rule_for_the_address_beats_one_for_its_domain() {
        let rules = [
            rule(RuleAction::Block, MatchType::Domain, "x.io"),
            rule(RuleAction::Allow, MatchType::ExactEmail, "ann@x.io"),
        ];
        for mode in FilterMode::ALL {
            assert_eq!(decide(*mode, &rules, "Ann@X.io"), (true, Some(1)));
            assert_eq!(decide(*mode, &rules, "bob@x.io"), (false, Some(0)));
        }
    }
}
