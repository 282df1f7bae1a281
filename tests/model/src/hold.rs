//! After a restore: `server/src/ops/hold.rs`.

use crate::guards::{Guards, Release};
use crate::journal::Course;
use crate::plan::{Object, expected};
use crate::state::State;
use crate::token::Token;
use crate::world::Fence;

/// Whether the server holds, and how far people are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Hold {
    pub(crate) on: bool,
    /// The fence was raised at A, at B.
    pub(crate) raised: [bool; 2],
    /// Where the world is read before: whether it agreed with the journal.
    pub(crate) read: Option<bool>,
}

impl Hold {
    pub(crate) fn is_off(&self) -> bool {
        !self.on
    }
}

impl State {
    /// Somebody starts the server over an older database.
    pub(crate) fn restore(&mut self, guards: &Guards, mark: u8) -> bool {
        if self.budget.rewinds == 0 || !self.database.has_been_at(mark) {
            return false;
        }
        self.budget.rewinds -= 1;
        self.database.rewind(mark, guards.release != Release::Nothing);
        self.second_life = true;
        let holds = !matches!(guards.release, Release::IncarnationOnly | Release::Nothing);
        self.hold = Hold { on: holds, ..Hold::default() };
        true
    }

    /// Whether what is so can be what the journal says. The step that it has come to may have had its
    /// effect or not.
    pub(crate) fn agrees(&self, guards: &Guards) -> bool {
        let world = (self.world.open_a, self.world.open_b, self.world.fence != Fence::None);
        let mark = self.database.cursor.mark();
        world == expected(guards, mark) || world == expected(guards, (mark + 1).min(9))
    }

    pub(crate) fn read_world(&mut self, guards: &Guards) -> bool {
        let may =
            self.hold.on && guards.release == Release::ReadThenRaise && self.hold.read.is_none();
        if may {
            self.hold.read = Some(self.agrees(guards));
        }
        may
    }

    /// Raises the fence at a site to the new incarnation.
    pub(crate) fn raise_at(&mut self, guards: &Guards, site: u8) -> bool {
        let due = match guards.release {
            Release::RaiseThenRead | Release::RaiseWhoAnswers | Release::RaiseOnly => true,
            Release::ReadThenRaise => self.hold.read.is_some(),
            Release::ReadOnly | Release::IncarnationOnly | Release::Nothing => false,
        };
        let at_a = site == 0;
        if !self.hold.on || !due || self.hold.raised[site as usize] || (at_a && !self.world.up_a) {
            return false;
        }
        let floor = Token::new(self.database.incarnation, 0, 0);
        let object = if at_a { Object::VolumeA } else { Object::FenceAtB };
        // Where something older is still at the backend it is raised, and not yet answered for.
        let holds = self.world.raise(guards, object, floor);
        self.hold.raised[site as usize] = holds;
        holds
    }

    /// A person cuts a silent A off by hand, at B's storage.
    pub(crate) fn fence_by_hand(&mut self) -> bool {
        let may = self.hold.on && !self.world.up_a && self.world.fence == Fence::None;
        if may {
            self.world.fence = Fence::Asked;
        }
        may
    }

    /// Whether all that has to come before a release has come.
    fn ready(&self, guards: &Guards) -> bool {
        let [a, b] = self.hold.raised;
        let down = !self.world.up_a;
        match guards.release {
            Release::RaiseThenRead => b && (a || (down && self.world.fence != Fence::None)),
            Release::RaiseOnly | Release::RaiseWhoAnswers | Release::ReadThenRaise => {
                b && (a || down)
            }
            Release::ReadOnly | Release::IncarnationOnly | Release::Nothing => true,
        }
    }

    /// What a person who decides now goes by.
    pub(crate) fn contradicts(&self, guards: &Guards) -> bool {
        match guards.release {
            Release::RaiseThenRead | Release::RaiseWhoAnswers | Release::ReadOnly => {
                !self.agrees(guards)
            }
            Release::ReadThenRaise => self.hold.read == Some(false),
            Release::RaiseOnly | Release::IncarnationOnly | Release::Nothing => false,
        }
    }

    pub(crate) fn release(&mut self, guards: &Guards) -> bool {
        let may = self.hold.on && self.ready(guards) && !self.contradicts(guards);
        if may {
            self.hold = Hold::default();
        }
        may
    }

    /// A run that cannot go on is given up: one that has halted, or one that the world contradicts.
    pub(crate) fn give_up(&mut self, guards: &Guards) -> bool {
        let contradicted = self.hold.on && self.ready(guards) && self.contradicts(guards);
        let halted = !self.hold.on && self.database.cursor.course == Course::Halted;
        if contradicted || halted {
            self.hold = Hold::default();
            self.database.cursor.course = Course::Abandoned;
            self.database.lease = 0;
        }
        contradicted || halted
    }
}
