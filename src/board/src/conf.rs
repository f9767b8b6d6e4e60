//! The board that the user names, and what its board.conf says of image and machine.

use std::fs;
use std::path::{Path, PathBuf};

use compile::{BOARD_CONF, BoardConf};

use crate::arch::Arch;
use crate::fail::{Failure, OrFail, Result};
use crate::state;

/// A board's folder, understood.
#[derive(Debug)]
pub struct Board {
    /// The folder's own name.
    pub name: String,
    /// The folder, absolute.
    pub dir: PathBuf,
    /// `Architecture=`.
    pub arch: Arch,
    /// All that its board.conf says.
    pub conf: BoardConf,
}

impl Board {
    /// Reads the board that the user names: a folder under `board/`, or any path.
    ///
    /// # Errors
    /// If there is no such board or its file cannot be understood.
    pub fn find(name: &str) -> Result<Self> {
        let boards = state::workspace().join("board");
        let in_tree = boards.join(name);
        let is_name = !name.contains('/') && in_tree.join(BOARD_CONF).is_file();
        let dir = if is_name { in_tree } else { PathBuf::from(name) };
        if !dir.join(BOARD_CONF).is_file() {
            let names = names_in(&boards).join(" ");
            return Err(Failure::new(
                format!("there is no board {name}"),
                format!("name a folder that holds a {BOARD_CONF}, or one of: {names}"),
            ));
        }
        Self::read(&dir)
    }

    /// Reads the board in `dir`. All that is wrong in its units is told here, before anything is
    /// fetched or built for them.
    ///
    /// # Errors
    /// If its files cannot be read, or do not compile.
    pub fn read(dir: &Path) -> Result<Self> {
        let dir = dir.canonicalize().or_file("find", dir)?;
        let conf = compile::compile_board(&dir).and_then(|_| compile::read_board_conf(&dir));
        let conf = conf.map_err(|mistakes| {
            eprintln!("{mistakes}");
            Failure::new(format!("{} does not compile", dir.display()), "mend what is told above")
        })?;
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, arch: conf.architecture, conf, dir })
    }
}

/// The names of the boards in a folder, sorted. One without an architecture is there for others
/// to include.
pub fn names_in(boards: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(boards)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| compile::read_board_conf(&entry.path()).is_ok())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_board_is_answered_with_the_known_ones() {
        let said = Board::find("no-such-board").unwrap_err().to_string();
        assert!(said.contains("host-x86_64 qemu-aarch64 qemu-armv7 qemu-riscv64"), "{said}");
    }

    #[test]
    fn a_board_is_found_by_its_path_too() {
        let by_name = Board::find("qemu-armv7").unwrap();
        let by_path = Board::find(by_name.dir.to_str().unwrap()).unwrap();
        assert_eq!(by_name.dir, by_path.dir);
        assert_eq!(by_path.arch, Arch::Armv7);
    }

    #[test]
    fn a_board_with_a_mistake_in_a_unit_is_none() {
        let units = state::workspace().join("tests/units");
        assert!(Board::read(&units.join("good/demo")).is_ok());
        assert!(Board::read(&units.join("bad/E110-unknown-folder")).is_err());
        assert!(Board::read(&units.join("bad/L501-no-description")).is_ok());
    }
}
