//! `target/board/`, or where CARGO_TARGET_DIR says: what is fetched or built once and kept.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use sha2::{Digest, Sha256};

use crate::fail::{OrFail, Result};
use crate::say;

/// The folder, locked: one process at a time fetches and builds in it.
#[derive(Debug)]
pub struct State {
    workspace: PathBuf,
    dir: PathBuf,
    _lock: File,
}

impl State {
    /// Waits for other processes that use it, then takes it.
    ///
    /// # Errors
    /// If the folder cannot be made or locked.
    pub fn take() -> Result<Self> {
        let workspace = workspace();
        let dir = folder();
        fs::create_dir_all(&dir).or_file("make", &dir)?;
        let path = dir.join("lock");
        let lock = File::create(&path).or_file("open", &path)?;
        if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            say::step("Waiting", "for another `cargo board` that fetches or builds");
            rustix::fs::flock(&lock, FlockOperation::LockExclusive).or_file("lock", &path)?;
        }
        Ok(Self { workspace, dir, _lock: lock })
    }

    /// The root of the source tree.
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// The folder `name` inside, made if it is not there.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn dir(&self, name: impl AsRef<Path>) -> Result<PathBuf> {
        let dir = self.dir.join(name);
        fs::create_dir_all(&dir).or_file("make", &dir)?;
        Ok(dir)
    }
}

/// The folder: `board` in the one where cargo builds, so that a source tree which is only read will
/// do.
pub fn folder() -> PathBuf {
    let told = std::env::var_os("CARGO_TARGET_DIR").and_then(|dir| std::path::absolute(dir).ok());
    told.unwrap_or_else(|| workspace().join("target")).join("board")
}

/// The root of the source tree this program belongs to: cargo tells where that is now to what it
/// runs, and it may have been moved, program and all, since this was built.
pub fn workspace() -> PathBuf {
    workspace_of(std::env::var_os("CARGO_MANIFEST_DIR"))
}

fn workspace_of(told: Option<OsString>) -> PathBuf {
    let told = told.map(PathBuf::from).filter(|dir| dir.ends_with("src/board"));
    let crate_dir = told.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    crate_dir.ancestors().nth(2).unwrap_or(&crate_dir).to_owned()
}

/// Names a content: the same parts give the same key, in another order another one.
#[derive(Debug, Default)]
pub struct Key(Sha256);

impl Key {
    /// A key of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a part.
    #[must_use]
    pub fn with(mut self, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    /// The key in 16 hexadecimal digits.
    pub fn finish(self) -> String {
        self.0.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Writes a file that others never see half written.
///
/// # Errors
/// If it cannot be written.
pub fn write_whole(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, bytes).or_file("write", &part)?;
    fs::rename(&part, path).or_file("write", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_knows_where_its_parts_end() {
        let one = Key::new().with("ab").with("c").finish();
        let other = Key::new().with("a").with("bc").finish();
        assert_ne!(one, other);
        assert_eq!(one.len(), 16);
    }

    #[test]
    fn the_workspace_holds_the_boards() {
        assert!(workspace().join("board").is_dir());
    }

    #[test]
    fn the_workspace_is_where_it_is_now() {
        let now = workspace_of(Some("/moved to/here/src/board".into()));
        assert_eq!(now, Path::new("/moved to/here"));
        let foreign = workspace_of(Some("/some/other/crate".into()));
        assert_eq!(foreign, workspace_of(None));
    }
}
