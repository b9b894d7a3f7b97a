//! What an endpoint's settings come to for its lane.

use domain::endpoint::{Order, Settings};
use domain::id::PartnerId;

use crate::deliver::bucket::Rate;
use crate::deliver::pace;

/// How an endpoint is to be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deliver) struct LaneSettings {
    pub(in crate::deliver) tenant: PartnerId,
    /// See [`Kin::host`].
    pub(in crate::deliver) host: u64,
    /// The most attempts at a time; its answers decide below that.
    pub(in crate::deliver) cap_max: usize,
    pub(in crate::deliver) rate: Option<Rate>,
}

impl LaneSettings {
    pub(in crate::deliver) fn of(tenant: PartnerId, host: u64, settings: &Settings) -> Self {
        let at_once =
            if settings.order == Order::Strict { Some(1) } else { settings.max_in_flight };
        let cap_max = at_once.and_then(|n| usize::try_from(n).ok()).unwrap_or(pace::CAP_MAX);
        let rate = settings
            .rate_per_second
            .map(|per_second| Rate { per_second, burst: settings.burst.unwrap_or(per_second) });
        Self { tenant, host, cap_max, rate }
    }
}
