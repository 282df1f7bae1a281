//! Starting a run: a look at the sites, evidence, the graph; then everything in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use muster_contract::{FenceState, Observation, Query, WitnessSight};
use muster_engine::{By, Clock, Evidence, EvidenceSource, Opening, Sites};
use muster_plans::compile::{self, Fences, Request, Wall};
use muster_plans::group;
use muster_plans::id::{RunId, SiteName};
use muster_plans::inventory::Inventory;
use muster_plans::mobility::{Method, Rules};
use muster_plans::run::RunKind;
use muster_plans::time::Span;

use crate::database::{Reported, Row};
use crate::desk::short;
use crate::life::Place;
use crate::server::Core;
use crate::watch::Sight;

/// For how long evidence counts, as in the server.
const EVIDENCE_LASTS: Span = Span::mins(15);

/// What somebody asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) id: RunId,
    pub(crate) kind: RunKind,
    pub(crate) forced: bool,
    pub(crate) live: bool,
    /// Somebody gives their word that the failed site is off, and keeps it off.
    pub(crate) attest: bool,
    /// The failed site may answer: it is given up all the same, on evidence that it cannot write.
    pub(crate) accept_live: bool,
}

impl Core {
    /// Starts a run.
    ///
    /// # Errors
    /// Why not; nothing has happened then.
    pub(crate) async fn start(self: &Arc<Self>, wish: &Wish) -> Result<(), String> {
        self.life.at(Place::Elsewhere).await;
        if self.shared.lock().on_hold {
            return Err(String::from("the server holds"));
        }
        let before = self.shared.lock().standing.version;
        let seen = self.look_at_sites().await;
        let (standing, reported) = {
            let database = self.shared.lock();
            (database.standing.clone(), database.reported.clone())
        };
        if standing.version != before {
            return Err(String::from("the plan has changed while the sites were read"));
        }
        let owed_only = wish.kind == RunKind::Failover && standing.state.owes();
        if let Some(refusal) = standing.state.refusal(wish.kind, owed_only) {
            return Err(refusal.to_string());
        }
        let reversed = standing.state.is_reversed();
        let (from, to) = self.scene.ends(reversed);
        if matches!(wish.kind, RunKind::PlannedMigration | RunKind::Reprotect)
            && let Some(silent) = from.iter().chain([&to]).find(|site| !seen.contains(*site))
        {
            return Err(format!("{silent} does not answer, so that it cannot be looked at"));
        }
        let needs_evidence = wish.kind == RunKind::Failover && !owed_only;
        let mut evidence = Vec::new();
        let mut forced = wish.forced;
        if needs_evidence {
            if !seen.contains(&to) {
                return Err(format!(
                    "{to} does not answer, so that its copies cannot be looked at"
                ));
            }
            for from in &from {
                let answers = self.answers(from).await;
                if answers && !wish.attest && !wish.accept_live {
                    return Err(format!("{from} is alive"));
                }
                let found = self.proof(from, &to, wish.attest).await;
                if found.is_empty() {
                    return Err(format!("nothing proves that {from} cannot write"));
                }
                evidence.extend(found);
                forced |= !answers;
            }
        }
        let inventory = inventory(&reported);
        let derivation = group::derive(&self.scene.config, &inventory);
        let graph_of = |run: Option<RunId>| {
            let database = self.shared.lock();
            run.and_then(|run| database.runs.get(&run).map(|row| Arc::clone(&row.graph)))
        };
        let test = (wish.kind == RunKind::Cleanup).then(|| graph_of(standing.test)).flatten();
        let owed = owed_only.then(|| graph_of(standing.failover)).flatten();
        let tag = match (&test, wish.kind) {
            (Some(test), _) => test.tag.clone(),
            (None, RunKind::Test) => Some(crate::operator::tag(wish.id)),
            _ => None,
        };
        let supported: BTreeMap<SiteName, Vec<Method>> =
            self.scene.all_sites().into_iter().map(|site| (site, live_methods())).collect();
        let ends: Vec<SiteName> = from.iter().chain([&to]).cloned().collect();
        let fences = Fences { up: self.fences_of(&ends).await, ..Fences::default() };
        let request = Request {
            config: &self.scene.config,
            plan: &self.scene.plan,
            inventory: &inventory,
            derivation: &derivation,
            rules: &Rules::default(),
            supported: &supported,
            kind: wish.kind,
            reversed,
            forced,
            owed: owed.as_deref(),
            points: &BTreeMap::new(),
            tag,
            test: test.as_deref(),
            test_safe_callouts: &BTreeSet::new(),
            fences: &fences,
            live: wish.live,
            now: inventory.sites.values().map(|site| site.observed_at).max().unwrap_or_default(),
        };
        let graph = compile::compile(&request).map_err(|findings| {
            findings.first().map_or_else(String::new, |finding| finding.message.clone())
        })?;
        let graph = Arc::new(graph.graph);
        let spec = &self.scene.config.plans[&self.scene.plan].spec;
        let opening = Opening {
            by: By(String::from("ines")),
            reason: None,
            graph_digest: compile::digest(&graph),
            evidence,
            accepts: spec.on.failover.clone().unwrap_or_default().evidence,
        };
        let Some(next) = standing.started(wish.id, &graph) else {
            return Err(String::from("the plan does not allow it"));
        };
        self.life.at(Place::Elsewhere).await;
        let row =
            Row { graph: Arc::clone(&graph), opening: opening.clone(), ending: None, active: true };
        if !self.shared.lock().create(wish.id, row, standing.version, next) {
            return Err(String::from("somebody else was quicker"));
        }
        self.watch.see(
            &self.life.name,
            format_args!(
                "starts a {} as {}: {} steps{}{}, from {} to {to}",
                wish.kind,
                short(wish.id),
                graph.len(),
                if graph.forced { ", forced" } else { "" },
                if owed_only { ", what is owed" } else { "" },
                from.iter().map(SiteName::as_str).collect::<Vec<_>>().join(" and "),
            ),
            Some(Sight::Created(wish.id, &graph, &opening.graph_digest)),
        );
        if let Some(drill) = self.scene.drill {
            drill.started(&graph, &self.watch);
        }
        self.life.at(Place::Elsewhere).await;
        if self.engine.start(wish.id, graph, opening).await.is_ok() {
            self.watch_run(wish.id);
        }
        Ok(())
    }

