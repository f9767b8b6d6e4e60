//! What PID 1 has passed to this process: sd_listen_fds_with_names(3), for a role that is a
//! service itself.
//!
//! # Safety
//! The descriptors from 3 on, as many as LISTEN_FDS says, are this process's since it was executed,
//! and nobody has opened them by number; a flag hands them out once.

use core::sync::atomic::{AtomicBool, Ordering};

use rustix::fd::{FromRawFd, OwnedFd, RawFd};

use super::fd::LISTEN_FDS_START;
use super::start;

static TAKEN: AtomicBool = AtomicBool::new(false);

/// A variable's value.
fn value(name: &[u8]) -> &'static [u8] {
    let variable = start::variable(name).map(core::ffi::CStr::to_bytes);
    variable.and_then(|variable| variable.get(name.len() + 1..)).unwrap_or_default()
}

fn number(name: &[u8]) -> RawFd {
    let text = core::str::from_utf8(value(name)).unwrap_or_default();
    text.parse().unwrap_or(0)
}

/// Each descriptor with its name; none the second time.
pub fn descriptors() -> impl Iterator<Item = (OwnedFd, &'static [u8])> {
    let pid = rustix::process::getpid().as_raw_nonzero().get();
    let is_ours = number(b"LISTEN_PID") == pid && !TAKEN.swap(true, Ordering::Relaxed);
    let count = if is_ours { number(b"LISTEN_FDS") } else { 0 };
    let names = value(b"LISTEN_FDNAMES").split(|&byte| byte == b':');
    (LISTEN_FDS_START..LISTEN_FDS_START + count).zip(names).map(|(raw_fd, name)| {
        // SAFETY: PID 1 has put it there for us, and the flag was not set.
        (unsafe { OwnedFd::from_raw_fd(raw_fd) }, name)
    })
}
