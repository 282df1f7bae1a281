//! One value for all states that no future can tell apart.
//!
//! Without this every detour of the past (a second attempt, a take-over) would double all that comes
//! after it. Nothing is forgotten that a request on its way, a server or a restore can still ask for.

use crate::agent::seen;
use crate::guards::Guards;
use crate::plan::OpId;
use crate::server::{Act, Server};
use crate::state::State;
use crate::token::Token;

impl State {
    pub(crate) fn settle(&mut self, guards: &Guards) {
        for server in &mut self.servers {
            server.settle();
        }
        // Servers are told apart by their epochs alone, so their order says nothing.
        self.servers.sort_unstable();
        let asked_for = self.asked_for();
        self.ghost.intended &= asked_for;
        if self.budget.rewinds == 0 {
            // No older journal comes back any more. What a forgotten life has done ahead of this one is
            // still asked for.
            let remembered = asked_for | self.ahead();
            self.world.done &= remembered;
            self.ghost.effects &= remembered;
            self.database.forget_marks();
        }
        if guards.tokens_rise() {
            self.forget_tokens(guards);
        }
    }

    /// Operations that are on their way, or that a server or the journal stands at.
    fn asked_for(&self) -> u64 {
        let on_their_way = self.requests().map(|(op, _)| op);
        let executed = self.servers.iter().filter(|s| s.act != Act::Idle).map(Server::op);
        let written = [self.database.cursor].into_iter().filter(|c| c.run > 0).map(|c| c.op());
        on_their_way.chain(executed).chain(written).fold(0, |set, op| set | op.bit())
    }

    /// Everything that the journal, or a server, stands at or has not come to.
    fn ahead(&self) -> u64 {
        let executed = self.servers.iter().filter(|s| s.act != Act::Idle).map(|s| s.cursor);
        let cursors = executed.chain([self.database.cursor]);
        cursors.map(|cursor| cursor.ahead()).fold(0, |set, ahead| set | ahead)
    }

    fn requests(&self) -> impl Iterator<Item = (OpId, Token)> + '_ {
        let net = self.net.0.iter().flatten().copied();
        let running = self.world.running.iter().flatten().map(|running| running.request);
        let late = self.world.late.iter().map(|late| late.request);
        net.chain(running).chain(late).map(|request| (request.op, request.token))
    }

    /// Where tokens only rise, a mark below everything that can still come refuses nothing.
    fn forget_tokens(&mut self, guards: &Guards) {
        let requests = self.requests().map(|(_, token)| token);
        let servers = self.servers.iter().filter(|s| s.act != Act::Idle).map(Server::lowest);
        let Some(lowest) = requests.chain(servers).min() else {
            return self.world.forget_tokens(Token::MAX);
        };
        self.world.forget_tokens(seen(guards, lowest));
    }
}

impl Server {
    fn settle(&mut self) {
        match self.act {
            Act::FencedOff => {
                // It does nothing any more but let go.
                (self.seq, self.cursor) = (0, crate::journal::Cursor::of_run(self.cursor.run));
            }
            Act::Ready | Act::TakenOver | Act::Proved | Act::Refused => self.seq = 0,
            _ => {}
        }
    }

    /// The lowest token under which it may still ask for something.
    fn lowest(&self) -> Token {
        match self.act {
            Act::Intended | Act::Resumed | Act::Sent | Act::Acknowledged | Act::Unknown => {
                self.token()
            }
            _ => Token::new(self.incarnation, self.epoch, self.cursor.position()),
        }
    }
}