    /// Reads what every site that answers has; gives these sites.
    pub(crate) async fn look_at_sites(&self) -> BTreeSet<SiteName> {
        let mut answered = BTreeSet::new();
        for site in &self.scene.all_sites() {
            let Some(adapter) = self.lines.adapter(site) else { continue };
            let asked = tokio::time::timeout(Duration::from_secs(5), async {
                let inventory = adapter.inventory().await.ok()?;
                let (links, witnesses) = adapter.surroundings().await.ok()?;
                Some(Reported { inventory, links, witnesses })
            });
            if let Ok(Some(reported)) = asked.await {
                self.shared.lock().reported.insert(site.clone(), reported);
                answered.insert(site.clone());
            }
        }
        answered
    }

    /// Fences that sites say they have raised.
    async fn fences_of(&self, sites: &[SiteName]) -> BTreeSet<Wall> {
        let mut up = BTreeSet::new();
        for by in sites {
            let Some(adapter) = self.lines.adapter(by) else { continue };
            for site in self.scene.all_sites().into_iter().filter(|site| site != by) {
                let seen = adapter.query(&Query::Fence(site.clone())).await.map(|seen| seen.state);
                if let Ok(Observation::Fence(FenceState::Fenced | FenceState::Asked)) = seen {
                    up.insert((site, by.clone()));
                }
            }
        }
        up
    }

    /// Evidence against a site, as seen from another one; a witness that hears nothing is given the
    /// time that it takes to be sure.
    pub(crate) async fn proof(
        &self,
        against: &SiteName,
        at: &SiteName,
        attest: bool,
    ) -> Vec<Evidence> {
        let mut found = Vec::new();
        if attest {
            found.push(word());
        }
        let Some(adapter) = self.lines.adapter(at) else { return Vec::new() };
        for _ in 0..5 {
            let witness = adapter.query(&Query::Witness(against.clone())).await;
            match witness.map(|seen| seen.state) {
                Ok(Observation::Witness(state)) => match (state.witness, state.sight) {
                    (Some(witness), Some(WitnessSight::Dead)) => {
                        found.push(EvidenceSource::Witness(witness.to_string()));
                        break;
                    }
                    (Some(_), Some(WitnessSight::Silent)) if !attest => {
                        self.clock.sleep(Span::secs(4)).await;
                    }
                    _ => break,
                },
                _ => break,
            }
        }
        let fence = adapter.query(&Query::Fence(against.clone())).await;
        if let Ok(Observation::Fence(FenceState::Fenced)) = fence.map(|seen| seen.state) {
            found.push(EvidenceSource::Fence(at.clone()));
        }
        found.into_iter().map(|source| self.observed(against, source)).collect()
    }

    /// Evidence against a site, as it is seen now.
    pub(crate) fn observed(&self, against: &SiteName, source: EvidenceSource) -> Evidence {
        let observed_at = self.clock.now();
        let expires_at = observed_at + EVIDENCE_LASTS;
        Evidence { against: against.clone(), source, observed_at, expires_at }
    }
}

/// What a person says who keeps a site off.
pub(crate) fn word() -> EvidenceSource {
    let reason = String::from("it is off, and I keep it off");
    EvidenceSource::Attestation { by: By(String::from("ines")), reason }
}

/// Simulated sites can do every live method.
fn live_methods() -> Vec<Method> {
    Method::ALL.into_iter().filter(|method| method.is_live()).collect()
}

pub(crate) fn inventory(reported: &BTreeMap<SiteName, Reported>) -> Inventory {
    let mut all = Inventory { generation: 1, ..Inventory::default() };
    for (site, reported) in reported {
        all.sites.insert(site.clone(), reported.inventory.clone());
        for link in &reported.links {
            all.links.retain(|old| {
                !((old.a == link.a && old.b == link.b) || (old.a == link.b && old.b == link.a))
            });
            all.links.push(link.clone());
        }
        for witness in &reported.witnesses {
            all.witnesses.retain(|old| old.name != witness.name);
            all.witnesses.push(witness.clone());
        }
    }
    all
}
