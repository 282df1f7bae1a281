//! Who may write to stretched storage, by what each side and the witness see of each other.
//!
//! The table is the industry's common one (VPLEX witness, SRDF/Metro witness), and it holds the one
//! rule that must never break: while the link is down, two sites never write.

use serde::{Deserialize, Serialize};

/// One of the two sites of a stretched group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The first.
    A,
    /// The second.
    B,
}

/// What is known of the two sites, the link between them and the witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Situation {
    /// Site A is up.
    pub a_up: bool,
    /// Site B is up.
    pub b_up: bool,
    /// The link between them passes traffic.
    pub link_up: bool,
    /// The witness sees A.
    pub witness_sees_a: bool,
    /// The witness sees B.
    pub witness_sees_b: bool,
    /// The preferred site.
    pub preferred: Side,
    /// The detach rule names a winner; without one both legs stop when nobody judges.
    pub rule_names_winner: bool,
    /// A named person attests that this side is off.
    pub attested_off: Option<Side>,
}

/// Sites that may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Writers {
    /// Nobody.
    None,
    /// One side.
    One(Side),
    /// Both, coherently.
    Both,
}

impl Writers {
    /// Whether a side may write.
    pub fn includes(self, side: Side) -> bool {
        self == Writers::Both || self == Writers::One(side)
    }
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::A => Side::B,
            Side::B => Side::A,
        }
    }
}

/// The decision table.
pub fn may_write(now: &Situation) -> Writers {
    match (now.a_up, now.b_up) {
        (true, true) if now.link_up => Writers::Both,
        (true, true) => partitioned(now),
        (false, true) => survivor(now, Side::B, now.witness_sees_b),
        (true, false) => survivor(now, Side::A, now.witness_sees_a),
        (false, false) => Writers::None,
    }
}

/// Both are up and do not see each other.
fn partitioned(now: &Situation) -> Writers {
    match (now.witness_sees_a, now.witness_sees_b) {
        (true, true) => Writers::One(now.preferred),
        (true, false) => Writers::One(Side::A),
        (false, true) => Writers::One(Side::B),
        (false, false) if now.rule_names_winner => Writers::One(now.preferred),
        (false, false) => Writers::None,
    }
}

/// One is down: the other goes on if the witness sees it. Without the witness it cannot tell a dead
/// peer from a dead link; then only a person's word that the peer is off lets it.
fn survivor(now: &Situation, side: Side, seen: bool) -> Writers {
    if seen || now.attested_off == Some(side.other()) { Writers::One(side) } else { Writers::None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as the design prints it: A, B, link, witness sees A, witness sees B, writers.
    /// `*` stands for both values; P is the preferred side.
    const TABLE: &[(&str, &str)] = &[
        ("up   up   up   * *", "A and B"),
        ("up   up   down y y", "P"),
        ("up   up   down y n", "A"),
        ("up   up   down n y", "B"),
        ("up   up   down n n", "P if the rule names a winner, else none"),
        ("down up   *    * y", "B"),
        ("down up   *    * n", "none, unless a named person attests that A is off"),
        ("up   down *    y *", "A"),
        // The mirror of the row before the last, which the printed table leaves to symmetry.
        ("up   down *    n *", "none, unless a named person attests that B is off"),
        ("down down *    * *", "none"),
    ];

    fn situations() -> Vec<Situation> {
        let mut all = Vec::new();
        for bits in 0..64_u8 {
            let bit = |n: u8| bits & (1 << n) != 0;
            for preferred in [Side::A, Side::B] {
                for attested_off in [None, Some(Side::A), Some(Side::B)] {
                    all.push(Situation {
                        a_up: bit(0),
                        b_up: bit(1),
                        link_up: bit(2),
                        witness_sees_a: bit(3),
                        witness_sees_b: bit(4),
                        rule_names_winner: bit(5),
                        preferred,
                        attested_off,
                    });
                }
            }
        }
        all
    }

    fn matches(row: &str, now: &Situation) -> bool {
        let facts = [now.a_up, now.b_up, now.link_up, now.witness_sees_a, now.witness_sees_b];
        row.split_whitespace().zip(facts).all(|(cell, fact)| match cell {
            "*" => true,
            "up" | "y" => fact,
            _ => !fact,
        })
    }

    fn reads(writers: &str, now: &Situation) -> Writers {
        let attested = |side| match now.attested_off {
            Some(off) if off == side => Writers::One(side.other()),
            _ => Writers::None,
        };
        match writers {
            "A and B" => Writers::Both,
            "A" => Writers::One(Side::A),
            "B" => Writers::One(Side::B),
            "P" => Writers::One(now.preferred),
            "P if the rule names a winner, else none" if now.rule_names_winner => {
                Writers::One(now.preferred)
            }
            "none, unless a named person attests that A is off" => attested(Side::A),
            "none, unless a named person attests that B is off" => attested(Side::B),
            _ => Writers::None,
        }
    }

    #[test]
    fn every_situation_is_in_exactly_one_row_and_decided_as_it_says() {
        let situations = situations();
        assert_eq!(situations.len(), 384);
        for now in situations {
            let rows: Vec<_> = TABLE.iter().filter(|(row, _)| matches(row, &now)).collect();
            assert_eq!(rows.len(), 1, "{now:?}");
            assert_eq!(may_write(&now), reads(rows[0].1, &now), "{now:?} in row {:?}", rows[0]);
        }
    }

    #[test]
    fn two_sites_never_write_while_the_link_is_down_and_a_dead_one_never() {
        for now in situations() {
            let writers = may_write(&now);
            assert!(now.link_up || writers != Writers::Both, "{now:?}");
            assert!(now.a_up || !writers.includes(Side::A), "{now:?}");
            assert!(now.b_up || !writers.includes(Side::B), "{now:?}");
        }
    }
}
