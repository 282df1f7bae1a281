//! Requests on their way, in no order.

use crate::bounds::MESSAGES;
use crate::plan::OpId;
use crate::token::Token;

/// A request: `OpContext` and `Operation` in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Request {
    pub(crate) op: OpId,
    pub(crate) token: Token,
}

/// A set of requests, kept sorted so that equal sets are equal values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Net(pub(crate) [Option<Request>; MESSAGES]);

impl Net {
    pub(crate) fn get(&self, nr: u8) -> Option<Request> {
        self.0[nr as usize]
    }

    /// `false`: there is no more room in the model.
    pub(crate) fn put(&mut self, request: Request) -> bool {
        // The empty places come first.
        if self.0[0].is_some() {
            return false;
        }
        self.0[0] = Some(request);
        self.0.sort_unstable();
        true
    }

    pub(crate) fn holds(&self, op: OpId) -> bool {
        self.0.iter().flatten().any(|request| request.op == op)
    }

    pub(crate) fn take(&mut self, nr: u8) {
        self.0[nr as usize] = None;
        self.0.sort_unstable();
    }
}
