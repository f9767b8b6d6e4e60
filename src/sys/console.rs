//! Where PID 1 speaks: the console, or the kernel's log where there is none.
//!
//! Never blocks: what the device does not take at once is lost, and counted.

use core::convert::Infallible;
use core::fmt;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use embedded_io::{ErrorType, Write};
use rustix::fd::{BorrowedFd, IntoRawFd, OwnedFd};
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::fd;
use super::file;
use super::path::Path;
use crate::text::pieces;

static CONSOLE: AtomicI32 = AtomicI32::new(-1);
static LINES_DROPPED: AtomicU32 = AtomicU32::new(0);

const FLAGS: OFlags =
    OFlags::WRONLY.union(OFlags::NOCTTY).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// Opens the console, or /dev/kmsg if there is none. Once, at boot.
///
/// # Errors
/// Neither can be opened: nothing will be said.
pub fn open(path: &str) -> Result<(), Errno> {
    let opened = Path::new(path)
        .and_then(|path| file::open(path.as_c_str(), FLAGS))
        .or_else(|_| file::open(c"/dev/kmsg", FLAGS))?;
    CONSOLE.store(opened.into_raw_fd(), Ordering::Relaxed);
    Ok(())
}

/// True once [`open`] has found somewhere to speak.
pub fn is_open() -> bool {
    console().is_some()
}

fn console() -> Option<BorrowedFd<'static>> {
    let raw = CONSOLE.load(Ordering::Relaxed);
    (raw >= 0).then(|| fd::number(raw))
}

/// The console as a sink of bytes: takes all, and drops what the device does not take at once.
#[derive(Clone, Copy, Debug)]
pub struct Console;

impl ErrorType for Console {
    type Error = Infallible;
}

impl Write for Console {
    /// Writes one line, newline included, in one system call.
    fn write(&mut self, line: &[u8]) -> Result<usize, Infallible> {
        if let Some(console) = console() {
            match rustix::io::write(console, line) {
                Ok(written) if written == line.len() => {}
                Ok(_) | Err(_) => {
                    LINES_DROPPED.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Lines dropped since boot.
pub fn lines_dropped() -> u32 {
    LINES_DROPPED.load(Ordering::Relaxed)
}

/// The kernel's log, for a service to write to. `None`: the kernel has none.
pub fn open_kmsg() -> Option<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
    file::open(c"/dev/kmsg", flags).ok()
}

/// Writes one line to the kernel's log, which outlives us where the board keeps it (pstore).
pub fn write_kmsg(line: &[u8]) {
    if let Ok(kmsg) = file::open(c"/dev/kmsg", FLAGS) {
        let _ = rustix::io::write(kmsg, line);
    }
}

/// True if the console is a serial line (or not known): its terminal type is vt220, not linux.
pub fn is_serial() -> bool {
    let mut name = [0u8; 64];
    let read = file::open(c"/sys/class/tty/console/active", OFlags::RDONLY | OFlags::CLOEXEC)
        .and_then(|file| rustix::io::read(file, &mut name));
    let names = name[..read.unwrap_or(0)].trim_ascii();
    // The last one named is the one that /dev/console is.
    let last = pieces(names, b' ').last().unwrap_or_default();
    !matches!(last, [b't', b't', b'y', b'0'..=b'9', ..])
}

/// Longest line, newline included, in bytes.
pub const LINE_BYTES: usize = 192;

/// Text of one line; what is too long is cut, never refused.
#[derive(Debug)]
pub struct Line {
    bytes: [u8; LINE_BYTES],
    used: usize,
}

impl Line {
    /// An empty line.
    pub const fn new() -> Self {
        Self { bytes: [0; LINE_BYTES], used: 0 }
    }

    /// The text, with a newline behind it.
    pub fn end(&mut self) -> &[u8] {
        self.bytes[self.used] = b'\n';
        &self.bytes[..=self.used]
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes().take(LINE_BYTES - 1 - self.used) {
            // A control character could speak to the terminal instead of to the reader.
            self.bytes[self.used] = if byte.is_ascii_control() { b'?' } else { byte };
            self.used += 1;
        }
        Ok(())
    }
}
