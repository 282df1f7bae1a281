//! A fast hasher for names and ids.
//!
//! Deriving looks up every object's volume, container and policy, so the hash is most of its cost.
//! The order of these maps is never seen, and their keys come from backends that an administrator
//! configured, so no seed is needed.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by name or id.
pub(super) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Fold>>;

/// Multiplies eight bytes at a time into the state and folds the upper half back in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fold(u64);

/// An odd number without a pattern: the fraction of the golden ratio.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl Fold {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(MULTIPLIER);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        // The length keeps apart what differs in trailing zeros only, and the state from zero.
        self.mix(u64::from_le_bytes(last) ^ MULTIPLIER.rotate_left(bytes.len() as u32));
    }

    fn write_u8(&mut self, byte: u8) {
        self.0 = self.0.wrapping_add(u64::from(byte));
    }

    fn write_u32(&mut self, word: u32) {
        self.mix(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.mix(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    use super::Fold;

    #[test]
    fn names_that_differ_a_little_are_spread_over_all_bits() {
        let build = BuildHasherDefault::<Fold>::default();
        let names = (0..20_000).map(|n| format!("volume-{n}"));
        let hashes: Vec<u64> = names.map(|name| build.hash_one(name.as_str())).collect();
        assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), hashes.len());
        for bit in 0..64 {
            let set = hashes.iter().filter(|hash| *hash >> bit & 1 == 1).count();
            assert!((8_000..12_000).contains(&set), "bit {bit} is set in {set} of 20,000");
        }
        assert_ne!(build.hash_one("a"), build.hash_one("a\0"));
    }
}
