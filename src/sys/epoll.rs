//! Waiting: [epoll_wait(2)](https://man7.org/linux/man-pages/man2/epoll_wait.2.html), whose
//! milliseconds rustix would have as a timespec and make of it anew, by divisions of 64 bits.
//!
//! # Safety
//! The kernel fills as many events as it says.

use core::mem::MaybeUninit;
use core::ptr::null;

use linux_raw_sys::general::__NR_epoll_pwait;
use rustix::event::epoll::Event;
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::io::Errno;

use super::raw;

/// Waits until something is ready, at most so many milliseconds; `None` is for ever. What is
/// longer than the kernel takes ends at its longest.
///
/// # Errors
/// Those of epoll_wait(2); `INTR` among them.
pub fn wait<'e>(
    epoll: BorrowedFd<'_>,
    events: &'e mut [MaybeUninit<Event>],
    timeout_ms: Option<u64>,
) -> Result<&'e [Event], Errno> {
    let timeout = timeout_ms.map_or(-1, |wait_ms| wait_ms.min(i32::MAX as u64) as isize);
    let mask = null::<u64>();
    let words = [
        epoll.as_raw_fd() as usize,
        events.as_mut_ptr() as usize,
        events.len(),
        timeout as usize,
        mask as usize,
        0,
    ];
    // SAFETY: the events have the kernel's layout and outlive the call, which is told how many
    // they are; there is no mask.
    let ready = raw::checked(unsafe { raw::syscall(__NR_epoll_pwait, words) })?;
    // SAFETY: the kernel has filled these.
    Ok(unsafe { events.get_unchecked(..ready).assume_init_ref() })
}
