//! Programs out of unpacked packages, with the shared libraries they name.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use object::Endianness;
use object::elf::{DT_NEEDED, DT_RUNPATH, FileHeader32, FileHeader64, PT_INTERP};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};

use crate::apt::Package;
use crate::fail::{Failure, OrFail, Result};
use crate::tree::{Node, Tree};

const NEXT_PROGRAM: &str = "see Programs= and Packages= in board.conf: a program must be in one of \
                            the packages, or among the files of Files=";

/// Copies out of packages into a tree, each thing once.
#[derive(Debug)]
pub struct Library<'a> {
    packages: &'a [Package],
    /// Where shared libraries are, relative to a package's root.
    library_dirs: Vec<String>,
    done: BTreeSet<String>,
}

impl<'a> Library<'a> {
    /// A library over unpacked packages of one architecture.
    pub fn new(packages: &'a [Package]) -> Self {
        let mut dirs = BTreeSet::from(["usr/lib".to_owned()]);
        for package in packages {
            for entry in fs::read_dir(package.root.join("usr/lib")).into_iter().flatten().flatten()
            {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.contains("-linux-gnu") {
                    dirs.insert(format!("usr/lib/{name}"));
                }
            }
        }
        Self { packages, library_dirs: dirs.into_iter().collect(), done: BTreeSet::new() }
    }

    /// Copies what stands at `path` in one of the packages: a program with the libraries it
    /// needs, a link with its target, a folder with everything in it.
    ///
    /// # Errors
    /// If no package has it, or one of its libraries is in none of them.
    pub fn copy(&mut self, path: &str, tree: &mut Tree) -> Result<()> {
        let path = merged(path);
        if !self.done.insert(path.clone()) {
            return Ok(());
        }
        let found = self
            .find(&path)
            .ok_or_else(|| Failure::new(format!("no package has /{path}"), NEXT_PROGRAM))?;
        let meta = found.symlink_metadata().or_file("read", &found)?;
        if meta.is_symlink() {
            let target = fs::read_link(&found).or_file("read", &found)?;
            let target = target.to_string_lossy().into_owned();
            let leads_to = resolve(&path, &target);
            tree.put(&path, Node::Link(target));
            return self.copy(&leads_to, tree);
        }
        if meta.is_dir() {
            tree.put(&path, Node::Dir(meta.permissions().mode() & 0o7777));
            for entry in fs::read_dir(&found).or_file("read", &found)?.flatten() {
                self.copy(&format!("{path}/{}", entry.file_name().to_string_lossy()), tree)?;
            }
            return Ok(());
        }
        let bytes = fs::read(&found).or_file("read", &found)?;
        let needed = needed_by(&bytes);
        tree.put(&path, Node::File(meta.permissions().mode() & 0o7777, bytes));
        for each in needed {
            self.copy_needed(&path, &each, tree)?;
        }
        Ok(())
    }

    fn copy_needed(&mut self, by: &str, needed: &Needed, tree: &mut Tree) -> Result<()> {
        let path = match needed {
            Needed::Folder(path) => {
                self.library_dirs.push(merged(path));
                return Ok(());
            }
            Needed::Interpreter(path) => Some(path.clone()),
            Needed::Library(name) => self
                .library_dirs
                .iter()
                .map(|dir| format!("{dir}/{name}"))
                .find(|path| self.find(path).is_some()),
        };
        let path = path.ok_or_else(|| {
            let (Needed::Library(name) | Needed::Interpreter(name) | Needed::Folder(name)) = needed;
            Failure::new(
                format!("/{by} needs the shared library {name}, which is in no package"),
                "add the package that has it to Packages= of board.conf \
                 (packages.debian.org finds it by its name)",
            )
        })?;
        self.copy(&path, tree)
    }

    fn find(&self, path: &str) -> Option<PathBuf> {
        self.packages
            .iter()
            .flat_map(|package| spellings(path).map(|path| package.root.join(path)))
            .find(|path| path.symlink_metadata().is_ok())
    }
}

/// What an ELF file cannot run without.
#[derive(PartialEq, Eq, Debug)]
enum Needed {
    Interpreter(String),
    /// Where it has libraries of its own.
    Folder(String),
    Library(String),
}

