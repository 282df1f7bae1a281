//! The hash that chains the rows, and the check of the whole chain.

use crate::Error;
use crate::entity::audit;
use crate::text::{json, nat, sha256_hex};

/// What the first row is chained to.
pub(super) const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The first place at which the trail is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The row.
    pub seq: u64,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Of all fields but the hash itself, as a JSON array: no two rows have the same text.
pub(super) fn hash(row: &audit::Model) -> Result<String, Error> {
    let fields = (
        (&row.previous, row.seq, row.at),
        (&row.actor, &row.via, &row.action, &row.object, &row.outcome),
        (&row.detail, &row.address, &row.request_id),
    );
    Ok(sha256_hex(json("audit row", &fields)?.as_bytes()))
}

/// Follows the chain from row to row.
#[derive(Debug)]
pub(super) struct Follow {
    seq: u64,
    hash: String,
}

impl Follow {
    pub(super) fn new() -> Follow {
        Follow { seq: 0, hash: NOTHING.to_owned() }
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// The next row; what is wrong with it, if something is.
    pub(super) fn step(&mut self, row: &audit::Model) -> Result<Option<Broken>, Error> {
        let seq = nat(row.seq);
        let broken = |why| Ok(Some(Broken { seq, why }));
        if seq != self.seq + 1 {
            return broken("rows before it are missing");
        }
        if row.previous != self.hash {
            return broken("it does not follow the row before it");
        }
        if hash(row)? != row.hash {
            return broken("it was changed");
        }
        self.seq = seq;
        self.hash.clone_from(&row.hash);
        Ok(None)
    }
}
