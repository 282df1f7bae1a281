//! I5: at the effect, tokens never go back.

use std::collections::BTreeMap;

use muster_contract::{OpId, Token};
use muster_plans::id::SiteName;
use muster_plans::time::Time;

use super::{Checker, Invariant, Verdict};
use crate::watch::Sight;

/// The highest token that each object has seen an effect of.
#[derive(Default)]
pub(super) struct Rising(BTreeMap<(SiteName, String), (Token, OpId)>);

impl Checker for Rising {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        let Sight::Had(effect) = sight else { return Ok(()) };
        let place = (effect.site.clone(), effect.object.clone());
        if let Some((high, by)) = self.0.get(&place)
            && (effect.token < *high || (effect.token == *high && effect.op != *by))
        {
            return Err((
                Invariant::TokensRise,
                format!(
                    "{} at {} had an effect under {} after {high}",
                    effect.object, effect.site, effect.token
                ),
            ));
        }
        self.0.insert(place, (effect.token, effect.op));
        Ok(())
    }
}
