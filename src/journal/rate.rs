//! `LogRateLimitIntervalSec=` and `LogRateLimitBurst=`: what is too much is dropped and counted.

use unit::RateLimit;

/// One unit's lines of late. All zero is none.
#[derive(Clone, Copy, Default, Debug)]
pub struct Rate {
    begin_us: u64,
    count: u32,
    dropped: u32,
}

impl Rate {
    /// No lines.
    pub const NEW: Self = Self { begin_us: 0, count: 0, dropped: 0 };

    /// When the interval is over, if a line was dropped in it: that is told then.
    pub fn due(&self, limit: RateLimit) -> Option<u64> {
        (self.dropped > 0).then_some(self.begin_us + interval_us(limit))
    }

    /// Begins anew if the interval is over. How many lines were dropped in it is returned.
    pub fn settle(&mut self, limit: RateLimit, now_us: u64) -> u32 {
        if now_us < self.begin_us + interval_us(limit) {
            return 0;
        }
        let dropped = self.dropped;
        *self = Self { begin_us: now_us, count: 0, dropped: 0 };
        dropped
    }

    /// Counts a line; false if it is one too many. [`Rate::settle`] comes first.
    pub fn takes(&mut self, limit: RateLimit) -> bool {
        let has_limit = limit.burst > 0 && limit.interval.0 > 0;
        if has_limit && self.count >= limit.burst {
            self.dropped = self.dropped.saturating_add(1);
            return false;
        }
        self.count = self.count.saturating_add(1);
        true
    }
}

fn interval_us(limit: RateLimit) -> u64 {
    u64::from(limit.interval.0) * 1000
}

#[cfg(test)]
mod tests {
    use unit::Millis;

    use super::*;

    const LIMIT: RateLimit = RateLimit { interval: Millis(2), burst: 3 };

    #[test]
    fn what_is_too_much_is_counted_until_the_interval_is_over() {
        let mut rate = Rate::NEW;
        assert_eq!(rate.settle(LIMIT, 10_000), 0);
        let taken = (0..5).filter(|_| rate.takes(LIMIT)).count();
        assert_eq!(taken, 3);
        assert_eq!(rate.due(LIMIT), Some(12_000));
        assert_eq!(rate.settle(LIMIT, 11_999), 0);
        assert!(!rate.takes(LIMIT));
        assert_eq!(rate.settle(LIMIT, 12_000), 3);
        assert!(rate.takes(LIMIT));
        assert_eq!(rate.due(LIMIT), None);
    }

    #[test]
    fn without_an_interval_or_a_burst_there_is_no_limit() {
        for (interval, burst) in [(0, 1), (1, 0)] {
            let limit = RateLimit { interval: Millis(interval), burst };
            let mut rate = Rate::NEW;
            assert!((0..10).all(|_| rate.takes(limit)));
        }
    }
}
