//! How long events are kept: `[retention]`, and its days by type.

use domain::event::EventType;
use serde::Deserialize;
use tasks::KEPT_DAYS_MAX;

/// See the reference.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    live_days: i64,
    test_days: i64,
    days_by_type: Vec<DaysOfType>,
}

/// `mail.scanned=7`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct DaysOfType(EventType, i64);

impl TryFrom<String> for DaysOfType {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let read = |text: &str| {
            let (kind, days) = text.split_once('=')?;
            Some(Self(EventType::parse(kind.trim())?, days.trim().parse().ok()?))
        };
        read(&text)
            .ok_or_else(|| format!("{text:?} is no type and days, such as \"mail.scanned=7\""))
    }
}

impl Retention {
    pub(super) fn problems(&self) -> Vec<String> {
        let by_type = self.days_by_type.iter().map(|DaysOfType(_, days)| ("days_by_type", *days));
        [("live_days", self.live_days), ("test_days", self.test_days)]
            .into_iter()
            .chain(by_type)
            .filter(|(_, days)| !(1..=KEPT_DAYS_MAX).contains(days))
            .map(|(name, _)| format!("retention.{name} is from 1 to {KEPT_DAYS_MAX} days"))
            .collect()
    }

    pub fn options(&self) -> tasks::Retention {
        tasks::Retention {
            live_days: self.live_days,
            test_days: self.test_days,
            by_type: self
                .days_by_type
                .iter()
                .map(|DaysOfType(kind, days)| (*kind, *days))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn load(name: &str, value: &str) -> anyhow::Result<Config> {
        let set = (format!("POSTROOM_RETENTION_{name}"), value.to_owned());
        Config::load(None, std::iter::once(set))
    }

    #[test]
    fn days_are_read_by_type_and_those_that_can_not_be_are_refused() {
        let read = load("DAYS_BY_TYPE", "mail.scanned=7, package.arrived = 90").unwrap();
        let by_type = read.retention.options().by_type;
        let shown: Vec<_> = by_type.iter().map(|(kind, days)| (kind.as_str(), *days)).collect();
        assert_eq!(shown, [("mail.scanned", 7), ("package.arrived", 90)]);
        for (name, value) in [
            ("LIVE_DAYS", "0"),
            ("TEST_DAYS", "91"),
            ("DAYS_BY_TYPE", "mail.scanned=91"),
            ("DAYS_BY_TYPE", "mail.eaten=7"),
            ("DAYS_BY_TYPE", "mail.scanned"),
        ] {
            assert!(load(name, value).is_err(), "{name} = {value}");
        }
    }
}
