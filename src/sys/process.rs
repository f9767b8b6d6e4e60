//! What a process can set for itself: sched(7), setrlimit(2), capabilities(7), prctl(2).
//!
//! A child shares PID 1's memory until it executes its program, unless it is a copy: what belongs
//! to the memory (as the core dump filter does), or what the kernel gives to all who share it
//! (oom_score_adj), may be set by copies only.

use core::fmt::Write;

use linux_raw_sys::general::{
    __NR_capget, __NR_capset, __NR_ioprio_set, __NR_personality, __NR_prctl, __NR_prlimit64,
    __NR_sched_setaffinity, __NR_sched_setscheduler, __NR_setpriority,
};
use rustix::fs::{AtFlags, CWD, OFlags};
use rustix::io::Errno;

use super::{file, raw};

/// linux/prctl.h, linux/securebits.h
const PR_CAPBSET_DROP: usize = 24;
const PR_SET_SECUREBITS: usize = 28;
const PR_SET_TIMERSLACK: usize = 29;
const PR_SET_NO_NEW_PRIVS: usize = 38;
const PR_CAP_AMBIENT: usize = 47;
const PR_CAP_AMBIENT_RAISE: usize = 2;
const SECBIT_KEEP_CAPS: usize = 1 << 4;
/// linux/capability.h
const LINUX_CAPABILITY_VERSION_3: u32 = 0x2008_0522;
/// As many bits as there are for capabilities.
const CAPABILITIES_MAX: usize = 64;

/// The inode of our pid namespace: namespaces(7).
pub fn pid_namespace() -> Option<u64> {
    let seen = raw::look_at(CWD, c"/proc/self/ns/pid", AtFlags::empty());
    seen.ok().map(|seen| seen.place.1)
}

/// /proc/self/oom_score_adj: see proc_pid_oom_score_adj(5). For a process with memory of its own.
///
/// # Errors
/// EACCES if it is less than the process may have, and those of open(2).
pub fn set_oom_score(score: i32) -> Result<(), Errno> {
    let mut text = heapless::String::<11>::new();
    write!(text, "{score}").map_err(|_| Errno::INVAL)?;
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let file = file::open(c"/proc/self/oom_score_adj", flags)?;
    rustix::io::write(file, text.as_bytes()).map(drop)
}

/// [setpriority(2)](https://man7.org/linux/man-pages/man2/setpriority.2.html).
///
/// # Errors
/// EACCES, EPERM.
pub fn set_nice(level: i32) -> Result<(), Errno> {
    raw::numbers(__NR_setpriority, [0, 0, level as usize, 0, 0])
}

/// [sched_setscheduler(2)](https://man7.org/linux/man-pages/man2/sched_setscheduler.2.html).
///
/// # Errors
/// EINVAL, EPERM.
pub fn set_policy(policy: u32, priority: u32) -> Result<(), Errno> {
    // SAFETY: a sched_param is one number, and outlives the call.
    unsafe { raw::call(__NR_sched_setscheduler, [0, policy as usize, pointer(&priority), 0, 0]) }
}

/// [sched_setaffinity(2)](https://man7.org/linux/man-pages/man2/sched_setaffinity.2.html): a bit
/// for each processor, the lowest in the first byte as on every little-endian machine.
///
/// # Errors
/// EINVAL if the machine has none of them.
pub fn set_affinity(processors: &[u8]) -> Result<(), Errno> {
    let words = [0, processors.len(), processors.as_ptr() as usize, 0, 0];
    // SAFETY: the bytes outlive the call, which reads no more than their length.
    unsafe { raw::call(__NR_sched_setaffinity, words) }
}

/// [ioprio_set(2)](https://man7.org/linux/man-pages/man2/ioprio_set.2.html).
///
/// # Errors
/// EINVAL, EPERM.
pub fn set_io_priority(priority: u16) -> Result<(), Errno> {
    const IOPRIO_WHO_PROCESS: usize = 1;
    raw::numbers(__NR_ioprio_set, [IOPRIO_WHO_PROCESS, 0, priority.into(), 0, 0])
}

