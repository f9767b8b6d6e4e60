//! `RootDirectory=`.

use rustix::io::Errno;
use unit::ExecMore;

use super::Work;
use crate::features;
use crate::sys::file;

/// Where a child is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// In its root directory.
    Root,
    /// In a folder that is the root directory of other commands.
    Below,
}

/// Makes a folder the root directory, or with `RootDirectoryStartOnly=` goes there.
pub(super) fn enter(work: &Work, more: &ExecMore<'_>) -> Result<Begin, Errno> {
    if !features::ROOT_DIRECTORY || more.root.is_empty() {
        return Ok(Begin::Root);
    }
    rustix::process::chdir(file::path(more.root))?;
    if more.root_start_only && !work.is_start {
        return Ok(Begin::Below);
    }
    rustix::process::chroot(c".")?;
    Ok(Begin::Root)
}
