//! Paths as the kernel takes them: with a NUL behind, in fixed memory.
//!
//! rustix takes a `&str` as well, but then has room for PATH_MAX on the stack of whoever calls.

use core::ffi::CStr;
use core::fmt::{self, Write};

use rustix::io::Errno;

/// Longest path and its NUL, in bytes: that of a node, or of a file in /proc that has a unit's
/// name in it.
const PATH_BYTES: usize = unit::UNIT_NAME_MAX + 33;

/// A path with its NUL.
#[derive(Debug)]
pub struct Path {
    bytes: heapless::Vec<u8, PATH_BYTES>,
}

impl Path {
    /// A path that the compiler has checked: no longer than [`unit::NODE_PATH_MAX`].
    ///
    /// # Errors
    /// ENAMETOOLONG; EINVAL if there is a NUL in it.
    pub fn new(path: &str) -> Result<Self, Errno> {
        Self::format(format_args!("{path}"))
    }

    /// A path that is put together.
    ///
    /// # Errors
    /// As [`Path::new`].
    pub fn format(path: fmt::Arguments<'_>) -> Result<Self, Errno> {
        let mut bytes = heapless::Vec::new();
        bytes.write_fmt(path).map_err(|fmt::Error| Errno::NAMETOOLONG)?;
        bytes.push(0).map_err(|_| Errno::NAMETOOLONG)?;
        CStr::from_bytes_with_nul(&bytes).map_err(|_| Errno::INVAL)?;
        Ok(Self { bytes })
    }

    /// For a system call.
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_with_nul(&self.bytes).unwrap_or_else(|_| bug!("`format` has checked it"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_refused_rather_than_cut() {
        assert_eq!(Path::new("/run/x").unwrap().as_c_str(), c"/run/x");
        let long = "/".repeat(PATH_BYTES - 1);
        assert!(Path::new(&long).is_ok());
        let longer = "/".repeat(PATH_BYTES);
        assert_eq!(Path::new(&longer).unwrap_err(), Errno::NAMETOOLONG);
        assert_eq!(Path::new("/a\0b").unwrap_err(), Errno::INVAL);
    }
}
