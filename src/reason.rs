//! Error numbers in words.

use core::fmt;

use rustix::io::Errno;

use crate::packed::Packed;

/// Why a call failed, in words where a reader may need them.
pub(crate) struct Reason(pub(crate) u16);

impl Reason {
    #[cfg(feature = "pid1")]
    pub(crate) fn of(errno: rustix::io::Errno) -> Self {
        Self(errno.raw_os_error() as u16)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0;
        let words = words(number);
        if words.0.is_empty() { write!(f, "errno {number}") } else { words.fmt(f) }
    }
}

fn words(number: u16) -> Packed {
    const fn of(errno: Errno) -> u8 {
        errno.raw_os_error() as u8
    }
    packed_of!(u8::try_from(number).unwrap_or(0), {
        of(Errno::PERM) => "not permitted";
        of(Errno::NOENT) => "no such file";
        of(Errno::SRCH) => "no such user or group";
        of(Errno::IO) => "input/output error";
        of(Errno::TOOBIG) => "arguments too long";
        of(Errno::NOEXEC) => "not a program for this machine";
        of(Errno::AGAIN) => "no resources for the moment";
        of(Errno::NOMEM) => "out of memory";
        of(Errno::ACCESS) => "permission denied";
        of(Errno::NOTDIR) => "not a directory";
        of(Errno::MFILE), of(Errno::NFILE) => "too many open files";
        of(Errno::ADDRINUSE) => "address in use";
        of(Errno::ADDRNOTAVAIL) => "no such address here";
        of(Errno::NODEV) => "no such device";
        of(Errno::NOSPC) => "no space left";
        of(Errno::BUSY) => "in use";
        of(Errno::ROFS) => "read-only file system";
    })
}
