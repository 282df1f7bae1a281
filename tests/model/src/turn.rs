//! From one state to the next.

use crate::action::Action;
use crate::agent::TooLow;
use crate::bounds::MESSAGES;
use crate::guards::{Check, Guards};
use crate::plan::{MARKS, Object};
use crate::server::Act;
use crate::state::State;
use crate::world::Fence;

/// What a server may do next.
fn due(act: Act) -> &'static [fn(u8) -> Action] {
    match act {
        Act::Idle | Act::FencedOff => &[],
        Act::TakenOver | Act::Proved | Act::Refused => &[Action::Append],
        Act::Ready => &[Action::Append, Action::Look, Action::Send],
        Act::Resumed => &[Action::AskBefore],
        Act::Intended => &[Action::Send],
        Act::Sent => &[Action::Hear, Action::TimeOut],
        Act::Acknowledged => &[Action::ReadBack, Action::RuleRetry],
        Act::Unknown => &[Action::Resolve, Action::RuleRetry, Action::GoOnUnfenced],
    }
}

/// Everything that may be possible in some state.
pub(crate) fn candidates(state: &State, actions: &mut Vec<Action>) {
    for (nr, server) in (0..2).zip(&state.servers) {
        if server.act == Act::Idle {
            actions.push(Action::Acquire(nr));
            continue;
        }
        actions.extend(due(server.act).iter().map(|action| action(nr)));
        actions.extend([Action::Cancel(nr), Action::LetGo(nr), Action::Crash(nr)]);
    }
    let in_flight = (0..MESSAGES as u8).filter(|nr| state.net.get(*nr).is_some());
    for nr in in_flight {
        actions.extend([Action::Deliver(nr), Action::DeliverTwice(nr), Action::Lose(nr)]);
    }
    let running = |object: &u8| state.world.running[*object as usize].is_some();
    for object in (0..Object::ALL.len() as u8).filter(running) {
        actions.extend([
            Action::Launch(object),
            Action::Land(object),
            Action::AcknowledgeEarly(object),
            Action::Restart(object),
        ]);
    }
    if state.hold.on {
        actions.extend([Action::ReadWorld, Action::RaiseAt(0), Action::RaiseAt(1)]);
        actions.extend([Action::FenceByHand, Action::Release]);
    }
    if state.budget.rewinds > 0 {
        actions.extend((0..MARKS as u8).map(Action::Restore));
    }
    actions.extend([Action::StartFailover, Action::StartFailback, Action::GiveUp]);
    actions.extend([Action::LandLate, Action::HearFence, Action::LoseA, Action::ReturnA]);
}

impl State {
    /// What comes of an action; `None`: it is not possible now.
    pub(crate) fn after(&self, guards: &Guards, action: Action) -> Option<State> {
        let mut next = *self;
        if !next.turn(guards, action) {
            return None;
        }
        next.settle(guards);
        (next != *self).then_some(next)
    }

    fn turn(&mut self, guards: &Guards, action: Action) -> bool {
        match action {
            Action::StartFailover => self.start_failover(),
            Action::StartFailback => self.start_failback(),
            Action::Cancel(nr) => self.cancel(guards, nr as usize),
            Action::GiveUp => self.give_up(guards),
            Action::RuleRetry(nr) => self.rule_retry(guards, nr as usize),
            Action::ReadWorld => self.read_world(guards),
            Action::RaiseAt(site) => self.raise_at(guards, site),
            Action::FenceByHand => self.fence_by_hand(),
            Action::Release => self.release(guards),
            Action::Acquire(nr) => self.acquire(nr as usize),
            Action::Append(nr) => self.append(guards, nr as usize),
            Action::Look(nr) => self.look_for_evidence(guards, nr as usize),
            Action::Send(nr) => self.send(guards, nr as usize),
            Action::AskBefore(nr) => self.ask_before(guards, nr as usize),
            Action::Hear(nr) => self.hear(nr as usize),
            Action::TimeOut(nr) => self.time_out(nr as usize),
            Action::ReadBack(nr) => self.read_back(guards, nr as usize),
            Action::Resolve(nr) => self.resolve(guards, nr as usize),
            Action::GoOnUnfenced(nr) => self.go_on_unfenced(guards, nr as usize),
            Action::LetGo(nr) => self.let_go(nr as usize),
            Action::Crash(nr) => self.crash(nr as usize),
            Action::Restore(mark) => self.restore(guards, mark),
            _ => self.outside(guards, action),
        }
    }

    /// Network, sites and backends.
    fn outside(&mut self, guards: &Guards, action: Action) -> bool {
        match action {
            Action::Deliver(nr) => self.deliver(guards, nr, false),
            Action::DeliverTwice(nr) => {
                spend(&mut self.budget.duplicates) && self.deliver(guards, nr, true)
            }
            Action::Lose(nr) => {
                self.net.take(nr);
                spend(&mut self.budget.losses)
            }
            Action::Launch(object) => {
                let object = Object::ALL[object as usize];
                let launched = self.world.launch(guards, object);
                self.answer(launched)
            }
            Action::Land(object) => {
                let object = Object::ALL[object as usize];
                let landed = self.world.land(guards, &mut self.ghost, object);
                self.answer(landed)
            }
            Action::AcknowledgeEarly(object) => {
                let object = Object::ALL[object as usize];
                spend(&mut self.budget.early) && self.world.acknowledge_early(object)
            }
            // Nobody waits for its answer any more.
            Action::LandLate => self.world.land_late(guards, &mut self.ghost).is_some(),
            Action::Restart(object) => {
                let object = Object::ALL[object as usize];
                spend(&mut self.budget.restarts) && self.world.restart(object)
            }
            Action::HearFence => {
                let hears = self.world.up_a && self.world.fence == Fence::Asked;
                if hears {
                    self.world.fence = Fence::Heard;
                }
                hears
            }
            Action::LoseA => {
                let up = std::mem::replace(&mut self.world.up_a, false);
                up && spend(&mut self.budget.outages)
            }
            _ => self.return_a(),
        }
    }

    /// A site that comes back asks whether it is fenced before it writes.
    fn return_a(&mut self) -> bool {
        let down = !self.world.up_a;
        self.world.up_a = true;
        if down && self.world.fence == Fence::Asked {
            self.world.fence = Fence::Heard;
        }
        down
    }

    fn deliver(&mut self, guards: &Guards, nr: u8, again: bool) -> bool {
        let Some(request) = self.net.get(nr) else { return false };
        let Some(let_in) = self.world.admit(guards, request) else { return false };
        if !again {
            self.net.take(nr);
        }
        let too_low = guards.check == Check::AtAcceptance && !let_in;
        if too_low && self.world.done & request.op.bit() == 0 && !self.world.is_open(request.op) {
            self.refuse(request);
        }
        true
    }

    fn answer(&mut self, answer: Option<Result<(), TooLow>>) -> bool {
        if let Some(Err(TooLow(request))) = &answer {
            self.refuse(*request);
        }
        answer.is_some()
    }
}

fn spend(budget: &mut u8) -> bool {
    let had = *budget > 0;
    *budget = budget.saturating_sub(1);
    had
}
