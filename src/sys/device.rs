//! Waiting for a device: its driver may come after the boot has begun, and with it its node in
//! /dev, or the link to that. inotify(7), poll(2).
//!
//! For children of PID 1: they wait for it.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
use rustix::io::Errno;
use unit::Millis;

use super::clock;
use super::file;
use super::path::Path;

/// Between two looks where nothing tells: on a kernel without inotify, and behind a link; in
/// microseconds.
const PAUSE_US: u64 = 500_000;
/// Room for a few events, each with the longest name there is. What they say does not matter.
const EVENTS_BYTES: usize = 4 * (16 + 256);

/// Waits until there is something at a path, links followed; 0 for not at all.
///
/// # Errors
/// ENOENT if that was in vain.
pub fn wait_for(device: &str, timeout: Millis) -> Result<(), Errno> {
    if timeout.0 == 0 || file::kind(device).is_some() {
        return Ok(());
    }
    let end = clock::boot_time_us() + u64::from(timeout.0) * 1_000;
    let inotify = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok();
    loop {
        let heard = inotify.as_ref().filter(|inotify| watch_way(inotify.as_fd(), device).is_ok());
        // What a link leads to may come in a folder that is not watched.
        let heard = heard.filter(|_| !file::is_link(device));
        // Watched first and looked for then: what comes in between is heard of below.
        if file::kind(device).is_some() {
            return Ok(());
        }
        let left = end.saturating_sub(clock::boot_time_us());
        if left == 0 {
            return Err(Errno::NOENT);
        }
        sleep(heard, left);
    }
}

/// Until something happens, or that time is over.
fn sleep(inotify: Option<&OwnedFd>, micros: u64) {
    let micros = if inotify.is_some() { micros } else { micros.min(PAUSE_US) };
    let nanos = micros % 1_000_000 * 1_000;
    let time = Timespec { tv_sec: (micros / 1_000_000) as _, tv_nsec: nanos as _ };
    let Some(inotify) = inotify else {
        let _ = poll(&mut [], Some(&time));
        return;
    };
    let _ = poll(&mut [PollFd::new(inotify, PollFlags::IN)], Some(&time));
    // What is not read now ends the next sleep at once.
    let _ = rustix::io::read(inotify, &mut [0; EVENTS_BYTES]);
}

/// Watches the folders that lead to it, as far as they are there.
fn watch_way(inotify: BorrowedFd<'_>, device: &str) -> Result<(), Errno> {
    let flags = WatchFlags::CREATE
        | WatchFlags::MOVED_TO
        | WatchFlags::DELETE_SELF
        | WatchFlags::MOVE_SELF
        | WatchFlags::ONLYDIR;
    for (end, _) in device.match_indices('/').skip(1) {
        let folder = Path::new(&device[..end])?;
        match add_watch(inotify, folder.as_c_str(), flags) {
            Ok(_) => {}
            Err(Errno::NOENT | Errno::NOTDIR) => break,
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
