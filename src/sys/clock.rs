//! Time: clock_gettime(2) through the kernel's vDSO, so that reading it is no system call.

use rustix::time::{ClockId, clock_gettime};

/// Microseconds since boot, suspend included: CLOCK_BOOTTIME, which nobody sets.
pub fn boot_time_us() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1_000
}
