//! Something that is prepared for a play: a trap that chance alone would hardly lay.

use muster_adapter_sim::{Command, Fault, FaultId, Thing};
use muster_plans::document::TestNetwork;
use muster_plans::graph::Graph;
use muster_plans::id::NetworkName;
use muster_plans::inventory::NetworkRole;
use muster_plans::run::RunKind;
use muster_plans::time::Span;

use crate::clock::START;
use crate::operator::Numbers;
use crate::scene::{LYON, PARIS, Scene, WITNESS};
use crate::watch::Watch;

/// Which trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Drill {
    /// The plan names a network for its tests that carries production.
    WrongTestNetwork,
    /// Somebody else has made bubbles that are called as those of the next test.
    LookAlikes,
    /// All backends claim at once to be done, and do it some seconds later; nothing else goes wrong.
    EarlyClaims,
    /// The recovery site tells of the witness from a cache. The failed site was dead when that was filled.
    /// When the failover has started it comes back, both sites lose the witness, and then each other: the
    /// failed site writes on, as it was agreed, and hears of no fence.
    StaleWitness,
}

/// The network that the plan names for tests.
const FOR_TESTS: &str = "lyon-test";

impl Drill {
    /// Changes the scene before the play.
    pub(crate) fn set(self, scene: &mut Scene) {
        scene.drill = Some(self);
        match self {
            Drill::WrongTestNetwork => name_for_tests(scene, &NetworkName::from(FOR_TESTS)),
            Drill::LookAlikes | Drill::EarlyClaims => {}
            Drill::StaleWitness => {
                scene.witness = true;
                scene.spec.witness = Some(WITNESS.into());
            }
        }
    }

    /// What happens again and again during the play.
    pub(crate) fn turn(self, numbers: &Numbers, scene: &Scene, watch: &Watch) {
        match self {
            Drill::WrongTestNetwork => {}
            Drill::LookAlikes => {
                let tag = numbers.next_tag();
                let names = ["lyon-app", "lyon-db", "prod-app", "prod-db"];
                let names = names.map(|network| NetworkName::from(format!("{tag}-{network}")));
                for (site, name) in
                    scene.sites.iter().flat_map(|s| names.iter().map(move |n| (s, n)))
                {
                    let (site, bubble) = (site.clone(), name.clone());
                    let owner = "somebody-else".into();
                    watch.command("stranger", &Command::Plant { site, bubble, owner });
                }
            }
            Drill::EarlyClaims => {
                for site in &scene.sites {
                    let early = Fault::at(FaultId::F5, site.clone()).delay(Span::secs(5));
                    watch.command("drill", &Command::Heal(Thing::Backend(early.clone())));
                    watch.command("drill", &Command::Break(Thing::Backend(early)));
                }
            }
            Drill::StaleWitness if both_were_seen(watch) => {
                let stale = Fault::at(FaultId::F11, LYON).object(format!("witness/{PARIS}"));
                watch.command("drill", &Command::HealAll);
                watch.command("drill", &Command::Break(Thing::Backend(stale)));
                watch.command("drill", &Command::Break(Thing::Site(PARIS.into())));
            }
            Drill::StaleWitness => {}
        }
    }

    /// A run was stored.
    pub(crate) fn started(self, graph: &Graph, watch: &Watch) {
        let failover = graph.kind == RunKind::Failover && !graph.owed_only;
        let kept_off = watch.is_kept_off(&PARIS.into());
        if self != Drill::StaleWitness || !failover || kept_off {
            return;
        }
        watch.command("drill", &Command::Heal(Thing::Site(PARIS.into())));
        watch.command("drill", &Command::Break(Thing::Witness));
        watch.command("drill", &Command::Break(Thing::Link(PARIS.to_owned(), LYON.to_owned())));
    }
}

/// Both sites have power, and for so long that somebody has looked at them.
fn both_were_seen(watch: &Watch) -> bool {
    let long_enough = watch.now().since(START) > Span::mins(2);
    long_enough && watch.last().powered.iter().all(|(_, powered)| *powered)
}

fn name_for_tests(scene: &mut Scene, name: &NetworkName) {
    for plan in scene.config.plans.values_mut() {
        for network in &mut plan.spec.networks {
            network.test = TestNetwork::Network(name.clone());
        }
    }
    let networks = scene.spec.sites.iter_mut().flat_map(|site| &mut site.networks);
    for network in networks.filter(|network| network.name == *name) {
        network.role = NetworkRole::Production;
    }
}
