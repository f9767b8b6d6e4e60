//! What several tests need: folders of their own, and what is said of one.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use compile::{BOARD_CONF, Diagnostic, Source, compile_board, compile_sources, import, lint_board};

/// A folder that goes away again.
pub struct Folder(pub PathBuf);

impl Folder {
    /// An empty folder.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("pilotc-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    /// A folder with these files.
    pub fn with(files: &[Source]) -> Self {
        let folder = Self::new();
        for file in files {
            let path = folder.0.join(&file.path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, &file.text).expect("a file");
        }
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What is in a folder, in order.
pub fn entries(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).expect("a folder");
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    entries
}

/// The last part of a path.
pub fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// Files that are imported, not compiled.
const IMPORTED: [&str; 2] = ["inetd.conf", "xinetd.conf"];

/// What is said of a folder: a board, the units of one, or what is to become units; `lint` says
/// whether good practice is looked at, too.
pub fn diagnostics(folder: &Path, lint: bool) -> Vec<Diagnostic> {
    let to_import = IMPORTED.map(|name| folder.join(name)).into_iter().find(|path| path.exists());
    if let Some(path) = to_import {
        // A folder of that name says that its example is imported with that option.
        let accept_open = folder.join("accept-open").exists();
        let choices = import::Choices { accept_open, keep_tcpd: false };
        return import::import_path(&path, folder, choices).expect("readable").diagnostics;
    }
    let result = if lint {
        return match lint_board(folder) {
            Ok((_, warnings)) => warnings,
            Err(failure) => failure.diagnostics,
        };
    } else if folder.join(BOARD_CONF).is_file() {
        compile_board(folder)
    } else {
        let read = |path: &PathBuf| Source {
            path: name(path),
            text: fs::read(path).expect("a readable file"),
        };
        let sources: Vec<Source> = entries(folder).iter().map(read).collect();
        let conf = Source { path: BOARD_CONF.into(), text: Vec::new() };
        compile_sources(&conf, &sources)
    };
    match result {
        Ok((_, warnings)) => warnings,
        Err(failure) => failure.diagnostics,
    }
}
