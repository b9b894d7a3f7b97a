//! What an organization chose for its e-mail half, and its own signing key.

use bytes::Bytes;
use domain::Timestamp;
use domain::id::SendingDomainId;

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, statements};

domain::words! {
    /// Whose key signs what a mailbox tells: its identity's, or one for the whole organization, as seed 002
    /// words it.
    pub enum SigningKeyMode { Identity = "identity", Organization = "organization" }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Organization {
    /// Where identities get their addresses from; `None` is the domain of the install.
    pub default_domain: Option<SendingDomainId>,
    pub signing_key_mode: SigningKeyMode,
    /// The organization's key, sealed, and when it was made.
    pub signing_key: Option<(Bytes, Timestamp)>,
}

impl Default for Organization {
    fn default() -> Self {
        Self { default_domain: None, signing_key_mode: SigningKeyMode::Identity, signing_key: None }
    }
}

statements! {
    GET = "select default_domain_id, signing_key_mode, signing_key_sealed, signing_key_at from organizations
        where partner_id = $1";
    PUT = "insert into organizations (partner_id, default_domain_id, signing_key_mode, signing_key_sealed,
        signing_key_at) values ($1, $2, $3, $4, $5) on conflict (partner_id) do update set
        default_domain_id = excluded.default_domain_id, signing_key_mode = excluded.signing_key_mode,
        signing_key_sealed = excluded.signing_key_sealed, signing_key_at = excluded.signing_key_at";
}

pub async fn get(tx: &Tx, scope: &Scope) -> Result<Organization> {
    let read = |r: &mut Row| {
        let default_domain = r.next()?;
        let mode: String = r.next()?;
        let (sealed, at) = (r.next::<Option<Bytes>>()?, r.next::<Option<Timestamp>>()?);
        Ok(Organization {
            default_domain,
            signing_key_mode: SigningKeyMode::parse(&mode)
                .ok_or_else(|| crate::Error::Inconsistent("signing key mode".into()))?,
            signing_key: sealed.zip(at),
        })
    };
    Ok(tx.opt(GET, args![scope.partner_id()], read).await?.unwrap_or_default())
}

pub async fn put(tx: &Tx, scope: &Scope, o: &Organization) -> Result<()> {
    let (sealed, at) = o.signing_key.clone().unzip();
    let mode = o.signing_key_mode.as_str();
    tx.post(PUT, args![scope.partner_id(), o.default_domain, mode, sealed, at]).await
}
