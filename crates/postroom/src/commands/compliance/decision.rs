//! What is typed of a reviewer's decision: the list that was gone through, or the reasons against.

use app::compliance::review::Refusal;
use clap::Args;
use clap::builder::PossibleValuesParser;
use domain::compliance::{Check, DocumentRole, RULES, ReasonCode, Verdict, all_passed};

use crate::commands::parse::one_of;

/// The list that a reviewer goes through; rules that do not concern the form can be left out.
#[derive(Args, Clone)]
pub(super) struct Checklist {
    /// Every rule was looked at and holds.
    #[arg(long)]
    all_passed: bool,
    /// A rule that holds; several are separated by commas.
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rule())]
    passed: Vec<String>,
    /// A rule that does not hold and may be passed over, with the reason: R-12='maiden name on lease'.
    #[arg(long, value_name = "RULE=NOTE", value_parser = failed)]
    failed: Vec<(String, String)>,
}

/// Why a form is refused or sent back.
#[derive(Args, Clone)]
pub(super) struct Refused {
    /// Why; several are separated by commas.
    #[arg(long = "reason", required = true, value_name = "CODE", value_delimiter = ',')]
    #[arg(value_parser = one_of!(ReasonCode))]
    reasons: Vec<ReasonCode>,
    /// For the operator's records; a rejection needs one.
    #[arg(long)]
    note: Option<String>,
    /// A document that must be handed in again; several are separated by commas.
    #[arg(long, value_name = "ROLE", value_delimiter = ',', value_parser = one_of!(DocumentRole))]
    refuse: Vec<DocumentRole>,
}

/// The rules with what each asks for.
pub(super) fn rules() -> String {
    let lines = RULES.iter().map(|(rule, meaning)| format!("  {rule:<5} {meaning}"));
    format!("The rules:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

impl Checklist {
    /// The list; what is said of a single rule goes before what is said of all.
    pub(super) fn checks(&self) -> Vec<Check> {
        let passed = self.passed.iter().map(|rule| Check {
            rule: rule.clone(),
            verdict: Verdict::Pass,
            note: None,
        });
        let failed = self.failed.iter().map(|(rule, note)| Check {
            rule: rule.clone(),
            verdict: Verdict::Fail,
            note: Some(note.clone()),
        });
        let mut checks: Vec<Check> = failed.chain(passed).collect();
        if self.all_passed {
            let mut others = all_passed();
            others.retain(|check| checks.iter().all(|known| known.rule != check.rule));
            checks.append(&mut others);
        }
        checks
    }
}

impl Refused {
    pub(super) fn refusal(&self) -> Refusal {
        Refusal {
            reasons: self.reasons.clone(),
            note: self.note.clone(),
            refused_documents: self.refuse.clone(),
        }
    }
}

fn rule() -> PossibleValuesParser {
    PossibleValuesParser::new(RULES.iter().map(|(rule, _)| *rule))
}

fn failed(text: &str) -> Result<(String, String), String> {
    let (rule, note) = text.split_once('=').ok_or("say why as RULE=NOTE")?;
    if RULES.iter().all(|(known, _)| *known != rule) {
        return Err(format!("there is no rule {rule}"));
    }
    Ok((rule.to_owned(), note.to_owned()))
}
