//! Contact rules (email-api.md 6.14).

use domain::Result;
use domain::email::rule::{MatchType, RuleAction, RuleDirection};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::reader::Fields;

/// Whose mail reaches a mailbox, or to whom it may write.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactRule {
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(format = "uuid")]
    pub agent_identity_id: String,
    #[schema(format = "uuid")]
    pub mailbox_id: String,
    /// allow or block.
    pub action: String,
    /// exact_email or domain.
    pub match_type: String,
    /// An address or a domain, in lower case.
    pub match_target: String,
    /// active or paused.
    pub status: String,
    /// inbound, outbound or both.
    pub direction: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Always null.
    #[schema(required = true)]
    pub contact: Option<Value>,
}

/// A rule to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateRule reads")]
pub struct ContactRuleCreate {
    action: String,
    match_type: String,
    match_target: String,
    /// Default is both; what is sent is judged only by rules that name their direction.
    direction: Option<String>,
}

/// What to change of a rule.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ChangeRule reads")]
pub struct ContactRuleChange {
    action: Option<String>,
    direction: Option<String>,
}

/// What a [`ContactRuleCreate`] says.
#[derive(Clone, Debug)]
pub struct CreateRule {
    pub action: RuleAction,
    pub match_type: MatchType,
    pub target: String,
    pub direction: Option<RuleDirection>,
}

/// What a [`ContactRuleChange`] says.
#[derive(Clone, Copy, Debug)]
pub struct ChangeRule {
    pub action: Option<RuleAction>,
    pub direction: Option<RuleDirection>,
}

const ACTION: &str = "allow or block";
const DIRECTION: &str = "inbound, outbound or both";
const MATCH: &str = "exact_email or domain";

impl CreateRule {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let input = Self {
            action: f.parsed("action", RuleAction::parse, ACTION).unwrap_or(RuleAction::Block),
            match_type: f
                .parsed("match_type", MatchType::parse, MATCH)
                .unwrap_or(MatchType::Domain),
            target: f.text("match_target", 1..=320),
            direction: f.opt_parsed("direction", RuleDirection::parse, DIRECTION),
        };
        f.finish()?;
        Ok(input)
    }
}

impl ChangeRule {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        f.not_writable(&["match_type", "match_target"]);
        let input = Self {
            action: f.opt_parsed("action", RuleAction::parse, ACTION),
            direction: f
                .opt_parsed("direction", RuleDirection::parse, DIRECTION)
                .or_else(|| f.opt_parsed("apply_to", RuleDirection::parse, DIRECTION)),
        };
        f.finish()?;
        Ok(input)
    }
}
