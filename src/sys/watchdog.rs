//! The hardware watchdog: it resets the board unless it is fed in time. The kernel's
//! Documentation/watchdog/watchdog-api.rst.

use core::ffi::c_int;
use core::sync::atomic::{AtomicI32, Ordering};

use rustix::fd::{AsFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{file, raw};

/// linux/watchdog.h; asm-generic's numbers of `_IOR` and `_IOWR`.
const WDIOC_GETBOOTSTATUS: u32 = 0x8004_5702;
const WDIOC_SETOPTIONS: u32 = 0x8004_5704;
const WDIOC_SETTIMEOUT: u32 = 0xc004_5706;
const WDIOC_GETTIMEOUT: u32 = 0x8004_5707;
const WDIOS_DISABLECARD: c_int = 1;
const WDIOF_CARDRESET: c_int = 0x20;
/// Written last, it says that the close to come is meant: the watchdog is to stop.
const MAGIC_CLOSE: &[u8] = b"V";

/// One more than the number of the device's descriptor; 0 is none. Whoever ends the board's run,
/// be it a PID 1 that has found itself broken, finds it here.
static HELD: AtomicI32 = AtomicI32::new(0);

/// A watchdog that runs, until [`stop`].
#[derive(Clone, Copy, Debug)]
pub struct Watchdog(BorrowedFd<'static>);

impl Watchdog {
    /// Opens it, which starts it with the driver's time-out.
    ///
    /// # Errors
    /// ENOENT, ENODEV or ENXIO as long as its driver is not there; EBUSY if somebody else feeds it.
    pub fn open(device: &str) -> Result<Self, Errno> {
        let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let device = rustix::fs::open(file::path(device), flags, Mode::empty())?.into_raw_fd();
        HELD.store(device + 1, Ordering::Relaxed);
        // SAFETY: it was just opened, and only `stop` closes it, for good.
        Ok(Self(unsafe { BorrowedFd::borrow_raw(device) }))
    }

    /// Feeds it. Writing is what every driver knows.
    ///
    /// # Errors
    /// Those of write(2).
    pub fn feed(&self) -> Result<(), Errno> {
        rustix::io::write(self.0, &[0]).map(drop)
    }

    /// Sets its time-out, in seconds; it is fed, too. The driver may take another one.
    ///
    /// # Errors
    /// EINVAL if it cannot have this one, ENOTTY or EOPNOTSUPP if it has only one.
    pub fn set_timeout_s(&self, seconds: u32) -> Result<(), Errno> {
        let mut seconds = c_int::try_from(seconds).unwrap_or(c_int::MAX);
        ask(self.0, WDIOC_SETTIMEOUT, &mut seconds)
    }

    /// Its time-out in seconds, if the driver tells.
    pub fn timeout_s(&self) -> Option<u32> {
        let mut seconds = 0;
        ask(self.0, WDIOC_GETTIMEOUT, &mut seconds).ok()?;
        u32::try_from(seconds).ok().filter(|&seconds| seconds > 0)
    }

    /// True if it is why the board was started; a driver may not know.
    pub fn has_reset_the_board(&self) -> bool {
        let mut status = 0;
        let asked = ask(self.0, WDIOC_GETBOOTSTATUS, &mut status);
        asked.is_ok() && status & WDIOF_CARDRESET != 0
    }
}

/// Stops the watchdog, if one runs: nobody is going to feed it, and the board is to stay as it is.
/// One that its driver forbids to stop runs on. It must not be used any more.
pub fn stop() {
    let held = HELD.swap(0, Ordering::Relaxed);
    if held == 0 {
        return;
    }
    // SAFETY: the number is that of the device, and nobody else owns or finds it any more.
    let device = unsafe { OwnedFd::from_raw_fd(held - 1) };
    let _ = ask(device.as_fd(), WDIOC_SETOPTIONS, &mut { WDIOS_DISABLECARD });
    let _ = rustix::io::write(&device, MAGIC_CLOSE);
}

fn ask(device: BorrowedFd<'_>, request: u32, value: &mut c_int) -> Result<(), Errno> {
    // SAFETY: each of the requests above takes the address of an int.
    unsafe { raw::ioctl(device, request, value) }
}
