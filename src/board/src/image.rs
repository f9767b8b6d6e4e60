//! Everything a board is built of, each step done once: provisioning, `pilot`, kernel, image.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::apt::Apt;
use crate::arch::{IMAGE_NEEDS, facts};
use crate::conf::Board;
use crate::fail::{OrFail, Result};
use crate::kernel::Kernel;
use crate::state::{Key, State, write_whole};
use crate::tree::Tree;
use crate::{provision, rootfs, say, toolchain};

/// A board that can be started.
#[derive(Debug)]
pub struct Image {
    /// The stripped `pilot`.
    pub pilot: PathBuf,
    /// The kernel; none for a board that runs in namespaces.
    pub kernel: Option<PathBuf>,
    /// The root file system: an initramfs, or a folder for a board that runs in namespaces.
    pub rootfs: PathBuf,
    /// The key that logs in over ssh.
    pub ssh_key: PathBuf,
}

/// Installs what building `board` needs, and with `run` what running it needs.
///
/// # Errors
/// As [`provision::provide`].
pub fn provide(board: &Board, run: bool) -> Result<()> {
    let mut missing = toolchain::missing(board.arch);
    if run {
        missing.extend(provision::missing(facts(board.arch).run_needs));
        missing.extend(provision::missing(IMAGE_NEEDS));
    }
    provision::install(missing)
}

/// Builds `pilot` with the units of `board`; gives a file of its own for each board.
///
/// # Errors
/// If it does not compile.
pub fn pilot(state: &State, board: &Board) -> Result<PathBuf> {
    let elf = toolchain::build_pilot(state, board.arch, &board.dir)?;
    let kept = dir_of(state, board)?.join("pilot");
    let bytes = fs::read(&elf).or_file("read", &elf)?;
    if fs::read(&kept).is_ok_and(|old| old == bytes) {
        return Ok(kept);
    }
    write_whole(&kept, &bytes)?;
    fs::set_permissions(&kept, Permissions::from_mode(0o755)).or_file("write", &kept)?;
    Ok(kept)
}

/// Builds all of it.
///
/// # Errors
/// If any step fails; the ones that are complete are kept.
pub fn build(state: &State, board: &Board) -> Result<Image> {
    let Parts { pilot, kernel, tree } = parts(state, board)?;
    let rootfs = if kernel.is_some() {
        archive(state, board, &tree)?
    } else {
        unpacked(state, board, &tree)?
    };
    let ssh_key = rootfs::private_key(state)?;
    Ok(Image { pilot, kernel: kernel.map(|kernel| kernel.image), rootfs, ssh_key })
}

/// Builds the root file system as a folder, whatever the board runs on: what a disk is filled from.
///
/// # Errors
/// As [`build`].
pub fn folder(state: &State, board: &Board) -> Result<PathBuf> {
    unpacked(state, board, &parts(state, board)?.tree)
}

struct Parts {
    pilot: PathBuf,
    kernel: Option<Kernel>,
    tree: Tree,
}

fn parts(state: &State, board: &Board) -> Result<Parts> {
    provide(board, true)?;
    let pilot = pilot(state, board)?;
    let apt = Apt::open(state)?;
    let kernel = match &facts(board.arch).machine {
        Some(machine) => Some(Kernel::fetch(&apt, board.arch, machine)?),
        None => None,
    };
    let bytes = fs::read(&pilot).or_file("read", &pilot)?;
    let tree = rootfs::assemble(state, &apt, board, kernel.as_ref(), bytes)?;
    Ok(Parts { pilot, kernel, tree })
}

/// The board's own folder: boards of one name in different places have different ones.
fn dir_of(state: &State, board: &Board) -> Result<PathBuf> {
    let key = Key::new().with(board.dir.as_os_str().as_encoded_bytes()).finish();
    state.dir(format!("boards/{}-{}", board.name, &key[..6]))
}

/// The tree as an initramfs, named after its contents: one that runs is never written to.
fn archive(state: &State, board: &Board, tree: &Tree) -> Result<PathBuf> {
    let cpio = tree.to_cpio();
    let dir = dir_of(state, board)?;
    let path = dir.join(format!("initramfs-{}.cpio", Key::new().with(&cpio).finish()));
    if !path.is_file() {
        say::step("Packing", format!("{} ({})", path.display(), say::bytes(cpio.len() as u64)));
        remove_others(&dir, "initramfs-")?;
        write_whole(&path, cpio)?;
    }
    Ok(path)
}

/// The tree as a folder, named after its contents. It is a template: what runs gets a copy.
fn unpacked(state: &State, board: &Board, tree: &Tree) -> Result<PathBuf> {
    let dir = dir_of(state, board)?;
    let path = dir.join(format!("root-{}", Key::new().with(tree.to_cpio()).finish()));
    if !path.is_dir() {
        say::step("Unpacking", path.display());
        // What was left half done by a run that was stopped, too.
        remove_others(&dir, "root-")?;
        let part = dir.join("root-part");
        tree.write_to(&part)?;
        fs::rename(&part, &path).or_file("write", &path)?;
    }
    Ok(path)
}

/// Takes away what stands in `dir` under names that begin with `prefix`.
fn remove_others(dir: &std::path::Path, prefix: &str) -> Result<()> {
    for entry in fs::read_dir(dir).or_file("read", dir)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            let path = entry.path();
            let gone =
                if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            gone.or_file("remove", &path)?;
        }
    }
    Ok(())
}
