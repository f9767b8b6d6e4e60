//! Time as the engine knows it: an argument.

use core::fmt;
use core::num::NonZeroU64;

use unit::{Millis, RateLimit};

/// A moment: microseconds since boot, of a clock that nobody sets (CLOCK_BOOTTIME).
///
/// It is kept as one more than that, so that `Option<Instant>`, of which every unit has several,
/// takes no more room than a moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(NonZeroU64);

impl Instant {
    /// The moment of the boot itself.
    pub const BOOT: Self = Self(NonZeroU64::MIN);

    /// The moment that many microseconds after the boot.
    pub const fn at(micros: u64) -> Self {
        Self::BOOT.later(micros)
    }

    /// Microseconds since the boot.
    pub const fn us(self) -> u64 {
        self.0.get() - 1
    }

    /// The moment that much later.
    #[inline(never)]
    pub const fn after(self, delay: Millis) -> Self {
        self.later(delay.0 as u64 * 1000)
    }

    /// The moment that many microseconds later.
    #[inline(never)]
    pub const fn later(self, micros: u64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Milliseconds from `now` until this moment, rounded up so that whoever waits them does not
    /// wake before it; 0 if it has passed.
    pub const fn millis_from(self, now: Self) -> u64 {
        self.us().saturating_sub(now.us()).div_ceil(1000)
    }
}

impl Default for Instant {
    fn default() -> Self {
        Self::BOOT
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Instant").field(&self.us()).finish()
    }
}

/// Counts events against a [`RateLimit`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bucket {
    begin: Instant,
    count: u32,
}

impl Bucket {
    /// A full one.
    pub const NEW: Self = Self { begin: Instant::BOOT, count: 0 };

    /// Counts one event. `Err` holds the moment from which events are allowed again.
    ///
    /// # Errors
    /// The limit is exceeded; the event is not counted.
    pub fn take(&mut self, limit: RateLimit, now: Instant) -> Result<(), Instant> {
        if limit.burst == 0 || limit.interval.0 == 0 {
            return Ok(());
        }
        let end = self.begin.after(limit.interval);
        if self.count == 0 || now >= end {
            *self = Self { begin: now, count: 1 };
            return Ok(());
        }
        if self.count >= limit.burst {
            return Err(end);
        }
        self.count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit { interval: Millis(2000), burst: 2 };

    #[test]
    fn a_bucket_heals_when_its_interval_is_over() {
        let mut bucket = Bucket::default();
        let start = Instant::at(5_000_000);
        assert_eq!(bucket.take(LIMIT, start), Ok(()));
        assert_eq!(bucket.take(LIMIT, start.later(1)), Ok(()));
        let heals_at = start.after(LIMIT.interval);
        assert_eq!(bucket.take(LIMIT, start.later(2)), Err(heals_at));
        assert_eq!(bucket.take(LIMIT, Instant::at(heals_at.us() - 1)), Err(heals_at));
        assert_eq!(bucket.take(LIMIT, heals_at), Ok(()));
    }

    #[test]
    fn no_burst_or_no_interval_is_no_limit() {
        let mut bucket = Bucket::default();
        for limit in [RateLimit { burst: 0, ..LIMIT }, RateLimit { interval: Millis(0), ..LIMIT }] {
            for _ in 0..9 {
                assert_eq!(bucket.take(limit, Instant::BOOT), Ok(()));
            }
        }
    }

    #[test]
    fn waiting_rounds_up() {
        assert_eq!(Instant::at(1001).millis_from(Instant::BOOT), 2);
        assert_eq!(Instant::at(1000).millis_from(Instant::BOOT), 1);
        assert_eq!(Instant::at(7).millis_from(Instant::at(7)), 0);
        assert_eq!(Instant::at(7).millis_from(Instant::at(9)), 0);
    }
}
