//! Lines that are dead in one direction.

use muster_contract::WitnessSight;
use muster_plans::time::Span;

use super::rig::{GOLD, Rig};

const WAYS: [&str; 6] = [
    "way/paris/lyon",
    "way/lyon/paris",
    "way/paris/bordeaux",
    "way/bordeaux/paris",
    "way/lyon/bordeaux",
    "way/bordeaux/lyon",
];

#[test]
fn any_set_of_directions_leaves_one_writer_at_most_and_heals() {
    for cut in 0..64u32 {
        let mut rig = Rig::instant();
        let ways: Vec<&str> = WAYS
            .iter()
            .enumerate()
            .filter(|(nr, _)| cut & (1 << nr) != 0)
            .map(|(_, w)| *w)
            .collect();
        for way in &ways {
            rig.cut(way);
            rig.pass(Span::secs(1));
        }
        rig.pass(Span::mins(2));
        let apart = cut & 3 != 0;
        assert!(rig.writers(GOLD).len() <= 2 - usize::from(apart), "{ways:?}");
        for way in &ways {
            rig.heal(way);
        }
        rig.pass(Span::mins(2));
        assert_eq!(rig.writers(GOLD).len(), 2, "{ways:?}");
        rig.honest();
    }
}

#[test]
fn a_witness_that_hears_a_site_does_not_call_it_dead() {
    let mut rig = Rig::instant();
    rig.cut("link/paris/lyon");
    rig.cut("way/bordeaux/paris");
    rig.pass(Span::secs(30));
    // Paris hears nobody and has stopped; the witness cannot know that it has.
    assert_eq!(rig.sight("lyon", "paris"), Some(WitnessSight::Silent));
    rig.cut("way/paris/bordeaux");
    rig.pass(Span::secs(30));
    assert_eq!(rig.sight("lyon", "paris"), Some(WitnessSight::Dead));
    rig.honest();
}
