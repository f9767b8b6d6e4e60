//! Waiting, and a look without waiting: epoll_wait(2) and poll(2), with milliseconds. rustix would
//! have them as a timespec, and makes them anew of it by divisions of 64 bits.
//!
//! # Safety
//! The kernel fills as many events as it says.

use core::mem::MaybeUninit;
use core::ptr::null;

use linux_raw_sys::general::{__NR_epoll_pwait, __NR_ppoll};
use rustix::event::epoll::Event;
use rustix::event::{PollFd, PollFlags};
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

/// What is so of a descriptor now, out of `asked`, POLLHUP and POLLERR.
///
/// # Errors
/// Those of poll(2).
pub fn now(fd: BorrowedFd<'_>, asked: PollFlags) -> Result<PollFlags, Errno> {
    let mut polled = PollFd::from_borrowed_fd(fd, asked);
    // No time at all, in seconds and nanoseconds of whatever width.
    let time = [0u64; 2];
    let words = [&raw mut polled as usize, 1, &raw const time as usize, 0, 0, 0];
    // SAFETY: both outlive the call, which is told that there is one descriptor; there is no mask.
    raw::checked(unsafe { raw::syscall(__NR_ppoll, words) })?;
    Ok(polled.revents())
}
