//! Origins that chose HTTP/2 and could not speak it: they are sent HTTP/1.1 for a day.
//!
//! What counts as not speaking it is decided in [`crate::line`]. Source: webhooks.md 5.8.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::{Duration, Instant};

/// How long an origin is spared.
const SPARED_FOR: Duration = Duration::from_hours(24);
/// Origins remembered. Beyond it the one that was told first is forgotten, and is tried once more.
const ORIGINS_MAX: usize = 4096;

/// See the module.
#[derive(Default)]
pub(crate) struct Fallback(Mutex<HashMap<Arc<str>, Instant>>);

impl Fallback {
    pub(crate) fn spare(&self, origin: &Arc<str>, now: Instant) {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if since.len() >= ORIGINS_MAX && !since.contains_key(origin) {
            let first = since.iter().min_by_key(|(_, at)| **at).map(|(origin, _)| origin.clone());
            first.and_then(|origin| since.remove(&origin));
        }
        since.insert(origin.clone(), now);
    }

    pub(crate) fn spares(&self, origin: &str, now: Instant) -> bool {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = since.get(origin) else { return false };
        let lasts = now.duration_since(*at) < SPARED_FOR;
        if !lasts {
            since.remove(origin);
        }
        lasts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_spared_for_a_day_and_then_tried_again() {
        let (fallback, now) = (Fallback::default(), Instant::now());
        fallback.spare(&"https://a.example.com".into(), now);
        let nearly = now + SPARED_FOR - Duration::from_millis(1);
        assert!(fallback.spares("https://a.example.com", nearly));
        assert!(!fallback.spares("https://b.example.com", nearly));
        assert!(!fallback.spares("https://a.example.com", now + SPARED_FOR));
    }

    #[test]
    fn beyond_the_limit_the_first_is_forgotten() {
        let (fallback, now) = (Fallback::default(), Instant::now());
        for number in 0..=u32::try_from(ORIGINS_MAX).unwrap() {
            let at = now + Duration::from_micros(number.into());
            fallback.spare(&format!("https://{number}.example.com").into(), at);
        }
        assert!(!fallback.spares("https://0.example.com", now));
        assert!(fallback.spares("https://1.example.com", now));
        assert_eq!(fallback.0.lock().unwrap().len(), ORIGINS_MAX);
    }
}
