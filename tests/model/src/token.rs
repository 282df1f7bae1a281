//! The fencing token, packed: incarnation, epoch, position of the intent.

use std::fmt;

/// Stands for `muster_contract::Token`. Ordered like it, field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Token(u16);

const SEQ_BITS: u16 = 6;
const EPOCH_BITS: u16 = 4;

impl Token {
    /// Above all others.
    pub(crate) const MAX: Token = Token(u16::MAX);

    /// From its three parts, each of which is small in this model.
    pub(crate) fn new(incarnation: u8, epoch: u8, seq: u8) -> Token {
        let (incarnation, epoch) = (u16::from(incarnation), u16::from(epoch));
        Token((incarnation << (EPOCH_BITS + SEQ_BITS)) | (epoch << SEQ_BITS) | u16::from(seq))
    }

    /// Without the position of the intent: as if a token were no more than the epoch of a lease.
    pub(crate) fn of_lease(self) -> Token {
        Token(self.0 >> SEQ_BITS << SEQ_BITS)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epoch = (self.0 >> SEQ_BITS) & ((1 << EPOCH_BITS) - 1);
        let seq = self.0 & ((1 << SEQ_BITS) - 1);
        write!(f, "{}.{epoch}.{seq}", self.0 >> (EPOCH_BITS + SEQ_BITS))
    }
}