/// PR_SET_TIMERSLACK.
///
/// # Errors
/// None that the kernel is known to give.
pub fn set_timer_slack(nanoseconds: u64) -> Result<(), Errno> {
    let most = usize::try_from(nanoseconds).unwrap_or(usize::MAX);
    raw::numbers(__NR_prctl, [PR_SET_TIMERSLACK, most, 0, 0, 0])
}

/// [personality(2)](https://man7.org/linux/man-pages/man2/personality.2.html).
///
/// # Errors
/// EINVAL.
pub fn set_personality(personality: u32) -> Result<(), Errno> {
    raw::numbers(__NR_personality, [personality as usize, 0, 0, 0, 0])
}

/// [prlimit(2)](https://man7.org/linux/man-pages/man2/prlimit.2.html). What is more than the
/// kernel allows at all becomes as much as it does, like in systemd.
///
/// # Errors
/// EINVAL.
pub fn set_limit(resource: u8, soft: u64, hard: u64) -> Result<(), Errno> {
    let set = |limits: [u64; 2]| {
        // SAFETY: a rlimit64 is two numbers, and outlives the call.
        unsafe { raw::call(__NR_prlimit64, [0, resource.into(), pointer(&limits), 0, 0]) }
    };
    match set([soft, hard]) {
        Err(Errno::PERM) => {
            let mut now = [0u64; 2];
            let words = [0, resource.into(), 0, &raw mut now as usize, 0];
            // SAFETY: as above.
            unsafe { raw::call(__NR_prlimit64, words) }?;
            set([soft.min(now[1]), hard.min(now[1])])
        }
        set => set,
    }
}

/// Takes from the bounding set what is not in `kept`: PR_CAPBSET_DROP.
///
/// # Errors
/// EPERM.
pub fn bound_capabilities(kept: u64) -> Result<(), Errno> {
    for number in (0..CAPABILITIES_MAX).filter(|number| kept & (1 << number) == 0) {
        match raw::numbers(__NR_prctl, [PR_CAPBSET_DROP, number, 0, 0, 0]) {
            // The kernel has no more of them.
            Err(Errno::INVAL) => return Ok(()),
            dropped => dropped?,
        }
    }
    Ok(())
}

/// Lets the permitted set survive a change of users: PR_SET_SECUREBITS. execve(2) forgets it.
///
/// # Errors
/// EPERM.
pub fn keep_capabilities() -> Result<(), Errno> {
    raw::numbers(__NR_prctl, [PR_SET_SECUREBITS, SECBIT_KEEP_CAPS, 0, 0, 0])
}

/// Keeps these capabilities over execve(2), whoever the user is: capset(2),
/// PR_CAP_AMBIENT_RAISE.
///
/// # Errors
/// EPERM if one of them is not permitted.
pub fn set_ambient(set: u64) -> Result<(), Errno> {
    let header = [LINUX_CAPABILITY_VERSION_3, 0];
    // Effective, permitted, inheritable: the low halves, then the high ones.
    let mut sets = [0u32; 6];
    let words = [pointer(&header), (&raw mut sets).expose_provenance(), 0, 0, 0];
    // SAFETY: a cap_user_header_t is two numbers, and two cap_user_data_t are six; they outlive
    // the call.
    unsafe { raw::call(__NR_capget, words) }?;
    sets[2] |= set as u32;
    sets[5] |= (set >> u32::BITS) as u32;
    // SAFETY: as above.
    unsafe { raw::call(__NR_capset, [pointer(&header), pointer(&sets), 0, 0, 0]) }?;
    for number in (0..CAPABILITIES_MAX).filter(|number| set & (1 << number) != 0) {
        raw::numbers(__NR_prctl, [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0])?;
    }
    Ok(())
}

/// PR_SET_NO_NEW_PRIVS.
///
/// # Errors
/// EINVAL before Linux 3.5.
pub fn set_no_new_privileges() -> Result<(), Errno> {
    raw::numbers(__NR_prctl, [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0])
}

fn pointer<T>(value: &T) -> usize {
    &raw const *value as usize
}
