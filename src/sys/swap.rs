//! Swap areas: swapon(2), swapoff(2), and /proc/swaps of proc(5). systemd.swap(5).
//!
//! For children of PID 1: all of this may wait for a disk.

use core::ffi::CStr;

use rustix::io::Errno;
use unit::SwapSetup;

use super::{device, file, raw};

/// What is read of /proc/swaps: 32 areas are all that a kernel has, most boards have one.
const SWAPS_BYTES: usize = 4096;
/// Longest path of an area that is swapped to no more at the end, in bytes.
const PATH_BYTES: usize = 512;

/// Swaps to an area, unless that is so already.
///
/// # Errors
/// Those of swapon(2); ENOENT if the device was waited for in vain.
pub fn on(setup: &SwapSetup<'_>) -> Result<(), Errno> {
    device::wait_for(setup.what, setup.device_timeout)?;
    match raw::swapon(file::path(setup.what), setup.flags) {
        // It may be in use otherwise, too.
        Err(Errno::BUSY) if is_on(setup.what) => Ok(()),
        done => done,
    }
}

/// Swaps to an area no more, if that is so.
///
/// # Errors
/// Those of swapoff(2): ENOMEM if what it holds has no room elsewhere.
pub fn off(setup: &SwapSetup<'_>) -> Result<(), Errno> {
    match raw::swapoff(file::path(setup.what)) {
        // It is no swap area that is used, or nothing is there.
        Err(Errno::INVAL | Errno::NOENT) => Ok(()),
        done => done,
    }
}

/// Swaps to nothing any more: a file in use keeps its file system from being left.
pub fn leave_all() {
    rustix::fs::sync();
    // Those that did not go are the first ones of the list.
    let mut kept = 0;
    let mut path = [0; PATH_BYTES];
    while let Some(area) = nth_area(kept, &mut path) {
        kept += usize::from(raw::swapoff(area).is_err());
    }
}

/// True if the kernel swaps to that file or device, by whatever name.
fn is_on(what: &str) -> bool {
    let identity = |path: &CStr| {
        let stat = rustix::fs::stat(path).ok()?;
        // A device is the same through each of its nodes.
        Some(if stat.st_rdev == 0 { (stat.st_dev, stat.st_ino) } else { (stat.st_rdev, 0) })
    };
    let own = identity(file::path(what));
    let mut path = [0; PATH_BYTES];
    let mut areas = (0..).map_while(|n| nth_area(n, &mut path).map(&identity));
    own.is_some() && areas.any(|area| area == own)
}

/// The path of the `n`th area that is swapped to, in `path`.
fn nth_area(n: usize, path: &mut [u8; PATH_BYTES]) -> Option<&CStr> {
    let mut buffer = [0; SWAPS_BYTES];
    let swaps = file::read("/proc/swaps\0", &mut buffer);
    let line = swaps.split(|&byte| byte == b'\n').skip(1).nth(n)?;
    let mut rest = line.split(|&byte| byte == b' ' || byte == b'\t').next()?;
    if rest.is_empty() {
        return None;
    }
    path.fill(0);
    for place in path[..PATH_BYTES - 1].iter_mut() {
        let Some((&first, tail)) = rest.split_first() else { break };
        (*place, rest) = match (first, tail) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..]) => {
                (((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'), tail)
            }
            _ => (first, tail),
        };
    }
    CStr::from_bytes_until_nul(path).ok()
}
