//! A site that breaks one rule of the contract.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use muster_contract::{
    AdapterError, Capabilities, ErrorClass, FenceDomain, Mode, Observed, OpContext, OpId, OpStatus,
    Operation, OperationKind, Outcome, Query, Receipt, SiteAdapter, Token,
};
use muster_plans::id::{RunTag, SiteName};
use muster_plans::inventory::{Link, SiteInventory, Witness};

/// Which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sabotage {
    ForgetsIds,
    IgnoresTokens,
    DoesDryRuns,
    IgnoresTheMode,
    SaysTheFenceIsRaised,
    NeverSaysAlready,
    KnowsNoOperations,
    CancelsInName,
    Hangs,
    LooksIntoAnOldCache,
    DeclaresTooLittle,
    RemovesWhatItLikes,
    ListsTwice,
    AlwaysPending,
    Acknowledges,
    NamesNoClass,
    RemovesNothing,
}

pub(crate) struct Saboteur {
    how: Sabotage,
    site: Arc<dyn SiteAdapter>,
    count: AtomicU32,
    cache: Mutex<BTreeMap<String, Observed>>,
    /// Who made what, for taking it away under its own name.
    tags: Mutex<BTreeMap<String, RunTag>>,
    ids: Mutex<Vec<OpId>>,
}

impl Saboteur {
    pub(crate) fn new(how: Sabotage, site: Arc<dyn SiteAdapter>) -> Saboteur {
        Saboteur {
            how,
            site,
            count: AtomicU32::new(0),
            cache: Mutex::default(),
            tags: Mutex::default(),
            ids: Mutex::default(),
        }
    }

    fn is(&self, how: Sabotage) -> bool {
        self.how == how
    }

    fn bent(&self, ctx: &OpContext, op: &Operation) -> OpContext {
        let mut ctx = ctx.clone();
        let count = self.count.fetch_add(1, Ordering::SeqCst);
        match self.how {
            Sabotage::ForgetsIds => {
                ctx.op_id.attempt = 1000 + count;
                ctx.token.seq += 1000 * (1 + u64::from(count));
            }
            Sabotage::IgnoresTokens => ctx.token.seq += 1000 * (1 + u64::from(count)),
            Sabotage::DoesDryRuns => ctx.dry_run = false,
            Sabotage::IgnoresTheMode if ctx.dry_run => ctx.mode = Mode::Planned,
            Sabotage::RemovesWhatItLikes => {
                let mut tags = self.tags.lock().unwrap();
                if let Some(tag) = tags.get(&op.object()) {
                    ctx.run_tag = Some(tag.clone());
                } else if let Some(tag) = &ctx.run_tag {
                    tags.insert(op.object(), tag.clone());
                }
            }
            _ => {}
        }
        ctx
    }
}

#[async_trait]
impl SiteAdapter for Saboteur {
    fn site(&self) -> &SiteName {
        self.site.site()
    }

    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        let mut found = self.site.capabilities().await?;
        if self.is(Sabotage::DeclaresTooLittle) {
            found.operations.remove(&OperationKind::Migrate);
        }
        Ok(found)
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        let mut found = self.site.inventory().await?;
        if self.is(Sabotage::ListsTwice) {
            found.vms.push(found.vms[0].clone());
        }
        Ok(found)
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        self.site.surroundings().await
    }

    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        self.ids.lock().unwrap().push(ctx.op_id);
        if self.is(Sabotage::Hangs) {
            std::future::pending::<()>().await;
        }
        if self.is(Sabotage::Acknowledges) && !ctx.dry_run {
            return Outcome::Done(Receipt { at: Some(ctx.deadline), ..Receipt::default() });
        }
        if self.is(Sabotage::RemovesNothing) && op.kind() == OperationKind::DropBubble {
            return Outcome::Done(Receipt::default());
        }
        match self.site.execute(&self.bent(ctx, op), op).await {
            Outcome::Done(receipt) if self.is(Sabotage::NeverSaysAlready) => {
                Outcome::Done(Receipt { already: false, ..receipt })
            }
            Outcome::Refused(reason) if self.is(Sabotage::NamesNoClass) => {
                Outcome::refused(ErrorClass::Bug, reason.message)
            }
            outcome => outcome,
        }
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        let mut seen = self.site.query(query).await?;
        if self.is(Sabotage::LooksIntoAnOldCache) && matches!(query, Query::Bubble(_)) {
            let mut cache = self.cache.lock().unwrap();
            let old = cache.entry(format!("{query:?}")).or_insert_with(|| seen.clone());
            seen.state = old.state.clone();
        }
        if self.is(Sabotage::AlwaysPending) {
            seen.pending = self.ids.lock().unwrap().clone();
        }
        Ok(seen)
    }

    async fn operation(&self, id: &OpId) -> Result<OpStatus, AdapterError> {
        if self.is(Sabotage::KnowsNoOperations) {
            return Ok(OpStatus::NotKnown);
        }
        self.site.operation(id).await
    }

    async fn cancel(&self, id: &OpId) -> Outcome<()> {
        if self.is(Sabotage::CancelsInName) {
            return Outcome::Done(());
        }
        self.site.cancel(id).await
    }

    async fn raise_fence(&self, domain: &FenceDomain, token: Token) -> Outcome<Token> {
        if self.is(Sabotage::SaysTheFenceIsRaised) {
            return Outcome::Done(token);
        }
        self.site.raise_fence(domain, token).await
    }
}
