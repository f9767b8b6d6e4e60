//! A kernel for the emulator, out of Debian's package, and the modules a board names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::{Object, ObjectSection};

use crate::apt::{Along, Apt};
use crate::arch::{Arch, Machine};
use crate::fail::{self, Failure, OrFail, Result};
use crate::tree::{Node, Tree};

/// An unpacked kernel.
#[derive(Debug)]
pub struct Kernel {
    /// The file that the emulator loads.
    pub image: PathBuf,
    /// What `uname -r` will say.
    pub release: String,
    modules: PathBuf,
}

impl Kernel {
    /// Fetches the kernel of `machine`, once.
    ///
    /// # Errors
    /// If the package is not to be had or has no kernel in it.
    pub fn fetch(apt: &Apt, arch: Arch, machine: &Machine) -> Result<Self> {
        let packages = apt.fetch(arch, &[machine.kernel_package.to_owned()], Along::Kernel)?;
        let image = packages.iter().find_map(|package| image_in(&package.root.join("boot")));
        let (root, image, release) = image.ok_or_else(|| {
            Failure::new(
                format!("{} brought no kernel", machine.kernel_package),
                "take target/board/unpacked away and try again",
            )
        })?;
        let modules = ["usr/lib/modules", "lib/modules"]
            .map(|dir| root.join(dir).join(&release))
            .into_iter()
            .find(|dir| dir.is_dir())
            .unwrap_or(root);
        Ok(Self { image, release, modules })
    }

    /// Puts the named modules into the tree, with all they depend on and the list that tells
    /// modprobe(8) so.
    ///
    /// # Errors
    /// If the kernel has no such module.
    pub fn install_modules(&self, names: &[String], tree: &mut Tree) -> Result<()> {
        let index = self.index();
        let builtin = self.builtin()?;
        let dir = format!("usr/lib/modules/{}", self.release);
        let mut depends: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut wanted: Vec<String> = names.iter().map(|name| plain(name)).collect();
        while let Some(name) = wanted.pop() {
            if builtin.contains(&name) || depends.contains_key(&name) {
                continue;
            }
            let path = index.get(&name).ok_or_else(|| {
                Failure::new(
                    format!("the kernel {} has no module {name}", self.release),
                    "see Modules= in board.conf",
                )
            })?;
            let bytes = decompressed(path)?;
            let needs = depends_of(&bytes);
            tree.put(&format!("{dir}/{name}.ko"), Node::File(0o644, bytes));
            wanted.extend(needs.iter().cloned());
            depends.insert(name, needs);
        }
        let list = modules_dep(&depends);
        tree.put(&format!("{dir}/modules.dep"), Node::File(0o644, list.into_bytes()));
        Ok(())
    }

    /// Where each module is, by its plain name.
    fn index(&self) -> BTreeMap<String, PathBuf> {
        let mut index = BTreeMap::new();
        let mut dirs = vec![self.modules.join("kernel")];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    dirs.push(path);
                } else if let Some(name) = module_name(&entry.file_name().to_string_lossy()) {
                    index.insert(name, path);
                }
            }
        }
        index
    }

    /// The modules that are part of the kernel itself.
    fn builtin(&self) -> Result<BTreeSet<String>> {
        let path = self.modules.join("modules.builtin");
        let text = fs::read_to_string(&path).or_file("read", &path)?;
        let file = |line: &str| module_name(line.rsplit('/').next().unwrap_or(line));
        Ok(text.lines().filter_map(file).collect())
    }
}

/// The kernel in a package's `boot/`: package root, file, release.
fn image_in(boot: &Path) -> Option<(PathBuf, PathBuf, String)> {
    let entry = |prefix: &str| {
        fs::read_dir(boot).ok()?.flatten().find_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.strip_prefix(prefix).map(|release| (entry.path(), release.to_owned()))
        })
    };
    let (image, release) = entry("vmlinuz-").or_else(|| entry("vmlinux-"))?;
    Some((boot.parent()?.to_owned(), image, release))
}

/// Module names know no difference between `-` and `_`; files do.
fn plain(name: &str) -> String {
    name.replace('-', "_")
}

/// `virtio_net` of `virtio-net.ko.xz`.
fn module_name(file: &str) -> Option<String> {
    let (name, rest) = file.split_once(".ko")?;
    matches!(rest, "" | ".xz").then(|| plain(name))
}

fn decompressed(path: &Path) -> Result<Vec<u8>> {
    if path.extension().is_some_and(|extension| extension == "xz") {
        let next = "see that xz-utils is installed and target/board/unpacked is whole";
        return fail::capture(Command::new("xz").arg("-dc").arg(path), next);
    }
    fs::read(path).or_file("read", path)
}

/// What a module says in its `.modinfo`: `depends=a,b`.
fn depends_of(module: &[u8]) -> Vec<String> {
    let info = object::File::parse(module)
        .ok()
        .and_then(|file| file.section_by_name(".modinfo")?.data().ok())
        .unwrap_or_default();
    info.split(|&byte| byte == 0)
        .filter_map(|item| item.strip_prefix(b"depends="))
        .flat_map(|list| list.split(|&byte| byte == b','))
        .filter(|name| !name.is_empty())
        .map(|name| plain(&String::from_utf8_lossy(name)))
        .collect()
}

/// modules.dep(5): for each module everything that must be there before it, nearest first.
fn modules_dep(depends: &BTreeMap<String, Vec<String>>) -> String {
    let mut list = String::new();
    for name in depends.keys() {
        let mut all: Vec<&str> = Vec::new();
        let mut open: Vec<&str> = vec![name];
        while let Some(each) = open.pop() {
            for need in depends.get(each).into_iter().flatten().rev() {
                // The ones that are built in have no entry and need none.
                if depends.contains_key(need) {
                    all.retain(|known| known != need);
                    all.push(need);
                    open.push(need);
                }
            }
        }
        list += &format!("{name}.ko:");
        for need in all {
            list += &format!(" {need}.ko");
        }
        list.push('\n');
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_files_have_one_name() {
        assert_eq!(module_name("virtio-net.ko.xz").as_deref(), Some("virtio_net"));
        assert_eq!(module_name("a.ko").as_deref(), Some("a"));
        assert_eq!(module_name("modules.order"), None);
    }

    #[test]
    fn what_a_need_needs_comes_behind_it() {
        let needs = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let depends = BTreeMap::from([
            ("net".to_owned(), needs(&["failover", "ring"])),
            ("failover".to_owned(), needs(&[])),
            ("ring".to_owned(), needs(&["virtio", "builtin"])),
            ("virtio".to_owned(), needs(&[])),
        ]);
        let list = modules_dep(&depends);
        assert!(list.contains("net.ko: ring.ko failover.ko virtio.ko\n"), "{list}");
        assert!(list.contains("ring.ko: virtio.ko\n"), "{list}");
    }
}
