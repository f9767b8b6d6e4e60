//! A disk for a board under QEMU: a file with an ext4 file system, looked into with e2fsprogs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Large enough for a journal, a kernel and an initramfs. What is not written to takes no place.
const DISK_BYTES: u64 = 64 * 1024 * 1024;
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A file, which goes when dropped.
pub struct Disk {
    path: PathBuf,
}

impl Disk {
    /// A disk with an empty file system.
    pub fn make() -> Self {
        Self::with(&[])
    }

    /// A disk with what is in a folder.
    pub fn filled_from(folder: &Path) -> Self {
        Self::with(&["-d", &folder.to_string_lossy()])
    }

    fn with(arguments: &[&str]) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pilot-disk-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        File::create(&path).unwrap().set_len(DISK_BYTES).unwrap();
        let disk = Self { path };
        disk.tool("mke2fs", &[&["-q", "-F", "-t", "ext4"], arguments].concat());
        disk
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn tool(&self, name: &str, arguments: &[&str]) -> String {
        // Not in everybody's PATH.
        let program = Path::new("/usr/sbin").join(name);
        let output = Command::new(program).args(arguments).arg(&self.path).output().unwrap();
        assert!(output.status.success(), "{name}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Writes a file into the root of it.
    pub fn put(&self, file: &Path, name: &str) {
        self.tool("debugfs", &["-w", "-R", &format!("write {} {name}", file.display())]);
    }

    /// What the file system says about itself.
    pub fn describe(&self) -> String {
        self.tool("dumpe2fs", &["-h"])
    }

    /// True if it was left in order, so that nothing is left to be mended at the next mount.
    pub fn is_clean(&self) -> bool {
        let description = self.describe();
        let clean = !description.contains("needs_recovery")
            && description.lines().any(|line| {
                line.split_once(':').is_some_and(|(name, state)| {
                    name == "Filesystem state" && state.trim() == "clean"
                })
            });
        if clean {
            self.tool("e2fsck", &["-n", "-f"]);
        }
        clean
    }

    /// Lines in its file `log`.
    pub fn lines(&self) -> usize {
        self.tool("debugfs", &["-R", "cat log"]).lines().count()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
