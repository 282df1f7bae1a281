//! A server's line to one site.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use muster_contract::{
    AdapterError, Capabilities, ErrorClass, FenceDomain, Observed, OpContext, OpId, OpStatus,
    Operation, Outcome, Query, Receipt, SiteAdapter, Token,
};
use muster_engine::Clock as _;
use muster_plans::id::SiteName;
use muster_plans::inventory::{Link, SiteInventory, Witness};

use crate::clock::SkewedClock;
use crate::life::{Life, Place};
use crate::net::Net;
use crate::watch::{Sight, Watch};

/// How long a client waits for an answer that never comes, besides the deadline of an operation.
const PATIENCE: Duration = Duration::from_secs(10);

/// The adapter of a site as one server process reaches it.
pub(crate) struct Line {
    pub(crate) life: Arc<Life>,
    pub(crate) site: SiteName,
    pub(crate) inner: Arc<dyn SiteAdapter>,
    pub(crate) net: Net,
    pub(crate) watch: Arc<Watch>,
    pub(crate) clock: Arc<SkewedClock>,
}

impl Line {
    fn cut(&self, there: bool) -> bool {
        self.net.is_cut(&(self.life.name.clone(), self.site.clone(), there))
    }

    /// Sends something and waits for the answer. `None`: there is none, and nobody knows whether it
    /// arrived.
    async fn ask<T, F>(&self, then: impl FnOnce(Arc<dyn SiteAdapter>) -> F) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        if self.cut(true) {
            tokio::time::sleep(PATIENCE).await;
            self.life.go_on().await;
            return None;
        }
        let answer = self.net.send(then(Arc::clone(&self.inner))).await.ok();
        if self.cut(false) {
            tokio::time::sleep(PATIENCE).await;
            self.life.go_on().await;
            return None;
        }
        self.life.go_on().await;
        answer
    }

    /// One message with an operation.
    fn delivery(
        &self,
        ctx: &OpContext,
        op: &Operation,
    ) -> impl FnOnce(
        Arc<dyn SiteAdapter>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Outcome<Receipt>> + Send>>
    + use<> {
        let (mut ctx, op) = (ctx.clone(), op.clone());
        // What the deadline leaves travels along, and the site's clock says until when that is.
        ctx.deadline = self.watch.now() + ctx.deadline.since(self.clock.now());
        move |inner| Box::pin(async move { inner.execute(&ctx, &op).await })
    }

    fn silent(&self) -> AdapterError {
        AdapterError::new(ErrorClass::Retry, format!("{} does not answer", self.site))
    }
}

#[async_trait]
impl SiteAdapter for Line {
    fn site(&self) -> &SiteName {
        &self.site
    }

    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        let answer = self.ask(|inner| async move { inner.capabilities().await }).await;
        answer.unwrap_or_else(|| Err(self.silent()))
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        let answer = self.ask(|inner| async move { inner.inventory().await }).await;
        answer.unwrap_or_else(|| Err(self.silent()))
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        let answer = self.ask(|inner| async move { inner.surroundings().await }).await;
        answer.unwrap_or_else(|| Err(self.silent()))
    }

    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        let cue = self.watch.cue();
        if cue.is_some_and(|cue| cue.dies_at_call(ctx, false)) {
            self.life.die();
        }
        self.life.at(Place::BeforeCall).await;
        self.watch.see(
            &self.life.name,
            format_args!(
                "asks {} for {:?} of {} as {} under {}",
                self.site,
                op.kind(),
                op.object(),
                ctx.op_id,
                ctx.token
            ),
            Some(Sight::Sent(&self.site, ctx, op)),
        );
        if let Some(refused) = cue.and_then(|cue| cue.refuses(ctx)) {
            self.watch.see(&self.life.name, format_args!("{} is refused", ctx.op_id), None);
            return refused;
        }
        let deliver = || self.delivery(ctx, op);
        let twice = cue.and_then(|cue| cue.doubles(ctx));
        if twice.is_some() {
            drop(self.net.send(deliver()(Arc::clone(&self.inner))));
        }
        if self.net.doubles() {
            let again = deliver();
            drop(self.net.send(again(Arc::clone(&self.inner))));
        }
        let answer = self.ask(deliver()).await;
        let answer = answer.unwrap_or_else(|| Outcome::unknown("no answer"));
        let word = match &answer {
            Outcome::Done(receipt) if receipt.already => String::from("already so"),
            Outcome::Done(_) => String::from("done"),
            Outcome::Refused(reason) => format!("refused: {}", reason.message),
            Outcome::Unknown(hint) => format!("unknown: {}", hint.message),
        };
        self.watch.see(&self.life.name, format_args!("hears of {}: {word}", ctx.op_id), None);
        if let (Outcome::Done(_), Some(cue), Some([same, another])) = (&answer, cue, twice) {
            self.watch.see(
                &self.life.name,
                format_args!("does {} again, as {}", ctx.op_id, another.op_id),
                Some(Sight::Another(&another)),
            );
            let unknown = || Outcome::unknown("no answer");
            let same = self.ask(self.delivery(&same, op)).await.unwrap_or_else(unknown);
            let another = self.ask(self.delivery(&another, op)).await.unwrap_or_else(unknown);
            cue.doubled(ctx, op.kind(), &[same, another]);
        }
        if cue.is_some_and(|cue| cue.dies_at_call(ctx, true)) {
            self.life.die();
        }
        self.life.at(Place::AfterCall).await;
        answer
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.life.at(Place::Elsewhere).await;
        let query = query.clone();
        let answer = self.ask(|inner| async move { inner.query(&query).await }).await;
        answer.unwrap_or_else(|| Err(self.silent()))
    }

    async fn operation(&self, id: &OpId) -> Result<OpStatus, AdapterError> {
        self.life.at(Place::Elsewhere).await;
        let id = *id;
        let answer = self.ask(|inner| async move { inner.operation(&id).await }).await;
        answer.unwrap_or_else(|| Err(self.silent()))
    }

    async fn cancel(&self, id: &OpId) -> Outcome<()> {
        let id = *id;
        let answer = self.ask(|inner| async move { inner.cancel(&id).await }).await;
        answer.unwrap_or_else(|| Outcome::unknown("no answer"))
    }

    async fn raise_fence(&self, domain: &FenceDomain, token: Token) -> Outcome<Token> {
        self.life.at(Place::Elsewhere).await;
        self.watch.see(
            &self.life.name,
            format_args!("raises the fence at {} to {token}", self.site),
            None,
        );
        let domain = domain.clone();
        let answer = self.ask(|inner| async move { inner.raise_fence(&domain, token).await }).await;
        answer.unwrap_or_else(|| Outcome::unknown("no answer"))
    }
}
