//! The agents that guard the sites.

use crate::guards::{Check, Guards};
use crate::net::Request;
use crate::plan::{Object, OpId, Work};
use crate::state::Ghost;
use crate::token::Token;
use crate::world::World;

/// An operation that an agent has let in: `Running` in `server/src/agent/state.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Running {
    pub(crate) request: Request,
    /// The backend has it.
    pub(crate) launched: bool,
}

/// An operation at the backend that holds no place at the agent any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Late {
    pub(crate) request: Request,
    /// The backend says that it is done.
    pub(crate) acknowledged: bool,
}

/// Why an operation ends without an effect.
pub(crate) struct TooLow(pub(crate) Request);

impl World {
    /// Something is under way on an object, as far as its agent knows.
    pub(crate) fn pending(&self, guards: &Guards, object: Object) -> bool {
        self.running[object as usize].is_some() || self.remembered_late(guards, object).is_some()
    }

    /// What is at the backend without a place at the agent, where the agent knows of it.
    fn remembered_late(&self, guards: &Guards, object: Object) -> Option<Late> {
        let knows = guards.check == Check::AtLaunchAndDrain;
        self.late.filter(|late| {
            knows && !late.acknowledged && object_of(guards, late.request.op) == object
        })
    }

    /// The operation itself is under way: `OpStatus::Pending`, or nobody can say.
    pub(crate) fn is_open(&self, op: OpId) -> bool {
        let at_agent = self.running.iter().flatten().any(|running| running.request.op == op);
        at_agent || self.late.is_some_and(|late| late.request.op == op && !late.acknowledged)
    }

    /// `SiteAdapter::raise_fence` for the domain of an object. `false`: nobody can say that it holds.
    pub(crate) fn raise(&mut self, guards: &Guards, object: Object, token: Token) -> bool {
        // The fence between sites belongs to no group, and so its domain is all of B.
        let domain: &[Object] = match object {
            Object::FenceAtB => &[Object::VolumeB, Object::FenceAtB],
            Object::VolumeA => &[Object::VolumeA],
            Object::VolumeB => &[Object::VolumeB],
        };
        for &object in domain {
            let high = &mut self.high[object as usize];
            *high = (*high).max(seen(guards, token));
        }
        domain.iter().all(|&object| self.drained(guards, object, token))
    }

    fn drained(&self, guards: &Guards, object: Object, floor: Token) -> bool {
        let waits = matches!(guards.check, Check::AtLaunchAndDrain | Check::AtLaunchForgetful);
        let old = |request: &Request| request.token < floor;
        let running = self.running[object as usize];
        let launched = running.filter(|running| running.launched && old(&running.request));
        let late = self.remembered_late(guards, object).filter(|late| old(&late.request));
        !waits || (launched.is_none() && late.is_none())
    }

    /// A request arrives. `None`: it has to wait for its object. `Some(false)`: it was known, or is too
    /// low already.
    pub(crate) fn admit(&mut self, guards: &Guards, request: Request) -> Option<bool> {
        let object = object_of(guards, request.op);
        if !self.reaches(object) {
            return None;
        }
        if guards.memory && self.done & request.op.bit() != 0 {
            return Some(false);
        }
        if self.is_open(request.op) {
            // It is joined, or nobody can say what became of it: nothing begins anew.
            return Some(false);
        }
        if self.running[object as usize].is_some() {
            return None;
        }
        if guards.check == Check::AtAcceptance && !self.lets(guards, object, request.token) {
            return Some(false);
        }
        self.running[object as usize] = Some(Running { request, launched: false });
        Some(true)
    }

    fn lets(&mut self, guards: &Guards, object: Object, token: Token) -> bool {
        let high = &mut self.high[object as usize];
        let ok = seen(guards, token) >= *high;
        if ok {
            *high = seen(guards, token);
        }
        ok
    }

    /// The agent calls a backend that knows no tokens. `None`: there is nothing to call for.
    pub(crate) fn launch(&mut self, guards: &Guards, object: Object) -> Option<Result<(), TooLow>> {
        let running = self.running[object as usize].filter(|running| !running.launched)?;
        let checks = matches!(guards.check, Check::AtLaunchAndDrain | Check::AtLaunchForgetful);
        let free = self.remembered_late(guards, object).is_none();
        if !checks || !free || !self.reaches(object) {
            return None;
        }
        if !self.lets(guards, object, running.request.token) {
            self.running[object as usize] = None;
            return Some(Err(TooLow(running.request)));
        }
        self.running[object as usize] = Some(Running { launched: true, ..running });
        Some(Ok(()))
    }

    /// The effect.
    pub(crate) fn land(
        &mut self,
        guards: &Guards,
        ghost: &mut Ghost,
        object: Object,
    ) -> Option<Result<(), TooLow>> {
        let running = self.running[object as usize]?;
        let needs_launch =
            matches!(guards.check, Check::AtLaunchAndDrain | Check::AtLaunchForgetful);
        if !self.reaches(object) || needs_launch != running.launched {
            return None;
        }
        self.running[object as usize] = None;
        Some(self.strike(guards, ghost, running.request))
    }

    /// The effect of what is at the backend only.
    pub(crate) fn land_late(
        &mut self,
        guards: &Guards,
        ghost: &mut Ghost,
    ) -> Option<Result<(), TooLow>> {
        let late = self.late.filter(|late| self.reaches(object_of(guards, late.request.op)))?;
        self.late = None;
        Some(self.strike(guards, ghost, late.request))
    }

    fn strike(
        &mut self,
        guards: &Guards,
        ghost: &mut Ghost,
        request: Request,
    ) -> Result<(), TooLow> {
        let object = object_of(guards, request.op);
        if guards.check == Check::AtEffect && !self.lets(guards, object, request.token) {
            return Err(TooLow(request));
        }
        let (bit, last) = (request.op.bit(), &mut self.last[object as usize]);
        ghost.went_back |= request.token < *last;
        ghost.twice |= ghost.effects & bit != 0;
        ghost.unannounced |= ghost.intended & bit == 0;
        ghost.effects |= bit;
        *last = (*last).max(request.token);
        self.done |= bit;
        self.change(Work::of(guards, request.op.run, request.op.step));
        Ok(())
    }

    /// The backend says that it is done before it is.
    pub(crate) fn acknowledge_early(&mut self, object: Object) -> bool {
        match self.running[object as usize] {
            Some(Running { request, .. }) if self.late.is_none() => {
                self.done |= request.op.bit();
                self.late = Some(Late { request, acknowledged: true });
                self.running[object as usize] = None;
                true
            }
            _ => false,
        }
    }

    /// The agent of an object's site starts anew. What was only let in is forgotten.
    pub(crate) fn restart(&mut self, object: Object) -> bool {
        let Some(running) = self.running[object as usize] else { return false };
        if running.launched {
            if self.late.is_some() {
                return false;
            }
            self.late = Some(Late { request: running.request, acknowledged: false });
        }
        self.running[object as usize] = None;
        true
    }
}

/// What of a token counts.
pub(crate) fn seen(guards: &Guards, token: Token) -> Token {
    match (guards.tokens, guards.token_per_operation) {
        (false, _) => Token::default(),
        (true, false) => token.of_lease(),
        (true, true) => token,
    }
}

pub(crate) fn object_of(guards: &Guards, op: OpId) -> Object {
    Work::of(guards, op.run, op.step).object()
}
