//! Two pieces of work at once, for fleets of tens of thousands of VMs.
//!
//! Neither sees what the other does, so that the result is the same as one after the other; only the
//! time differs. Two and not as many as there are cores: what is divided here waits for memory most of
//! the time, and a server has other things to do beside it.

/// From so many VMs on a second thread is worth what it costs to start one.
const WORTH: usize = 5_000;

/// Does both, at once where there are many VMs to go through.
pub(crate) fn both<A, B>(
    vms: usize,
    first: impl FnOnce() -> A,
    second: impl FnOnce() -> B + Send,
) -> (A, B)
where
    B: Send,
{
    if vms < WORTH || one_by_one() {
        return (first(), second());
    }
    std::thread::scope(|scope| {
        let second = scope.spawn(second);
        let first = first();
        match second.join() {
            Ok(second) => (first, second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

#[cfg(not(test))]
const fn one_by_one() -> bool {
    false
}

#[cfg(test)]
fn one_by_one() -> bool {
    tests::ALONE.get()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::compile::compile;
    use crate::fixture::fleet;
    use crate::run::RunKind;

    thread_local! {
        pub(super) static ALONE: Cell<bool> = const { Cell::new(false) };
    }

    fn alone<R>(work: impl FnOnce() -> R) -> R {
        ALONE.set(true);
        let result = work();
        ALONE.set(false);
        result
    }

    #[test]
    fn many_vms_give_the_same_at_once_and_one_after_the_other() {
        let world = fleet(WORTH + 1_000);
        let derived = world.derive();
        assert_eq!(derived, alone(|| world.derive()));
        let plan = "all".into();
        for kind in [RunKind::Failover, RunKind::PlannedMigration, RunKind::Test] {
            let request = world.request(&plan, &derived, kind);
            let compiled = compile(&request);
            assert!(compiled == alone(|| compile(&request)), "{kind}");
            assert!(compiled.is_ok(), "{kind}");
        }
        let mut bare = world;
        for mapping in bare.config.mappings.values_mut() {
            mapping.networks.clear();
        }
        let request = bare.request(&plan, &derived, RunKind::Failover);
        let wrong = compile(&request);
        assert!(wrong.is_err());
        assert_eq!(wrong, alone(|| compile(&request)), "what is wrong is told in the same order");
    }

    #[test]
    fn both_are_done_however_many_there_are() {
        for vms in [0, WORTH] {
            assert_eq!(both(vms, || 1, || "two"), (1, "two"));
        }
    }

    #[test]
    #[should_panic(expected = "the second one")]
    fn what_goes_wrong_in_the_second_goes_wrong() {
        both(WORTH, || (), || panic!("the second one"));
    }
}
