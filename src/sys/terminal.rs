//! Terminals: taken by a session, and left to the next as one expects them. ioctl_tty(2),
//! ioctl_console(2), termios(3).

use core::ffi::CStr;

use linux_raw_sys::general::termios;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use rustix::fs::{OFlags, inotify};
use rustix::io::Errno;

use super::{fd, file, raw};
use crate::features;

/// asm-generic/ioctls.h, the same on every supported architecture.
const TCGETS: u32 = 0x5401;
const TCSETS: u32 = 0x5402;
const TCFLSH: u32 = 0x540b;
const TIOCNXCL: u32 = 0x540d;
const TIOCSCTTY: u32 = 0x540e;
const TIOCGWINSZ: u32 = 0x5413;
const TIOCSWINSZ: u32 = 0x5414;
const TIOCVHANGUP: u32 = 0x5437;
const TCIOFLUSH: usize = 2;
/// linux/vt.h, linux/kd.h
const VT_DISALLOCATE: u32 = 0x5608;
const KDSETMODE: u32 = 0x4b3a;
const KD_TEXT: usize = 0;
const KDSKBMODE: u32 = 0x4b45;
const K_UNICODE: usize = 3;

/// Flags and keys of a terminal that somebody sits at: asm-generic/termbits.h.
mod sane {
    /// IGNBRK, BRKINT, ISTRIP, INLCR, IGNCR, IUCLC.
    pub(super) const INPUT_NOT: u32 = 0o1 | 0o2 | 0o40 | 0o100 | 0o200 | 0o1000;
    /// ICRNL, IMAXBEL, IUTF8.
    pub(super) const INPUT: u32 = 0o400 | 0o20000 | 0o40000;
    /// OPOST, ONLCR.
    pub(super) const OUTPUT: u32 = 0o1 | 0o4;
    /// CREAD.
    pub(super) const CONTROL: u32 = 0o200;
    /// ISIG, ICANON, ECHO, ECHOE, ECHOK, ECHOCTL, ECHOKE, IEXTEN.
    pub(super) const LOCAL: u32 = 0o1 | 0o2 | 0o10 | 0o20 | 0o40 | 0o1000 | 0o4000 | 0o100_000;
    /// INTR, QUIT, ERASE, KILL, EOF, TIME, MIN, SWTC, START, STOP, SUSP, EOL, REPRINT, DISCARD,
    /// WERASE, LNEXT, EOL2.
    pub(super) const KEYS: [u8; 17] =
        [3, 0o34, 0o177, 0o25, 4, 0, 1, 0, 0o21, 0o23, 0o32, 0, 0o22, 0o17, 0o27, 0o26, 0];
}

/// How a terminal is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claim {
    /// From whoever has it.
    Force,
    /// Only if nobody has it.
    Try,
    /// When nobody has it any more. For a child that may wait: it keeps no descriptor of ours
    /// but the streams and the `kept`.
    Wait {
        /// As [`fd::reserve`] is told.
        passed_max: usize,
    },
}

/// Opens a terminal without taking it.
///
/// # Errors
/// Those of open(2).
pub fn open(path: &CStr, more: OFlags) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | more;
    let mut tries = if features::TERMINALS { 20 } else { 1 };
    loop {
        tries -= 1;
        match file::open(path, flags) {
            // One that is being hung up.
            Err(Errno::IO) if tries > 0 => pause(50),
            opened => return opened,
        }
    }
}

fn pause(milliseconds: i32) {
    let _ = poll(&mut [], Some(&timespec(milliseconds)));
}

fn timespec(milliseconds: i32) -> Timespec {
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    Timespec { tv_sec: seconds.into(), tv_nsec: (rest * 1_000_000).into() }
}

/// Opens a terminal that becomes the controlling one of this session.
///
/// # Errors
/// EPERM if it is another session's, and those of open(2).
pub fn acquire(path: &CStr, claim: Claim, kept: &mut [RawFd]) -> Result<OwnedFd, Errno> {
    let tty = open(path, OFlags::empty())?;
    let force = usize::from(claim == Claim::Force);
    match (number(tty.as_fd(), TIOCSCTTY, force), claim) {
        (Err(Errno::PERM), Claim::Wait { passed_max }) if features::TERMINALS => {
            drop(tty);
            fd::close_others(kept);
            fd::reserve(passed_max)?;
            await_free(path)
        }
        (taken, _) => taken.map(|()| tty),
    }
}

