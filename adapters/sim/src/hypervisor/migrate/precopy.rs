//! How long a live move takes.

use muster_plans::time::Span;

/// What is left may be sent while the VM stands still.
const SWITCH_MIB: f64 = 64.0;
const ROUNDS_MAX: u32 = 30;

/// Rounds of memory: each sends what was dirtied in the one before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PreCopy {
    pub(super) total: Span,
    pub(super) stun: Span,
    pub(super) rounds: u32,
}

impl PreCopy {
    /// Memory in MiB, dirtied at `dirty` MiB per second, sent at `speed` MiB per second after `disks`
    /// MiB of storage. Refused with the numbers where it could not end.
    pub(super) fn model(
        memory: f64,
        dirty: f64,
        speed: f64,
        disks: f64,
        rtt_ms: f64,
    ) -> Result<PreCopy, String> {
        if dirty >= speed {
            return Err(format!(
                "it dirties {dirty:.0} MiB/s and {speed:.0} MiB/s can be sent, so that the copy \
                 would never end"
            ));
        }
        let mut left = memory;
        let mut secs = disks / speed;
        let mut rounds = 0;
        while left > SWITCH_MIB && rounds < ROUNDS_MAX {
            let took = left / speed;
            secs += took;
            left = took * dirty;
            rounds += 1;
        }
        let stun = left / speed + rtt_ms / 1000.0;
        let span = |secs: f64| Span((secs * 1000.0).ceil() as u64);
        Ok(PreCopy { total: span(secs + stun), stun: span(stun), rounds })
    }

    pub(super) fn note(&self) -> String {
        format!("stun {}, {} rounds", self.stun, self.rounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_shrink_with_the_dirty_rate() {
        let idle = PreCopy::model(8192.0, 0.0, 1024.0, 0.0, 4.0).unwrap();
        assert_eq!((idle.total, idle.stun, idle.rounds), (Span(8004), Span(4), 1));
        let busy = PreCopy::model(8192.0, 512.0, 1024.0, 0.0, 4.0).unwrap();
        assert_eq!(busy.rounds, 7);
        assert!(busy.total > Span(15_900) && busy.total < Span(16_100), "{}", busy.total);
        let copied = PreCopy::model(8192.0, 0.0, 1024.0, 10_240.0, 4.0).unwrap();
        assert_eq!(copied.total, Span(18_004));
        let never = PreCopy::model(8192.0, 2000.0, 1024.0, 0.0, 4.0).unwrap_err();
        assert!(never.contains("2000 MiB/s and 1024 MiB/s"), "{never}");
    }
}
