//! Evidence that a site cannot write, and which of it counts.

use muster_plans::graph::SiteIx;
use muster_plans::guard::{Guard, holds};
use muster_plans::id::SiteName;
use muster_plans::time::Time;

use super::RunState;
use crate::event::{Evidence, EvidenceSource};

/// Evidence, and in which epoch it came: by the clock of which server it was observed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Held {
    pub(super) evidence: Evidence,
    pub(super) epoch: u64,
}

/// When something happened in a run. Times of two owners are of two clocks and are never compared; what
/// stands in the journal behind it is newer, if it was observed later by the same clock or by another owner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    at: Time,
    epoch: u64,
    /// Pieces of evidence that the journal held by then. They are older, whatever the clocks say.
    before: usize,
}

impl Moment {
    fn is_before(self, nr: usize, held: &Held) -> bool {
        let later = held.epoch != self.epoch || held.evidence.observed_at >= self.at;
        nr >= self.before && later
    }
}

/// A fence whose step came to a good end: it was asked for, or a person ruled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raised {
    /// From where.
    pub(super) from: SiteIx,
    pub(super) when: Moment,
}

impl RunState {
    /// Now, for evidence.
    pub(super) fn moment(&self) -> Moment {
        Moment { at: self.now, epoch: self.epoch, before: self.evidence.len() }
    }

    pub(super) fn keep_evidence(&mut self, evidence: &[Evidence]) {
        let epoch = self.epoch;
        let held = evidence.iter().map(|evidence| Held { evidence: evidence.clone(), epoch });
        self.evidence.extend(held);
    }

    /// Unexpired evidence against a site, of an accepted kind, newer than anything that was started
    /// there since and may write, newer than anything the site itself has done for this run (who says that
    /// it is off is wrong, or speaks of another time), and newer than the fence against it.
    pub fn evidence_against(&self, site: &SiteName, now: Time) -> Option<&Evidence> {
        let accepts = &self.opening()?.accepts;
        let ix = self.graph.sites.iter().position(|name| name == site);
        let alive = ix.and_then(|ix| self.alive_at[ix]);
        let fences = ix.map_or(&[][..], |ix| self.fences[ix].as_slice());
        let mut good = self.evidence.iter().enumerate().rev().filter(|(nr, held)| {
            let evidence = &held.evidence;
            evidence.against == *site
                && (evidence.expires_at > now || !holds(Guard::EvidenceFresh))
                && accepts.contains(&evidence.source.kind())
                && alive.is_none_or(|alive| alive.is_before(*nr, held))
                && self.is_behind(fences, *nr, held)
        });
        good.next().map(|(_, held)| &held.evidence)
    }

