//! A control group for each board that runs in namespaces: a namespace of control groups begins
//! at the group of its maker, so two boards made from one group would each kill in the other's.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fail::{OrFail, Result};

/// A group of our own. It goes when dropped.
#[derive(Debug)]
pub struct Group {
    dir: PathBuf,
}

impl Group {
    /// Makes the group `name` below the one that this process is in. None where this process may
    /// not, or the host has no cgroup v2: a board can do without.
    pub fn make(name: &str) -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
        let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
        let dir = own_group(&mounts, &groups)?.join(name);
        fs::create_dir(&dir).ok()?;
        Some(Self { dir })
    }

    /// The file through which a process moves into the group: it writes a 0.
    pub fn processes(&self) -> PathBuf {
        self.dir.join("cgroup.procs")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // What still has a process stays; it is empty once the kernel has reaped the namespace.
        let _ = remove(&self.dir);
    }
}

/// Groups are removed from the innermost outwards; the files in them are the kernel's.
fn remove(dir: &Path) -> Result<()> {
    for entry in fs::read_dir(dir).or_file("read", dir)?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path())?;
        }
    }
    fs::remove_dir(dir).or_file("remove", dir)
}

/// The folder of the v2 group that /proc/self/cgroup names: cgroups(7).
fn own_group(mounts: &str, groups: &str) -> Option<PathBuf> {
    let mount = mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let at = fields.next()?;
        (fields.next()? == "cgroup2").then_some(at)
    })?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new(mount).join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_group_is_below_where_version_2_is_mounted() {
        let mounts = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\n\
                      cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\n\
                      cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0\n";
        let groups = "8:pids:/x\n0::/user.slice/a.scope\n";
        let expected = PathBuf::from("/sys/fs/cgroup/unified/user.slice/a.scope");
        assert_eq!(own_group(mounts, groups), Some(expected));
        assert_eq!(own_group("", groups), None);
    }
}
