//! Time: clock_gettime(2) through the kernel's vDSO, so that reading it is no system call.

use linux_raw_sys::general::{CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME};

use super::vdso;

/// Microseconds since boot, suspend included: CLOCK_BOOTTIME, which nobody sets.
pub fn boot_time_us() -> u64 {
    micros(CLOCK_BOOTTIME)
}

/// How much of that the board was suspended: what CLOCK_MONOTONIC leaves out.
pub fn suspended_us() -> u64 {
    boot_time_us().saturating_sub(micros(CLOCK_MONOTONIC))
}

/// Microseconds that the clock on the wall is before that of [`boot_time_us`].
pub fn wall_offset_us() -> i64 {
    micros(CLOCK_REALTIME) as i64 - micros(CLOCK_BOOTTIME) as i64
}

fn micros(clock: u32) -> u64 {
    let [seconds, nanos] = vdso::clock_gettime(clock as i32);
    seconds as u64 * 1_000_000 + u64::from(nanos as u32 / 1_000)
}
