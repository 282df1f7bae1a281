//! The sites: volumes, and the fence between them.

use crate::agent::{Late, Running};
use crate::plan::{Object, Work};
use crate::token::Token;

/// How far B's fence against A is. Stands for `muster_contract::FenceState`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fence {
    #[default]
    None,
    /// Recorded at B. A will hear of it before it writes again after an outage.
    Asked,
    /// A has heard of it and writes no more.
    Heard,
}

/// Both sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) up_a: bool,
    pub(crate) open_a: bool,
    pub(crate) open_b: bool,
    pub(crate) fence: Fence,
    /// Data flows from B to A.
    pub(crate) flows_back: bool,
    /// By object: the highest token that a fence or an operation has left there.
    pub(crate) high: [Token; 3],
    /// By object: the token of its last effect, for a property only.
    pub(crate) last: [Token; 3],
    pub(crate) running: [Option<Running>; 3],
    pub(crate) late: Option<Late>,
    /// Operations whose result the agents remember.
    pub(crate) done: u64,
}

impl World {
    pub(crate) fn new() -> World {
        World {
            up_a: true,
            open_a: true,
            open_b: false,
            fence: Fence::None,
            flows_back: false,
            high: [Token::default(); 3],
            last: [Token::default(); 3],
            running: [None; 3],
            late: None,
            done: 0,
        }
    }

    pub(crate) fn writes_a(&self) -> bool {
        self.up_a && self.open_a && self.fence != Fence::Heard
    }

    /// What proves a step: `muster_engine::step::wanted`.
    pub(crate) fn shows(&self, work: Work) -> bool {
        match work {
            Work::FenceA => self.fence != Fence::None,
            Work::UnfenceA => self.fence == Fence::None,
            Work::PromoteB | Work::PromoteBAgain => self.open_b,
            Work::DemoteB => !self.open_b,
            Work::PromoteA => self.open_a,
            Work::DemoteA => !self.open_a,
            Work::ReverseB => self.flows_back,
            Work::Gate => false,
        }
    }

    pub(crate) fn reaches(&self, object: Object) -> bool {
        self.up_a || !object.at_a()
    }

    /// The worst backend: it never looks at the other site.
    pub(crate) fn change(&mut self, work: Work) {
        match work {
            Work::FenceA if self.fence == Fence::None => self.fence = Fence::Asked,
            Work::FenceA | Work::Gate => {}
            Work::UnfenceA => self.fence = Fence::None,
            Work::PromoteB => (self.open_b, self.flows_back) = (true, false),
            Work::PromoteBAgain => self.open_b = true,
            Work::DemoteB => self.open_b = false,
            Work::PromoteA => (self.open_a, self.flows_back) = (true, false),
            Work::DemoteA => self.open_a = false,
            Work::ReverseB => self.flows_back = true,
        }
    }

    /// Forgets marks that are not above a token.
    pub(crate) fn forget_tokens(&mut self, lowest: Token) {
        for mark in self.high.iter_mut().chain(&mut self.last) {
            if *mark <= lowest {
                *mark = Token::default();
            }
        }
    }
}
