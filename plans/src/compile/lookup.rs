//! Hash tables for looking things up, never for going through them.
//!
//! A plan over 100,000 VMs looks up half a million ids. The hasher is fixed, not seeded: nothing here
//! comes from an attacker, and equal inputs must give equal graphs on every machine.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A table that is only asked, whose order nobody sees.
pub(crate) type Lookup<K, V> = HashMap<K, V, BuildHasherDefault<Mixer>>;

/// An empty table with room.
pub(crate) fn with_room<K, V>(room: usize) -> Lookup<K, V> {
    Lookup::with_capacity_and_hasher(room, BuildHasherDefault::default())
}

/// Multiplies to twice the width and folds, eight bytes at a time, so that every bit of a name reaches
/// the low bits from which the table takes its place.
#[derive(Clone, Copy, Default)]
pub(crate) struct Mixer(u64);

/// Half the bits set, without a pattern: the digits of pi.
const FACTOR: u64 = 0x243f_6a88_85a3_08d3;
const START: u64 = 0x1319_8a2e_0370_7344;

impl Mixer {
    fn mix(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word ^ START) * u128::from(FACTOR);
        self.0 = (wide as u64) ^ ((wide >> 64) as u64);
    }
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0_u8; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last) ^ ((rest.len() as u64) << 56));
    }

    fn write_u8(&mut self, n: u8) {
        self.mix(u64::from(n));
    }

    fn write_u32(&mut self, n: u32) {
        self.mix(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        self.mix(n);
    }

    fn write_usize(&mut self, n: usize) {
        self.mix(n as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_one_character_spread() {
        let mut table: Lookup<String, u32> = with_room(0);
        let mut low = std::collections::BTreeSet::new();
        for i in 0..1000_u32 {
            let name = format!("vol-{i:04}");
            let mut mixer = Mixer::default();
            mixer.write(name.as_bytes());
            low.insert(mixer.finish() & 0xfff);
            table.insert(name, i);
        }
        assert_eq!(table["vol-0999"], 999);
        assert!(low.len() > 800, "only {} of 4096 places used by 1000 names", low.len());
    }
}
