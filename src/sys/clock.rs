//! Time: clock_gettime(2) through the kernel's vDSO, so that reading it is no system call.

use linux_raw_sys::general::CLOCK_BOOTTIME;

use super::vdso;

/// Microseconds since boot, suspend included: CLOCK_BOOTTIME, which nobody sets.
pub fn boot_time_us() -> u64 {
    let [seconds, nanos] = vdso::clock_gettime(CLOCK_BOOTTIME as i32);
    seconds as u64 * 1_000_000 + u64::from(nanos as u32 / 1_000)
}
