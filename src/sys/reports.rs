//! Why copies of PID 1 failed: what they write into a pipe, for who does not share their memory.

use rustix::fd::{AsRawFd, OwnedFd, RawFd};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use super::fd;

/// Two numbers, less than what pipe(7) promises to keep together.
const REPORT_BYTES: usize = 8;

/// The pipe into which copies write why they failed, pid and word each. A child that has not been
/// reaped has a pid of its own, and one line in it at most.
pub(super) struct Reports {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Reports {
    pub(super) fn new() -> Result<Self, Errno> {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Self { reader, writer })
    }

    /// Where copies write.
    pub(super) fn writer(&self) -> RawFd {
        self.writer.as_raw_fd()
    }

    /// What the child with this pid wrote. What others wrote goes back into the pipe, where
    /// nobody cares for the order, and so does this one if it is `kept`.
    pub(super) fn find(&self, pid: u32, kept: bool) -> Option<u32> {
        let mut first = None;
        loop {
            let mut report = [0; REPORT_BYTES];
            if rustix::io::read(&self.reader, &mut report) != Ok(REPORT_BYTES) {
                return None;
            }
            let [owner, word] = report.as_chunks().0 else { bug!("two numbers") };
            let (owner, word) = (u32::from_le_bytes(*owner), u32::from_le_bytes(*word));
            if owner != pid || kept {
                // There is room for eight thousand: one that finds none is told by its exit code.
                let _ = rustix::io::write(&self.writer, &report);
            }
            if owner == pid {
                return Some(word);
            }
            if first == Some(owner) {
                return None;
            }
            first = first.or(Some(owner));
        }
    }
}

/// Tells PID 1, whose memory is another.
pub(super) fn write(to: RawFd, word: u32) {
    let pid = rustix::process::getpid().as_raw_nonzero().get() as u32;
    let mut report = [0; REPORT_BYTES];
    report[..4].copy_from_slice(&pid.to_le_bytes());
    report[4..].copy_from_slice(&word.to_le_bytes());
    let _ = rustix::io::write(fd::number(to), &report);
}
