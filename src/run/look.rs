//! How the child of a path unit looks: it sets the watches first, and then sees what is there.
//! systemd.path(5), inotify(7).

use rustix::fd::BorrowedFd;
use rustix::fs::Mode;
use rustix::fs::inotify::{WatchFlags, add_watch};
use rustix::io::Errno;
use unit::compare::is_pattern;
use unit::{PathSetup, WatchedPath, When};

use crate::engine::path::{LOOK_AGAIN, LOOK_FAILED, LOOK_GOOD};
use crate::features;
use crate::sys::file;
use crate::sys::path::Path;

/// The descriptor at which the child finds its inotify.
pub(super) const INOTIFY: i32 = 0;

/// Sets the watches of a path unit and looks: the exit code of the child.
pub(super) fn look(setup: &PathSetup<'_>) -> u8 {
    if !features::PATHS {
        return 0;
    }
    let inotify = crate::sys::fd::number(INOTIFY);
    if let Some(mode) = setup.make {
        make_folders(setup, mode);
    }
    watch_all(inotify, setup).unwrap_or(LOOK_FAILED)
}

/// The paths that are watched for changes come first: their watches are known by their numbers.
fn watch_all(inotify: BorrowedFd<'_>, setup: &PathSetup<'_>) -> Result<u8, Errno> {
    let changes = || (0..).zip(setup.watched.iter().filter(|watched| watched.when.is_change()));
    let mut found = 0;
    for (place, watched) in changes() {
        found |=
            u8::from(watch(inotify, file::path(watched.path), of_target(watched.when))?) << place;
    }
    for watched in setup.watched.iter() {
        watch_way(inotify, &watched)?;
    }
    for (place, watched) in changes() {
        // It came before the folder that it is in was watched, and its watch has no good number.
        let is_new = found & 1 << place == 0;
        if is_new && watch(inotify, file::path(watched.path), of_target(watched.when))? {
            return Ok(LOOK_AGAIN);
        }
    }
    Ok(if setup.watched.iter().any(holds) { LOOK_GOOD } else { found })
}

/// What tells of a change at a path.
fn of_target(when: When) -> WatchFlags {
    let entries = WatchFlags::CREATE
        | WatchFlags::DELETE
        | WatchFlags::MOVED_FROM
        | WatchFlags::MOVED_TO
        | WatchFlags::CLOSE_WRITE;
    let all = entries | own() | WatchFlags::ATTRIB;
    if when == When::Modified { all | WatchFlags::MODIFY } else { all }
}

/// What tells that a path leads elsewhere now.
fn own() -> WatchFlags {
    WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF
}

/// True if something is there to be watched.
fn watch(
    inotify: BorrowedFd<'_>,
    path: &core::ffi::CStr,
    flags: WatchFlags,
) -> Result<bool, Errno> {
    match add_watch(inotify, path, flags | WatchFlags::MASK_ADD) {
        Ok(_) => Ok(true),
        Err(errno @ (Errno::NOSPC | Errno::NOMEM | Errno::BADF | Errno::INVAL)) => Err(errno),
        Err(_) => Ok(false),
    }
}

/// Watches the folders on the way to a path: up to the first wildcard of a pattern, and a folder
/// that is to have entries itself.
fn watch_way(inotify: BorrowedFd<'_>, watched: &WatchedPath<'_>) -> Result<(), Errno> {
    let path = watched.path.trim_end_matches('\0');
    let flags = WatchFlags::CREATE | WatchFlags::MOVED_TO | own() | WatchFlags::ONLYDIR;
    let ends = path.match_indices('/').map(|(at, _)| at.max(1));
    let own_end = (watched.when == When::NotEmpty).then_some(path.len());
    for end in ends.chain(own_end) {
        let is_glob = watched.when == When::ExistsGlob;
        if is_glob && is_pattern(&path.as_bytes()[..end]) {
            break;
        }
        let Ok(folder) = Path::new(&path[..end]) else { break };
        if !watch(inotify, folder.as_c_str(), flags)? {
            break;
        }
    }
    Ok(())
}

fn holds(watched: WatchedPath<'_>) -> bool {
    match watched.when {
        When::Exists => file::kind(watched.path).is_some(),
        When::ExistsGlob => file::exists_like(watched.path),
        When::NotEmpty => file::has_entries(watched.path),
        When::Changed | When::Modified => false,
    }
}

/// What cannot be made is not there: it is waited for.
fn make_folders(setup: &PathSetup<'_>, mode: u16) {
    // This is a process of its own: nobody else has its umask.
    rustix::process::umask(Mode::empty());
    let mode = Mode::from_raw_mode(mode.into());
    let made = |when| match when {
        When::Changed | When::Modified | When::NotEmpty => true,
        When::Exists | When::ExistsGlob => false,
    };
    for watched in setup.watched.iter().filter(|watched| made(watched.when)) {
        let path = watched.path.trim_end_matches('\0');
        let ends = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]);
        for end in ends {
            let Ok(folder) = Path::new(&path[..end]) else { break };
            let _ = rustix::fs::mkdir(folder.as_c_str(), mode);
        }
    }
}
