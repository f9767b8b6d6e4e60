//! Error numbers in words.

use core::fmt;

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
        use rustix::io::Errno as Kernel;
        let number = self.0;
        let words = match Kernel::from_raw_os_error(number.into()) {
            Kernel::PERM => "not permitted",
            Kernel::NOENT => "no such file",
            Kernel::SRCH => "no such user or group",
            Kernel::IO => "input/output error",
            Kernel::TOOBIG => "arguments too long",
            Kernel::NOEXEC => "not a program for this machine",
            Kernel::AGAIN => "no resources for the moment",
            Kernel::NOMEM => "out of memory",
            Kernel::ACCESS => "permission denied",
            Kernel::NOTDIR => "not a directory",
            Kernel::MFILE | Kernel::NFILE => "too many open files",
            Kernel::ADDRINUSE => "address in use",
            Kernel::ADDRNOTAVAIL => "no such address here",
            Kernel::NODEV => "no such device",
            Kernel::NOSPC => "no space left",
            Kernel::BUSY => "in use",
            Kernel::ROFS => "read-only file system",
            _ => return write!(f, "errno {number}"),
        };
        f.write_str(words)
    }
}