/// What a dynamic program names; nothing for a static one or what is no ELF file.
fn needed_by(bytes: &[u8]) -> Vec<Needed> {
    match bytes.get(..5) {
        Some(b"\x7fELF\x01") => needed_in::<FileHeader32<Endianness>>(bytes),
        Some(b"\x7fELF\x02") => needed_in::<FileHeader64<Endianness>>(bytes),
        _ => None,
    }
    .unwrap_or_default()
}

fn needed_in<H: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Option<Vec<Needed>> {
    let header = H::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let mut needed = Vec::new();
    for segment in header.program_headers(endian, bytes).ok()? {
        if segment.p_type(endian) == PT_INTERP {
            let path = segment.interpreter(endian, bytes).ok()??;
            needed.push(Needed::Interpreter(String::from_utf8_lossy(path).into_owned()));
        }
    }
    let sections = header.sections(endian, bytes).ok()?;
    if let Some((entries, strings)) = sections.dynamic(endian, bytes).ok()? {
        let strings = sections.strings(endian, bytes, strings).ok()?;
        let named = |tag| entries.iter().filter(move |entry| entry.tag(endian) == tag);
        for entry in named(DT_RUNPATH) {
            let folders = String::from_utf8_lossy(entry.string(endian, strings).ok()?);
            needed.extend(folders.split(':').map(|folder| Needed::Folder(folder.to_owned())));
        }
        for entry in named(DT_NEEDED) {
            let name = entry.string(endian, strings).ok()?;
            needed.push(Needed::Library(String::from_utf8_lossy(name).into_owned()));
        }
    }
    Some(needed)
}

/// The path under `usr/` where the file system of an image has it: `/bin`, `/sbin` and `/lib*`
/// are links into `/usr` there, as on every Debian today.
pub fn merged(path: &str) -> String {
    let path = path.trim_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if matches!(first, "bin" | "sbin") || first.starts_with("lib") {
        format!("usr/{path}")
    } else {
        path.to_owned()
    }
}

/// Packages may spell a path without the `usr/`.
fn spellings(path: &str) -> impl Iterator<Item = &str> {
    [Some(path), path.strip_prefix("usr/")].into_iter().flatten()
}

/// Where a link at `path` leads.
fn resolve(path: &str, target: &str) -> String {
    let dir = Path::new(path).parent().unwrap_or(Path::new(""));
    let mut parts: Vec<String> = Vec::new();
    for part in dir.join(target).components() {
        match part {
            std::path::Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            std::path::Component::ParentDir => {
                parts.pop();
            }
            std::path::Component::RootDir => parts.clear(),
            std::path::Component::CurDir | std::path::Component::Prefix(_) => {}
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_needs_libc_and_an_interpreter() {
        let bytes = fs::read("/proc/self/exe").unwrap();
        let needed = needed_by(&bytes);
        assert!(needed.contains(&Needed::Library("libc.so.6".into())), "{needed:?}");
        assert!(needed.iter().any(|each| matches!(each, Needed::Interpreter(_))), "{needed:?}");
    }

    #[test]
    fn text_needs_nothing() {
        assert_eq!(needed_by(b"#!/bin/sh\n"), []);
        assert_eq!(needed_by(b"\x7fELF\x02 and then nothing"), []);
    }

    #[test]
    fn links_lead_where_they_say() {
        assert_eq!(resolve("usr/bin/a", "b"), "usr/bin/b");
        assert_eq!(resolve("usr/bin/a", "../sbin/b"), "usr/sbin/b");
        assert_eq!(resolve("usr/bin/a", "/lib/b"), "lib/b");
        assert_eq!(merged("/lib/ld.so"), "usr/lib/ld.so");
        assert_eq!(merged("/etc/x"), "etc/x");
    }

    #[test]
    fn a_program_that_no_package_has_is_named() {
        let said = Library::new(&[]).copy("/bin/none", &mut Tree::default()).unwrap_err();
        assert!(said.to_string().contains("/usr/bin/none"), "{said}");
    }
}