/// Tries again whenever somebody closes the terminal, or it is hung up; for a while after that,
/// too, since a session ends a moment after its files are closed.
fn await_free(path: &CStr) -> Result<OwnedFd, Errno> {
    const FIRST_PAUSE: i32 = 10;
    const LONGEST_PAUSE: i32 = 2000;
    super::signal::unblock_all()?;
    let flags = inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK;
    let watch = inotify::init(flags)?;
    inotify::add_watch(&watch, path, inotify::WatchFlags::CLOSE)?;
    let mut next = FIRST_PAUSE;
    loop {
        let tty = open(path, OFlags::empty())?;
        match number(tty.as_fd(), TIOCSCTTY, 0) {
            Err(Errno::PERM) => {}
            taken => return taken.map(|()| tty),
        }
        let mut events = [
            PollFd::new(&watch, PollFlags::IN),
            // That it is hung up is told unasked.
            PollFd::new(&tty, PollFlags::empty()),
        ];
        let limit = (next <= LONGEST_PAUSE).then(|| timespec(next));
        next = match poll(&mut events, limit.as_ref())? {
            0 => next * 2,
            _ => FIRST_PAUSE,
        };
        // Our own closing of it is no news.
        drop(tty);
        while rustix::io::read(&watch, &mut [0; 64]).is_ok() {}
    }
}

/// Disconnects all who have it open. For root.
///
/// # Errors
/// Those of open(2) and TIOCVHANGUP.
pub fn hang_up(path: &CStr) -> Result<(), Errno> {
    number(open(path, OFlags::NONBLOCK)?.as_fd(), TIOCVHANGUP, 0)
}

/// Makes it what one expects who sits down at it. What only some terminals have is passed over.
///
/// # Errors
/// Those of open(2), ENOTTY.
pub fn reset(path: &CStr) -> Result<(), Errno> {
    let tty = open(path, OFlags::NONBLOCK)?;
    let tty = tty.as_fd();
    let _ = number(tty, TIOCNXCL, 0);
    let _ = number(tty, KDSETMODE, KD_TEXT);
    let _ = number(tty, KDSKBMODE, K_UNICODE);
    // SAFETY: a struct of plain numbers.
    let mut settings: termios = unsafe { core::mem::zeroed() };
    // SAFETY: TCGETS and TCSETS are about a termios of the kernel's.
    unsafe { raw::ioctl(tty, TCGETS, &mut settings) }?;
    settings.c_iflag = settings.c_iflag & !sane::INPUT_NOT | sane::INPUT;
    settings.c_oflag |= sane::OUTPUT;
    settings.c_cflag |= sane::CONTROL;
    settings.c_lflag = sane::LOCAL;
    settings.c_cc[..sane::KEYS.len()].copy_from_slice(&sane::KEYS);
    // SAFETY: as above.
    unsafe { raw::ioctl(tty, TCSETS, &mut settings) }?;
    number(tty, TCFLSH, TCIOFLUSH)
}

/// Says how large it is; `None` leaves what is known of that.
///
/// # Errors
/// Those of open(2), ENOTTY.
pub fn set_size(path: &CStr, rows: Option<u16>, columns: Option<u16>) -> Result<(), Errno> {
    let tty = open(path, OFlags::NONBLOCK)?;
    // struct winsize: rows, columns, and the same in pixels.
    let mut size = [0u16; 4];
    // SAFETY: TIOCGWINSZ and TIOCSWINSZ are about a winsize.
    unsafe { raw::ioctl(tty.as_fd(), TIOCGWINSZ, &mut size) }?;
    size = [rows.unwrap_or(size[0]), columns.unwrap_or(size[1]), 0, 0];
    // SAFETY: as above.
    unsafe { raw::ioctl(tty.as_fd(), TIOCSWINSZ, &mut size) }
}

/// Gives a virtual terminal back to the kernel, with all that was on it. One that is in use, and
/// any other terminal, is cleared.
///
/// # Errors
/// Those of open(2) and write(2).
pub fn disallocate(path: &CStr) -> Result<(), Errno> {
    let name = path.to_str().unwrap_or_default();
    let virtual_one = name.strip_prefix("/dev/tty").and_then(|text| text.parse::<u8>().ok());
    if let Some(virtual_one) = virtual_one.filter(|&number| number > 0) {
        let all = open(c"/dev/tty0", OFlags::NONBLOCK)?;
        match number(all.as_fd(), VT_DISALLOCATE, virtual_one.into()) {
            Err(Errno::BUSY) => {}
            done => return done,
        }
    }
    // The whole screen scrolls, the cursor is in its corner, nothing is on it or behind it.
    let tty = open(path, OFlags::NONBLOCK)?;
    rustix::io::write(tty, b"\x1b[r\x1b[H\x1b[3J\x1b[2J").map(drop)
}

/// ioctl(2) with a number.
fn number(tty: BorrowedFd<'_>, request: u32, argument: usize) -> Result<(), Errno> {
    raw::ioctl_number(tty, request, argument)
}
