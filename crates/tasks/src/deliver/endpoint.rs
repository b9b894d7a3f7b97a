//! What is needed to send to an endpoint, made ready once and used for at most a second.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use app::App;
use app::endpoints::{certificate_place, headers_place, pair_place, seal_place};
use app::secrets::NotOurs;
use domain::Timestamp;
use domain::endpoint::{Order, Settings};
use domain::id::PartnerId;
use futures_util::future::try_join3;
use storage::Tx;
use storage::endpoint_secrets::{self, EndpointSecret};
use storage::endpoints::{self, EndpointStatus};
use tokio::time::{Duration, Instant};
use webhook::custom::CustomHeaders;
use webhook::ed25519::KeyPair;
use webhook::identity::Identity;
use webhook::ladder::{Class, Ladder};
use webhook::outcome::Outcome;
use webhook::sender::DEADLINE;
use webhook::signature::{Key, Keyring, Secret};
use webhook::target::{Target, UrlProblem};

use super::lane::settings::LaneSettings;
use super::rehearsed;

/// How long an endpoint's settings are used before they are read again.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct Endpoint {
    /// Fails when the operator's rules no longer allow the URL.
    pub(super) target: Result<Target, UrlProblem>,
    /// Fails when no secret opens with this install's key: our fault, which no receiver pays for.
    keys: Result<Keyring, NotOurs>,
    /// The numbers of its secrets, in their order.
    key_ns: Vec<i64>,
    /// Where it goes, for the log of a subscription.
    pub(super) logged_url: Option<String>,
    /// Set where no receiver is asked: a magic URL of the test world.
    pub(super) rehearsed: Option<Outcome>,
    /// Fails as the keys do.
    pub(super) custom: Result<CustomHeaders, NotOurs>,
    /// Fails as the keys do; a client certificate that opens is part of the target.
    pub(super) certificate: Result<(), NotOurs>,
    pub(super) ladder: Ladder,
    /// 410 sets it aside; otherwise that is a refusal.
    disable_on_gone: bool,
    /// How long an attempt may last, name look-up and answer included.
    pub(super) deadline: Duration,
    pub(super) lane: LaneSettings,
    pub(super) health: endpoints::Health,
    /// It was set aside because it failed, and is asked by one delivery.
    pub(super) is_probe: bool,
    /// When it was last changed.
    pub(super) updated_at: Timestamp,
    pub(super) read_at: Instant,
}

/// An endpoint and the secrets that sign today, as stored.
pub(super) struct Rows {
    row: endpoints::Endpoint,
    secrets: Vec<EndpointSecret>,
    owner: PartnerId,
    health: endpoints::Health,
}

/// Reads an endpoint that takes deliveries, or a probe; `None` when it was deleted or disabled.
pub(super) async fn find(tx: &Tx, no: i64, now: Timestamp) -> storage::Result<Option<Rows>> {
    let Some(row) = endpoints::find_by_no(tx, no).await? else { return Ok(None) };
    if !matches!(row.status, EndpointStatus::Enabled | EndpointStatus::DisabledFailing) {
        return Ok(None);
    }
    let (secrets, owner, health) = try_join3(
        endpoint_secrets::list(tx, no, now),
        endpoints::owner(tx, no),
        endpoints::health(tx, no),
    )
    .await?;
    let is_probed = row.settings.self_heal && health.probe_at.is_some_and(|at| at <= now);
    let takes_any = row.status == EndpointStatus::Enabled || is_probed;
    Ok(owner.filter(|_| takes_any).map(|owner| Rows { row, secrets, owner, health }))
}

impl Endpoint {
    pub(super) fn new(app: &App, rows: &Rows, read_at: Instant) -> Self {
        let Rows { row, secrets, owner, health } = rows;
        let identity = rows.identity(app);
        let certificate = identity.as_ref().map(|_| ()).map_err(|_| NotOurs);
        let target = app.guard.check_webhook(&row.url).map(|target| match identity {
            Ok(Some(identity)) => target.with_identity(identity),
            Ok(None) | Err(NotOurs) => target,
        });
        let rehearsed = rehearsed::outcome(row.livemode, &row.url);
        let host = host(row.no, rehearsed.as_ref(), target.as_ref().ok());
        Self {
            target,
            keys: rows.keyring(app),
            key_ns: secrets.iter().map(|secret| secret.n).collect(),
            logged_url: row.mailbox_id.map(|_| row.url.clone()),
            rehearsed,
            custom: rows.custom(app),
            certificate,
            ladder: ladder(&row.settings),
            disable_on_gone: row.settings.disable_on_gone,
            deadline: u64::try_from(row.settings.timeout_ms)
                .map_or(DEADLINE, Duration::from_millis),
            lane: LaneSettings::of(*owner, host, &row.settings),
            health: *health,
            is_probe: row.status == EndpointStatus::DisabledFailing,
            updated_at: row.updated_at,
            read_at,
        }
    }