    /// Whether evidence tells of the time behind a fence. A site that was seen dead before it was fenced
    /// may have come back since, without hearing of the fence. A person's word is a promise for as long
    /// as it holds, and as the site keeps silent.
    ///
    /// A fence tells of what the site shares with whoever raised it. Where several did, the word of one says
    /// nothing of what is shared with the others.
    fn is_behind(&self, fences: &[Raised], nr: usize, held: &Held) -> bool {
        let newer = fences.iter().all(|fence| fence.when.is_before(nr, held))
            || !holds(Guard::EvidenceAfterFence);
        match &held.evidence.source {
            EvidenceSource::Attestation { .. } => true,
            EvidenceSource::Witness(_) => newer,
            EvidenceSource::Fence(at) => {
                newer && fences.iter().all(|fence| at == self.graph.site(fence.from))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use muster_contract::Receipt;
    use muster_plans::graph::{Action, GateKind, GroupIx, OnFailure};
    use muster_plans::run::RunKind;

    use super::*;
    use crate::event::{By, Event, Record, Verdict};
    use crate::testing::{Sample, opening};

    const FENCED_AT: i64 = 100;

    fn witness() -> EvidenceSource {
        EvidenceSource::Witness(String::from("w1"))
    }

    fn fence(at: &str) -> EvidenceSource {
        EvidenceSource::Fence(SiteName::from(at))
    }

    fn word() -> EvidenceSource {
        EvidenceSource::Attestation { by: By(String::from("ines")), reason: String::from("seen") }
    }

    fn seen(source: EvidenceSource, at: i64) -> Evidence {
        let (observed_at, expires_at) = (Time(at), Time(1000));
        Evidence { against: SiteName::from("paris"), source, observed_at, expires_at }
    }

    /// A run whose first step is the fence against paris, from lyon.
    fn opened(evidence: &[Evidence]) -> RunState {
        let steps = [Action::Fence(SiteIx(0)), Action::Gate(GateKind::EvidenceAgainst(SiteIx(0)))];
        let mut state = RunState::new(Sample::chain(RunKind::Failover, &steps));
        let evidence = evidence.to_vec();
        apply(&mut state, 1, Event::Opened(crate::Opening { evidence, ..opening("ines") }));
        state
    }

    fn apply(state: &mut RunState, at: i64, event: Event) {
        let seq = state.len();
        state.apply(&Record { seq, at: Time(at), epoch: 1, event }).unwrap();
    }

    fn fenced(evidence: &[Evidence]) -> RunState {
        let mut state = opened(evidence);
        apply(&mut state, 50, Event::Intent { step: 0, attempt: 0, undo: false });
        let receipt = Receipt::default();
        apply(&mut state, FENCED_AT, Event::Done { step: 0, undo: false, receipt });
        state
    }

    fn counts(state: &RunState) -> Option<EvidenceSource> {
        let found = state.evidence_against(&SiteName::from("paris"), Time(500));
        found.map(|evidence| evidence.source.clone())
    }

    #[test]
    fn what_was_observed_before_the_fence_counts_for_nothing_behind_it() {
        for source in [witness(), fence("lyon")] {
            let early = seen(source.clone(), FENCED_AT - 1);
            let opening = [early.clone()];
            assert_eq!(counts(&opened(&opening)), Some(source.clone()), "there is no fence yet");
            let mut state = fenced(&opening);
            assert_eq!(counts(&state), None);
            apply(&mut state, 101, Event::EvidenceSeen(early));
            assert_eq!(counts(&state), None, "written down later, but not observed later");
            apply(&mut state, 102, Event::EvidenceSeen(seen(source.clone(), FENCED_AT)));
            assert_eq!(counts(&state), Some(source));
        }
    }

    #[test]
    fn what_was_written_before_the_fence_is_older_whatever_its_clock_said() {
        assert_eq!(counts(&fenced(&[seen(witness(), FENCED_AT + 1)])), None);
    }

    #[test]
    fn times_of_two_owners_are_not_compared() {
        let mut state = fenced(&[]);
        // The next owner's clock is behind: what it sees is newer all the same.
        let taken = |seq, event| Record { seq, at: Time(10), epoch: 2, event };
        state.apply(&taken(state.len(), Event::TakenOver)).unwrap();
        state.apply(&taken(state.len(), Event::EvidenceSeen(seen(witness(), 20)))).unwrap();
        assert_eq!(counts(&state), Some(witness()));
        // The one before it had a clock that was ahead: what it has seen is older than the fence.
        assert_eq!(counts(&fenced(&[seen(witness(), 900)])), None);
    }

    #[test]
    fn a_fence_counts_where_it_was_raised() {
        let mut state = fenced(&[]);
        apply(&mut state, 101, Event::EvidenceSeen(seen(fence("paris"), 101)));
        assert_eq!(counts(&state), None);
        apply(&mut state, 102, Event::EvidenceSeen(seen(fence("lyon"), 102)));
        assert_eq!(counts(&state), Some(fence("lyon")));
    }

    #[test]
    fn of_two_fences_neither_alone_is_evidence() {
        let mut sample = Sample::new(RunKind::Failover, 1);
        for from in [SiteIx(0), SiteIx(1)] {
            sample.step(Action::Fence(SiteIx(0)), from, OnFailure::Policy);
        }
        let mut state = RunState::new(sample.finish());
        apply(&mut state, 1, Event::Opened(opening("ines")));
        for step in [0, 1] {
            apply(&mut state, 2, Event::Intent { step, attempt: 0, undo: false });
        }
        let done = |step| Event::Done { step, undo: false, receipt: Receipt::default() };
        apply(&mut state, 3, done(1));
        apply(&mut state, 4, Event::EvidenceSeen(seen(fence("lyon"), 4)));
        assert_eq!(counts(&state), Some(fence("lyon")), "one fence");
        apply(&mut state, 5, done(0));
        apply(&mut state, 6, Event::EvidenceSeen(seen(fence("lyon"), 6)));
        apply(&mut state, 6, Event::EvidenceSeen(seen(fence("paris"), 6)));
        assert_eq!(counts(&state), None);
        apply(&mut state, 7, Event::EvidenceSeen(seen(witness(), 7)));
        assert_eq!(counts(&state), Some(witness()));
    }

    #[test]
    fn a_person_s_word_holds_across_the_fence() {
        let state = fenced(&[seen(word(), 1)]);
        assert_eq!(counts(&state), Some(word()));
        assert_eq!(state.evidence_against(&SiteName::from("paris"), Time(1000)), None, "expired");
    }

    #[test]
    fn a_site_that_has_done_what_was_asked_of_it_refutes_whoever_called_it_dead() {
        let silent = |ix| Event::Unknown {
            step: ix,
            undo: false,
            hint: muster_contract::Hint { message: String::from("timed out") },
        };
        let answers = |ix| Event::Done { step: ix, undo: false, receipt: Receipt::default() };
        for source in [word(), witness()] {
            let mut sample = Sample::new(RunKind::Failover, 1);
            sample.step(Action::DemoteStorage(GroupIx(0)), SiteIx(0), OnFailure::Owe);
            sample.step(Action::SyncStorage(GroupIx(0)), SiteIx(0), OnFailure::Owe);
            let mut state = RunState::new(sample.finish());
            let evidence = vec![seen(source.clone(), 1)];
            apply(&mut state, 1, Event::Opened(crate::Opening { evidence, ..opening("ines") }));
            for step in [0, 1] {
                apply(&mut state, 2, Event::Intent { step, attempt: 0, undo: false });
            }
            apply(&mut state, 3, silent(0));
            assert_eq!(counts(&state), Some(source.clone()), "asked, but it kept silent");
            apply(&mut state, 4, answers(1));
            assert_eq!(counts(&state), None, "{source:?}");
            apply(&mut state, 5, Event::EvidenceSeen(seen(source.clone(), 5)));
            assert_eq!(counts(&state), Some(source));
        }
    }

    #[test]
    fn a_ruling_on_the_fence_asks_for_evidence_of_after_it() {
        for verdict in [Verdict::Done, Verdict::Skip] {
            let mut state = opened(&[seen(witness(), 1)]);
            apply(&mut state, 50, Event::Intent { step: 0, attempt: 0, undo: false });
            let hint = muster_contract::Hint { message: String::from("cut off") };
            apply(&mut state, 60, Event::Unknown { step: 0, undo: false, hint });
            let (by, reason) = (By(String::from("ines")), String::from("unplugged"));
            apply(&mut state, FENCED_AT, Event::Ruled { step: 0, by, verdict, reason });
            assert_eq!(counts(&state), None, "{verdict:?}");
            apply(&mut state, 101, Event::EvidenceSeen(seen(witness(), 101)));
            assert_eq!(counts(&state), Some(witness()), "{verdict:?}");
        }
    }
}
