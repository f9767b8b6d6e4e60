//! A file tree that is not on a disk yet, and the two ways to make it real.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::fail::{OrFail, Result};

/// What stands at a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Node {
    /// A folder with these permissions.
    Dir(u32),
    /// A file with these permissions and contents.
    File(u32, Vec<u8>),
    /// A symbolic link with this target.
    Link(String),
    /// A character device: permissions, major and minor number.
    Device(u32, u32, u32),
}

/// A tree; paths have no slash in front, parents come before their children.
#[derive(Clone, Default, Debug)]
pub struct Tree {
    nodes: BTreeMap<String, Node>,
}

impl Tree {
    /// Puts `node` at `path` in the place of what was there, parents included.
    pub fn put(&mut self, path: &str, node: Node) {
        let path = path.trim_matches('/');
        for (at, _) in path.match_indices('/') {
            self.nodes.entry(path[..at].to_owned()).or_insert(Node::Dir(0o755));
        }
        self.nodes.insert(path.to_owned(), node);
    }

    /// What stands at `path`.
    pub fn get(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path.trim_matches('/'))
    }

    /// Every path and what stands there, parents first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes.iter().map(|(path, node)| (path.as_str(), node))
    }

    /// The tree as the kernel wants an initramfs: a cpio archive of the kind `newc`, everything
    /// owned by root (see initramfs-buffer-format in the kernel's documentation).
    pub fn to_cpio(&self) -> Vec<u8> {
        let mut archive = Vec::new();
        for (number, (path, node)) in self.iter().enumerate() {
            let number = number as u32 + 1;
            match node {
                Node::Dir(mode) => entry(&mut archive, number, path, 0o040_000 | mode, (0, 0), &[]),
                Node::File(mode, bytes) => {
                    entry(&mut archive, number, path, 0o100_000 | mode, (0, 0), bytes);
                }
                Node::Link(target) => {
                    entry(&mut archive, number, path, 0o120_777, (0, 0), target.as_bytes());
                }
                Node::Device(mode, major, minor) => {
                    entry(&mut archive, number, path, 0o020_000 | mode, (*major, *minor), &[]);
                }
            }
        }
        entry(&mut archive, 0, "TRAILER!!!", 0, (0, 0), &[]);
        archive
    }

    /// Writes the tree into the folder `dir`. Devices are left out: only root could make them,
    /// and in namespaces `/dev` is put together otherwise.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn write_to(&self, dir: &Path) -> Result<()> {
        fs::create_dir_all(dir).or_file("make", dir)?;
        for (path, node) in self.iter() {
            let at = dir.join(path);
            match node {
                Node::Dir(_) => fs::create_dir_all(&at),
                Node::File(mode, bytes) => fs::write(&at, bytes)
                    .and_then(|()| fs::set_permissions(&at, PermissionsExt::from_mode(*mode))),
                Node::Link(target) => symlink(target, &at),
                Node::Device(..) => Ok(()),
            }
            .or_file("write", &at)?;
        }
        // Last, since a folder may be one that its owner cannot write to.
        for (path, node) in self.iter() {
            if let Node::Dir(mode) = node {
                let at = dir.join(path);
                fs::set_permissions(&at, PermissionsExt::from_mode(*mode)).or_file("write", &at)?;
            }
        }
        Ok(())
    }
}

fn entry(
    archive: &mut Vec<u8>,
    number: u32,
    path: &str,
    mode: u32,
    device: (u32, u32),
    bytes: &[u8],
) {
    let links = 1;
    let name_bytes = path.len() as u32 + 1;
    let (uid, gid, time, checksum) = (0, 0, 0, 0);
    let fields = [
        number,
        mode,
        uid,
        gid,
        links,
        time,
        bytes.len() as u32,
        0,
        0,
        device.0,
        device.1,
        name_bytes,
        checksum,
    ];
    archive.extend_from_slice(b"070701");
    for field in fields {
        // Writing to a vector does not fail.
        let _ = write!(archive, "{field:08x}");
    }
    archive.extend_from_slice(path.as_bytes());
    archive.push(0);
    pad(archive);
    archive.extend_from_slice(bytes);
    pad(archive);
}

/// Names and contents each end on a multiple of four bytes.
fn pad(archive: &mut Vec<u8>) {
    archive.resize(archive.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_come_before_children() {
        let mut tree = Tree::default();
        tree.put("/a/b/c", Node::File(0o644, b"x".to_vec()));
        let paths: Vec<_> = tree.iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["a", "a/b", "a/b/c"]);
    }

    #[test]
    fn an_archive_is_aligned_and_ends_with_the_trailer() {
        let mut tree = Tree::default();
        tree.put("ab", Node::File(0o755, b"hello".to_vec()));
        let archive = tree.to_cpio();
        let expected = "070701000000010000\
                        81ed00000000000000000000000100000000\
                        0000000500000000000000000000000000000000\
                        0000000300000000ab\0";
        assert_eq!(archive.len() % 4, 0);
        assert!(archive.starts_with(expected.as_bytes()), "{}", archive[..112].escape_ascii());
        assert_eq!(&archive[116..121], b"hello");
        assert!(archive.windows(10).any(|window| window == b"TRAILER!!!"));
    }

    #[test]
    fn a_tree_on_disk_has_its_modes_and_links() {
        let dir = std::env::temp_dir().join(format!("pilot-board-tree-{}", std::process::id()));
        let mut tree = Tree::default();
        tree.put("run", Node::Dir(0o755));
        tree.put("tmp", Node::Dir(0o1777));
        tree.put("bin/sh", Node::Link("busybox".into()));
        tree.put("bin/busybox", Node::File(0o755, vec![1]));
        tree.write_to(&dir).unwrap();
        assert_eq!(fs::metadata(dir.join("bin/sh")).unwrap().permissions().mode() & 0o7777, 0o755);
        assert_eq!(fs::metadata(dir.join("tmp")).unwrap().permissions().mode() & 0o7777, 0o1777);
        fs::remove_dir_all(&dir).unwrap();
    }
}