    /// False when it was changed after it was read: a parcel is sent as its endpoint wants it now.
    pub(super) fn is_of(&self, settings_at: Timestamp) -> bool {
        self.updated_at == settings_at
    }

    /// What signs a delivery, and the number of the secret that does so first. One alone where it is asked for, and
    /// live.
    pub(super) fn keys(&self, signer: Option<i64>) -> Result<(Cow<'_, Keyring>, i64), NotOurs> {
        let all = self.keys.as_ref().map_err(|_| NotOurs)?;
        let place = self.key_ns.iter().position(|n| Some(*n) == signer);
        let only = place.and_then(|place| Some((Cow::Owned(all.only(place)?), self.key_ns[place])));
        Ok(only.unwrap_or((Cow::Borrowed(all), self.key_ns.first().copied().unwrap_or(0))))
    }

    /// What an attempt means for this endpoint.
    pub(super) fn class(&self, outcome: &Outcome) -> Class {
        match outcome.class() {
            Class::Gone if !self.disable_on_gone => Class::Refused,
            class => class,
        }
    }

    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        now.duration_since(self.read_at) < FRESH_FOR
    }
}

fn ladder(settings: &Settings) -> Ladder {
    let ladder = Ladder::of(settings.retry_schedule.as_deref().unwrap_or_default());
    let park_after = settings.park_after.and_then(|tries| usize::try_from(tries).ok());
    match park_after {
        Some(tries) if settings.order != Order::None => ladder.parked_after(tries),
        Some(_) | None => ladder,
    }
}

/// The digest of the host that is asked. What asks nobody is alone on its own, so that it neither holds up
/// others nor waits for them.
fn host(no: i64, rehearsed: Option<&Outcome>, target: Option<&Target>) -> u64 {
    match (rehearsed, target) {
        (None, Some(target)) => digest(target.origin()),
        (Some(_), _) | (None, None) => no.unsigned_abs(),
    }
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Rows {
    fn open(&self, app: &App, place: &str, sealed: &[u8]) -> Result<String, NotOurs> {
        let opened = app.secrets.open(Some(self.owner), place, sealed)?;
        String::from_utf8(opened).map_err(|_| NotOurs)
    }

    fn custom(&self, app: &App) -> Result<CustomHeaders, NotOurs> {
        let Some(sealed) = &self.row.headers_sealed else { return Ok(CustomHeaders::default()) };
        let text = self.open(app, &headers_place(self.row.no), sealed)?;
        CustomHeaders::from_text(&text).ok_or(NotOurs)
    }

    fn identity(&self, app: &App) -> Result<Option<Identity>, NotOurs> {
        let Some(certificate) = &self.row.certificate else { return Ok(None) };
        let text = self.open(app, &certificate_place(self.row.no), &certificate.sealed)?;
        Ok(Some(Identity::from_text(text)))
    }

    fn keyring(&self, app: &App) -> Result<Keyring, NotOurs> {
        let (no, settings) = (self.row.no, &self.row.settings);
        let place = seal_place(no);
        let mut keys: Option<Keyring> = None;
        for secret in &self.secrets {
            let (is_waiting, pair) = (secret.expires_at.is_none(), secret.pair.as_ref());
            let text = self.open(app, &place, &secret.sealed)?;
            let secret = Secret::parse(text).map_err(|_| NotOurs)?;
            // A secret that gives no key in these modes was refused when they were saved.
            let mut key = Key::new(&secret, settings.key_modes).map_err(|_| NotOurs)?;
            if let (true, Some(pair)) = (settings.ed25519, pair) {
                let text = self.open(app, &pair_place(no), &pair.sealed)?;
                key = key.with_pair(KeyPair::parse(&text).map_err(|_| NotOurs)?);
            }
            keys = Some(match keys {
                Some(keys) if is_waiting => keys.and_next(key),
                Some(keys) => keys.and(key),
                None => Keyring::new(key),
            });
        }
        keys.ok_or(NotOurs)
    }
}

#[cfg(test)]
mod tests {
    use webhook::guard::Guard;

    use super::*;

    #[test]
    fn endpoints_share_a_host_by_scheme_name_and_port_save_those_that_ask_nobody() {
        let target = |url| Guard::new([]).with_plain_http().check_webhook(url).unwrap();
        let of = |no, url| host(no, None, Some(&target(url)));
        assert_eq!(of(1, "https://example.com/a"), of(2, "https://EXAMPLE.com:443/b?c"));
        for other in ["http://example.com/a", "https://example.com:8443/a", "https://example.org/a"]
        {
            assert_ne!(of(1, "https://example.com/a"), of(1, other), "{other}");
        }
        let url = "https://example.com/hooks/500";
        let made_up = rehearsed::outcome(false, url);
        assert_ne!(host(1, made_up.as_ref(), Some(&target(url))), of(1, url));
        assert_eq!([1, 2].map(|no| host(no, made_up.as_ref(), Some(&target(url)))), [1, 2]);
        assert_eq!(host(3, None, None), 3);
    }
}
