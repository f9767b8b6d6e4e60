//! What chance has to say to timers: a number of this boot, and one of this board.

use rustix::fs::OFlags;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::engine::Luck;
use crate::sys::{clock, file};

/// Asked once, at boot.
pub(super) fn luck() -> Luck {
    let mut bytes = [0; 8];
    let seeded = getrandom(&mut bytes, GetRandomFlags::NONBLOCK);
    let boot = u64::from_ne_bytes(bytes);
    // Before the kernel has randomness, the clock must do: it is to be different, not secret.
    let boot = if seeded == Ok(bytes.len()) { boot } else { clock::boot_time_us() };
    Luck { boot, board: board() }
}

/// The board by its machine-id(5), or by the serial number in its device tree; boards without
/// either are alike.
fn board() -> u64 {
    let mut text = [0; 64];
    for path in [c"/etc/machine-id", c"/proc/device-tree/serial-number"] {
        let file = file::open(path, OFlags::RDONLY | OFlags::CLOEXEC);
        if let Ok(length @ 1..) = file.and_then(|file| rustix::io::read(file, &mut text)) {
            // FNV-1a.
            return text[..length].iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        }
    }
    0
}
