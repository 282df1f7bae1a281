//! Nothing is exceeded, nobody who fits is left standing.

use proptest::prelude::*;

use super::pool::{Item, Pool};
use super::*;

fn item(key: u32, step: u32) -> Item {
    Item { key, step: Reverse(step), seq: 0 }
}

#[derive(Clone, Debug)]
enum Move {
    Push { class: usize, key: u32 },
    Take,
    Release { which: usize },
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let push = (0..5_usize, 0..50_u32).prop_map(|(class, key)| Move::Push { class, key });
    let release = (0..20_usize).prop_map(|which| Move::Release { which });
    proptest::collection::vec(prop_oneof![3 => push, 3 => Just(Move::Take), 2 => release], 0..200)
}

proptest! {
    #[test]
    fn limits_hold_and_whoever_fits_is_taken(
        caps in proptest::collection::vec(1..6_u32, 3),
        needs in proptest::collection::vec(
            proptest::collection::btree_map(0..3_u32, 1..4_u32, 0..3), 5),
        moves in moves(),
    ) {
        let needs: Vec<Vec<(u32, u32)>> = needs
            .iter()
            .map(|n| n.iter().map(|(r, u)| (*r, (*u).min(caps[*r as usize]))).collect())
            .collect();
        let mut pool = Pool::new(&caps, &needs);
        let mut used = [0_u32; 3];
        let mut held: Vec<usize> = Vec::new();
        let mut waiting: Vec<Vec<u32>> = vec![Vec::new(); 5];
        let mut steps: Vec<usize> = Vec::new();
        for next in moves {
            match next {
                Move::Push { class, key } => {
                    pool.push(class as u32, item(key, steps.len() as u32));
                    steps.push(class);
                    waiting[class].push(key);
                }
                Move::Take => while let Some(taken) = pool.take() {
                    let class = steps[taken.step.0 as usize];
                    let best = *waiting[class].iter().max().unwrap();
                    prop_assert_eq!(taken.key, best, "the best of its class goes first");
                    let at = waiting[class].iter().position(|key| *key == best).unwrap();
                    waiting[class].remove(at);
                    held.push(class);
                    for (resource, units) in &needs[class] {
                        used[*resource as usize] += units;
                        prop_assert!(used[*resource as usize] <= caps[*resource as usize]);
                    }
                },
                Move::Release { which } if !held.is_empty() => {
                    let class = held.remove(which % held.len());
                    pool.release(class as u32);
                    for (resource, units) in &needs[class] {
                        used[*resource as usize] -= units;
                    }
                }
                Move::Release { .. } => {}
            }
        }
        // When everything is given back, everything is served in the end.
        let mut left: usize = waiting.iter().map(Vec::len).sum();
        let mut rounds = 0;
        while left > 0 {
            for class in held.drain(..) {
                pool.release(class as u32);
            }
            while let Some(taken) = pool.take() {
                held.push(steps[taken.step.0 as usize]);
                left -= 1;
            }
            rounds += 1;
            prop_assert!(rounds < 300, "{left} are left standing");
        }
    }
}

#[test]
fn a_class_that_does_not_fit_lets_the_others_past() {
    let needs = [vec![(0, 3)], vec![(1, 1)], vec![(0, 1)]];
    let mut pool = Pool::new(&[4, 1], &needs);
    pool.push(0, item(9, 0));
    pool.push(0, item(8, 1));
    pool.push(1, item(1, 2));
    pool.push(2, item(2, 3));
    let order: Vec<u32> = std::iter::from_fn(|| pool.take()).map(|i| i.step.0).collect();
    assert_eq!(order, [0, 3, 2], "the second of three units waits, the small ones do not");
    pool.release(0);
    assert_eq!(pool.take().map(|i| i.step.0), Some(1));
}

#[test]
fn what_is_under_way_counts_even_above_the_limit() {
    let mut pool = Pool::new(&[1], &[vec![(0, 1)]]);
    pool.claim(0);
    pool.claim(0);
    pool.push(0, item(1, 0));
    assert_eq!(pool.take(), None);
    pool.release(0);
    assert_eq!(pool.take(), None, "one is still under way");
    pool.release(0);
    assert!(pool.take().is_some());
}
