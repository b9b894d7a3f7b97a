//! One use-case, one transaction, one remembered answer.

use bytes::Bytes;
use domain::{Error, ErrorCode, Result, days};
use futures_util::future::try_join;
use sha2::{Digest, Sha256};
use storage::Tx;
use storage::keys::{self, Remembered};

use crate::{App, Idempotency, OpCtx};

/// How long an answer is kept under its key.
const ANSWER_LIFE: i64 = days(7);

/// What a writing request is told.
#[derive(Debug)]
pub struct Reply {
    /// The bytes that `render` made, now or when the request was first answered.
    pub answer: Bytes,
    /// The request that was answered first, when this is a replay.
    pub replay_of: Option<String>,
}

/// Why a unit ended without a commit.
enum Stop {
    Failed(Error),
    /// Everything held; a dry run goes no further.
    DryRun(Bytes),
}

impl From<storage::Error> for Stop {
    fn from(error: storage::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl App {
    /// Runs a use-case in a transaction of its own.
    ///
    /// With an idempotency key the answer commits together with the change and its events; the same
    /// request under the same key is told the same bytes for seven days and changes nothing. A
    /// refusal is not kept: the key stays free.
    ///
    /// `render` runs inside the transaction, so that what is kept is what was told.
    pub async fn execute<T, W, R>(&self, ctx: &OpCtx, work: W, render: R) -> Result<Reply>
    where
        W: AsyncFn(&Tx, &OpCtx) -> Result<T> + Send + 'static,
        R: Fn(&OpCtx, &T) -> Bytes + Send + 'static,
        T: Send + 'static,
    {
        let (tenant, ctx) = (ctx.scope.partner_id(), ctx.clone());
        let outcome = self
            .db
            .write_for(tenant, async move |tx: &Tx| {
                if let Some(idempotency) = &ctx.idempotency
                    && let Some(reply) = replay(tx, &ctx, idempotency).await?
                {
                    return Ok(reply);
                }
                let value = work(tx, &ctx).await?;
                let answer = render(&ctx, &value);
                if ctx.dry_run {
                    return Err(Stop::DryRun(answer));
                }
                if let Some(idempotency) = &ctx.idempotency {
                    remember(tx, &ctx, idempotency, &answer).await?;
                }
                Ok(Reply { answer, replay_of: None })
            })
            .await;
        match outcome {
            Ok(reply) => Ok(reply),
            Err(Stop::DryRun(answer)) => Ok(Reply { answer, replay_of: None }),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// The reply that was kept when this request was answered before, if it was.
    pub async fn kept_reply(&self, ctx: &OpCtx) -> Result<Option<Reply>> {
        let Some(idempotency) = &ctx.idempotency else { return Ok(None) };
        let (scope, key, now) = (ctx.scope, idempotency.key.clone(), self.clock.now());
        let kept =
            self.db.read(async move |tx: &Tx| keys::answer_find(tx, &scope, &key, now).await);
        kept.await?.map(|kept| repeated(ctx, idempotency, kept)).transpose()
    }

    /// Runs a use-case whose answer nobody asks for again: a command, a task.
    pub async fn act<T, W>(&self, ctx: &OpCtx, work: W) -> Result<T>
    where
        W: AsyncFn(&Tx, &OpCtx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (tenant, ctx) = (ctx.scope.partner_id(), ctx.clone());
        self.db.write_for(tenant, async move |tx: &Tx| work(tx, &ctx).await).await
    }

    /// Runs a reading use-case.
    pub async fn query<T, W>(&self, ctx: &OpCtx, work: W) -> Result<T>
    where
        W: AsyncFn(&Tx, &OpCtx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let ctx = ctx.clone();
        self.db.read(async move |tx: &Tx| work(tx, &ctx).await).await
    }
}

async fn replay(tx: &Tx, ctx: &OpCtx, idempotency: &Idempotency) -> Result<Option<Reply>> {
    let now = ctx.app.clock.now();
    // In this order: whoever waited for a twin must see what the twin has committed.
    let lock = tx.try_lock(lock_key(ctx, &idempotency.key));
    let kept = keys::answer_find(tx, &ctx.scope, &idempotency.key, now);
    let (is_ours, kept) = try_join(lock, kept).await?;
    if !is_ours {
        return Err(Error::refused(
            ErrorCode::IdempotencyInProgress,
            "a request with this Idempotency-Key is still being worked on",
        )
        .fix("send the same request again after a second")
        .retry_after(1));
    }
    kept.map(|kept| repeated(ctx, idempotency, kept)).transpose()
}

/// The reply that was kept, to the same request again.
fn repeated(ctx: &OpCtx, idempotency: &Idempotency, kept: Remembered) -> Result<Reply> {
    if kept.fingerprint.as_ref() != idempotency.fingerprint {
        return Err(Error::refused(
            ErrorCode::IdempotencyKeyReused,
            format!(
                "this Idempotency-Key was used by {} for {} at {}",
                kept.request_id, kept.path, kept.at
            ),
        )
        .fix("use a new key for a new request"));
    }
    let answer = open(ctx, &idempotency.key, &kept.answer)?;
    Ok(Reply { answer, replay_of: Some(kept.request_id) })
}

/// The answer that is kept under a key, if there is one.
pub(crate) async fn kept(tx: &Tx, ctx: &OpCtx, key: &str) -> Result<Option<Bytes>> {
    let found = keys::answer_find(tx, &ctx.scope, key, ctx.app.clock.now()).await?;
    found.map(|kept| open(ctx, key, &kept.answer)).transpose()
}

fn open(ctx: &OpCtx, key: &str, sealed: &[u8]) -> Result<Bytes> {
    let answer = ctx.open(&answer_place(ctx, key), sealed);
    answer.map(Bytes::from).map_err(|e| Error::internal("opening a kept answer", e))
}

/// Where an answer is sealed for: it can hold a secret that is shown only once.
fn answer_place(ctx: &OpCtx, key: &str) -> String {
    format!("answer {} {} {key}", ctx.scope.partner_id(), ctx.livemode())
}

async fn remember(tx: &Tx, ctx: &OpCtx, idempotency: &Idempotency, answer: &Bytes) -> Result<()> {
    // Kept by the machine's clock: moving a test clock must not shorten it.
    let at = ctx.app.clock.now();
    let place = answer_place(ctx, &idempotency.key);
    let kept = Remembered {
        fingerprint: Bytes::copy_from_slice(&idempotency.fingerprint),
        answer: ctx.seal(&place, answer),
        request_id: ctx.request_id.map(|id| id.to_string()).unwrap_or_default(),
        path: idempotency.path.clone(),
        at,
    };
    Ok(keys::answer_put(tx, &ctx.scope, &idempotency.key, &kept, at.plus(ANSWER_LIFE)).await?)
}

/// The word under which twins of one request take turns.
fn lock_key(ctx: &OpCtx, key: &str) -> i64 {
    let mut hash = Sha256::new();
    hash.update(ctx.scope.partner_id().0);
    hash.update([u8::from(ctx.livemode())]);
    hash.update(key.as_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}
