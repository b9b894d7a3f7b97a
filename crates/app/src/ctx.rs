//! The context of a use-case: who acts, for which tenant, when, and under which request.
//!
//! It is built at an entrance, after authentication, and is the first thing that every use-case takes.

use std::sync::Arc;

use bytes::Bytes;
use domain::event::Audience;
use domain::id::{IdentityId, KeyId, RequestId};
use domain::partner::{Partner, PartnerKind};
use domain::trace::TraceParent;
use domain::{Result, Timestamp};
use storage::tenancy::Scope;

use crate::App;
use crate::secrets::NotOurs;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A partner's system.
    ApiKey(KeyId),
    /// Staff of the operator, by the name they gave.
    Operator(String),
    /// The customer who holds an invitation.
    Customer,
    /// The clock, or a simulation in the test world.
    System,
}

impl Actor {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ApiKey(_) => "partner_api",
            Self::Operator(_) => "operator",
            Self::Customer => "customer",
            Self::System => "system",
        }
    }

    pub fn id(&self) -> Option<String> {
        match self {
            Self::ApiKey(id) => Some(id.to_string()),
            Self::Operator(name) => Some(name.clone()),
            Self::Customer | Self::System => None,
        }
    }
}

/// The key under which an answer is kept, and the fingerprint of the request that it answers.
#[derive(Clone, Debug)]
pub struct Idempotency {
    pub key: String,
    /// SHA-256 over method, path, query and canonical body.
    pub fingerprint: [u8; 32],
    /// Method and path, shown to whoever reuses the key elsewhere.
    pub path: String,
}

/// See the module.
#[derive(Clone)]
pub struct OpCtx {
    pub app: App,
    pub scope: Scope,
    pub partner: Arc<Partner>,
    pub actor: Actor,
    /// The agent whose e-mail API key it is; `None` acts for the whole organization.
    pub identity: Option<IdentityId>,
    /// The tenant's time: in the test world it can run ahead of the machine's.
    pub now: Timestamp,
    pub request_id: Option<RequestId>,
    /// The trace that the caller's request belongs to.
    pub trace: Option<TraceParent>,
    pub idempotency: Option<Idempotency>,
    /// Check everything, change nothing.
    pub dry_run: bool,
}

impl OpCtx {
    /// A context for this partner and mode, at its own time.
    pub fn new(app: &App, partner: Arc<Partner>, livemode: bool, actor: Actor) -> Self {
        let ahead = if livemode { 0 } else { partner.test_clock_ahead };
        Self {
            now: app.clock.now().plus(ahead),
            scope: Scope::of(&partner, livemode),
            app: app.clone(),
            partner,
            actor,
            identity: None,
            request_id: None,
            trace: None,
            idempotency: None,
            dry_run: false,
        }
    }

    /// What the owner of this context's endpoints hears.
    pub fn audience(&self) -> Audience {
        match self.partner.kind {
            PartnerKind::Operator => Audience::Operator,
            PartnerKind::Brand | PartnerKind::SelfOperated => Audience::Partner,
        }
    }

    pub fn livemode(&self) -> bool {
        self.scope.livemode()
    }

    /// Seals a secret of this tenant for a place; see [`DataKey::seal`](crate::secrets::DataKey::seal).
    pub fn seal(&self, place: &str, secret: &[u8]) -> Bytes {
        let tenant = Some(self.scope.partner_id());
        self.app.secrets.seal(self.app.ids.as_ref(), tenant, place, secret)
    }

    /// Opens what was sealed for this tenant and place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> std::result::Result<Vec<u8>, NotOurs> {
        self.app.secrets.open(Some(self.scope.partner_id()), place, sealed)
    }

    /// The path of a signed link under the public URL, good for `life` microseconds.
    ///
    /// Links expire by the machine's clock, also in the test world: it is a browser that follows them.
    pub fn link(&self, path: &str, life: i64) -> String {
        let expires = self.app.clock.now().plus(life);
        format!("{}{}", self.app.public_url, self.app.secrets.sign_link(path, expires))
    }
}

/// A context for the operator's staff, who act on a partner by its slug.
pub async fn operator_ctx(app: &App, slug: &str, livemode: bool, staff: &str) -> Result<OpCtx> {
    let name = slug.to_owned();
    let found = app
        .db
        .read(async move |tx: &storage::Tx| storage::tenancy::partner_find_by_slug(tx, &name).await)
        .await?;
    let partner = found.ok_or_else(|| {
        domain::Error::refused(domain::ErrorCode::NotFound, format!("there is no partner {slug}"))
            .fix("`postroom partner list` shows them")
    })?;
    Ok(OpCtx::new(app, Arc::new(partner), livemode, Actor::Operator(staff.to_owned())))
}
