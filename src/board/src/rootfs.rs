//! The root file system of a board: programs out of packages, the board's own files, and `pilot`
//! as `/sbin/init`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::apt::{Along, Apt};
use crate::conf::Board;
use crate::fail::{self, Failure, OrFail, Result};
use crate::kernel::Kernel;
use crate::library::{Library, merged};
use crate::state::State;
use crate::tree::{Node, Tree};

/// Folders that are there from the start: what PID 1 mounts on, and what programs expect.
const DIRS: [(&str, u32); 18] = [
    ("dev", 0o755),
    ("etc", 0o755),
    ("home", 0o755),
    ("proc", 0o555),
    ("root", 0o700),
    ("run", 0o755),
    ("sys", 0o555),
    ("tmp", 0o1777),
    ("usr/bin", 0o755),
    ("usr/lib", 0o755),
    ("usr/lib64", 0o755),
    ("usr/sbin", 0o755),
    ("var/cache", 0o755),
    ("var/lib", 0o755),
    ("var/log", 0o755),
    ("var/spool", 0o755),
    ("var/tmp", 0o1777),
    ("var/www", 0o755),
];
/// The layout of Debian: one place for programs and libraries.
const LINKS: [(&str, &str); 5] = [
    ("bin", "usr/bin"),
    ("sbin", "usr/sbin"),
    ("lib", "usr/lib"),
    ("lib64", "usr/lib64"),
    ("var/run", "/run"),
];
/// Files that a board's own may replace.
const FILES: [(&str, &str); 5] = [
    (
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\n\
         daemon:x:1:1:daemon:/:/usr/sbin/nologin\n\
         www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n\
         nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    ),
    ("etc/group", "root:x:0:\ndaemon:x:1:\ntty:x:5:\nwww-data:x:33:\nnogroup:x:65534:\n"),
    ("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"),
    ("etc/shells", "/bin/sh\n"),
    ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
];
/// Where `pilot` stands, and the names that lead to its other roles.
const PILOT: &str = "usr/sbin/init";
const ROLES: [&str; 1] = ["usr/bin/pilotctl"];
/// Where sshd and dropbear look for the keys of those who may log in as root.
const AUTHORIZED_KEYS: &str = "root/.ssh/authorized_keys";

/// Puts the tree together.
///
/// # Errors
/// If a package, program, library, module or file that board.conf names is not to be had.
pub fn assemble(
    state: &State,
    apt: &Apt,
    board: &Board,
    kernel: Option<&Kernel>,
    pilot: Vec<u8>,
) -> Result<Tree> {
    let mut tree = Tree::default();
    for (path, mode) in DIRS {
        tree.put(path, Node::Dir(mode));
    }
    for (path, target) in LINKS {
        tree.put(path, Node::Link(target.into()));
    }
    for (path, text) in FILES {
        tree.put(path, Node::File(0o644, text.into()));
    }
    // The kernel opens it for PID 1 before anything is mounted.
    tree.put("dev/console", Node::Device(0o600, 5, 1));
    if !board.conf.packages.is_empty() {
        let packages = apt.fetch(board.arch, &board.conf.packages, Along::Libraries)?;
        let mut library = Library::new(&packages);
        for path in &board.conf.programs {
            library.copy(path, &mut tree)?;
        }
    }
    for link in &board.conf.links {
        link_names(link, &mut tree)?;
    }
    if let Some(kernel) = kernel {
        kernel.install_modules(&board.conf.modules, &mut tree)?;
    }
    if board.conf.forward.iter().any(|forward| forward.name == "ssh") {
        tree.put("root/.ssh", Node::Dir(0o700));
        tree.put(AUTHORIZED_KEYS, Node::File(0o600, public_key(state)?));
    }
    for dir in &board.conf.files {
        overlay(dir, "", &mut tree)?;
    }
    tree.put(PILOT, Node::File(0o755, pilot));
    for role in ROLES {
        tree.put(role, Node::Link(format!("/{PILOT}")));
    }
    Ok(tree)
}

/// `Links=`: a program that is in the tree, then names for it in the same folder.
fn link_names(words: &[String], tree: &mut Tree) -> Result<()> {
    let next = "see Links= in board.conf: a program that Programs= names, then names for it";
    let Some((program, names)) = words.split_first() else {
        return Err(Failure::new("a Links= names nothing", next));
    };
    let program = merged(program);
    let (dir, target) = program.rsplit_once('/').unwrap_or(("", &program));
    if tree.get(&program).is_none() {
        return Err(Failure::new(format!("/{program} is not there to be linked to"), next));
    }
    for name in names {
        tree.put(&format!("{dir}/{name}"), Node::Link(target.to_owned()));
    }
    Ok(())
}

/// Lays a folder's contents over the tree; of its permissions only `x` counts, so that a clone of
/// the repository gives the same image under every umask.
fn overlay(dir: &Path, at: &str, tree: &mut Tree) -> Result<()> {
    for entry in fs::read_dir(dir).or_file("read", dir)? {
        let path = entry.or_file("read", dir)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let inside = merged(&format!("{at}/{name}"));
        let meta = path.symlink_metadata().or_file("read", &path)?;
        if meta.is_symlink() {
            let target = fs::read_link(&path).or_file("read", &path)?;
            tree.put(&inside, Node::Link(target.to_string_lossy().into_owned()));
        } else if meta.is_dir() {
            if tree.get(&inside).is_none() {
                tree.put(&inside, Node::Dir(0o755));
            }
            overlay(&path, &inside, tree)?;
        } else {
            let mode = if meta.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
            tree.put(&inside, Node::File(mode, fs::read(&path).or_file("read", &path)?));
        }
    }
    Ok(())
}

/// The private key that logs in to every board built here; made once.
///
/// # Errors
/// If ssh-keygen cannot make it.
pub fn private_key(state: &State) -> Result<std::path::PathBuf> {
    let path = state.dir("ssh")?.join("id_ed25519");
    if !path.is_file() {
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "cargo-board", "-f"]).arg(&path);
        fail::run(&mut keygen, "see that openssh-client is installed")?;
    }
    Ok(path)
}

fn public_key(state: &State) -> Result<Vec<u8>> {
    let path = private_key(state)?.with_extension("pub");
    fs::read(&path).or_file("read", &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stand_beside_their_program() {
        let mut tree = Tree::default();
        tree.put("usr/bin/busybox", Node::File(0o755, Vec::new()));
        let words = ["/bin/busybox", "sh", "ls"].map(str::to_owned);
        link_names(&words, &mut tree).unwrap();
        assert_eq!(tree.get("usr/bin/ls"), Some(&Node::Link("busybox".into())));
        assert!(link_names(&["/bin/none".to_owned()], &mut tree).is_err());
    }
}
