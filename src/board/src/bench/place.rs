//! Everything that takes part, built, and the root that it runs in.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use rustix::mount::{MountFlags, mount};

use super::contender::Scenario;
use super::units;
use crate::apt::{Along, Apt};
use crate::arch::{Arch, Need};
use crate::conf::Board;
use crate::fail::{self, OrFail, Result};
use crate::library::Library;
use crate::state::{self, State, write_whole};
use crate::tree::{Node, Tree};
use crate::{image, provision};

/// What the bench needs beside what a board does.
const NEEDS: [Need; 3] = [&["gcc"], &["libc6-dev"], &["strace"]];
const HEADER: &str = include_str!("../../bench/sys.h");
/// The bench's own programs, and what each is in the root; `start` stays outside.
const PROGRAMS: [(&str, &str); 3] = [
    ("service", include_str!("../../bench/service.c")),
    ("start", include_str!("../../bench/start.c")),
    ("floor", include_str!("../../bench/floor.c")),
];
/// No libc, and not a page more than needed.
const CFLAGS: [&str; 13] = [
    "-std=gnu11",
    "-Wall",
    "-Wextra",
    "-Os",
    "-static",
    "-nostdlib",
    "-ffreestanding",
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-no-pie",
    "-fno-pie",
    "-Wl,--build-id=none,-z,noseparate-code",
    "-s",
];
const PEER_PACKAGES: [&str; 3] = ["xinetd", "openbsd-inetd", "systemd"];
const PEER_PROGRAMS: [&str; 3] =
    ["/usr/sbin/xinetd", "/usr/sbin/inetd", "/usr/bin/systemd-socket-activate"];
/// As on every Debian.
const LINKS: [(&str, &str); 4] =
    [("bin", "usr/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib"), ("lib64", "usr/lib64")];
const DIRS: [&str; 6] = ["dev", "proc", "run", "sys", "tmp", "etc"];
const FILES: [(&str, &str); 3] = [
    ("etc/passwd", "root:x:0:0:root:/:/bin/sh\n"),
    ("etc/group", "root:x:0:\n"),
    ("etc/protocols", "tcp 6 TCP\n"),
];
/// Character devices. PID 1 has a console on which nothing is shown.
const DEVICES: [(&str, u32, u32); 7] = [
    ("console", 1, 3),
    ("kmsg", 1, 3),
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
];

/// What to do when a contender fails.
pub const NEXT: &str = "see what the contenders said last, in target/board/bench/said";

/// The name of the `pilot` that has the units of a scenario.
pub fn pilot(scenario: Scenario) -> String {
    format!("pilot-{}", scenario.name())
}

/// `target/board/bench`.
#[derive(Debug)]
pub struct Place {
    dir: PathBuf,
}

impl Place {
    /// The place in this source tree.
    pub fn new() -> Self {
        Self { dir: state::folder().join("bench") }
    }

    /// The root of everybody who is measured. On a disk: on a tmpfs a program's own pages would
    /// count as dirty.
    pub fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// One of the bench's own programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// A file for what is only looked at.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Builds everything, and with `peers` fetches the peers.
    ///
    /// # Errors
    /// If something is not to be had.
    pub fn build(&self, peers: bool) -> Result<()> {
        provision::provide(&NEEDS)?;
        let armv7 = Board::find("qemu-armv7")?;
        image::provide(&armv7, false)?;
        let state = State::take()?;
        let mut tree = Tree::default();
        for name in DIRS {
            tree.put(name, Node::Dir(0o755));
        }
        for (path, text) in FILES {
            tree.put(path, Node::File(0o644, text.into()));
        }
        put_programs(&state, &mut tree)?;
        for scenario in Scenario::ALL {
            let board = units::write(&state.dir("bench/boards")?, scenario)?;
            let elf = image::pilot(&state, &Board::read(&board)?)?;
            let bytes = fs::read(&elf).or_file("read", &elf)?;
            tree.put(&pilot(scenario), Node::File(0o755, bytes));
        }
        if peers {
            put_peers(&state, &mut tree)?;
        }
        let elf = image::pilot(&state, &armv7)?;
        let bytes = fs::read(&elf).or_file("read", &elf)?;
        write_whole(&self.armv7(), bytes)?;
        self.lay_out(&tree)
    }

    fn lay_out(&self, tree: &Tree) -> Result<()> {
        let root = self.root();
        if root.exists() {
            fs::remove_dir_all(&root).or_file("remove", &root)?;
        }
        fs::create_dir_all(&root).or_file("make", &root)?;
        tree.write_to(&root)?;
        let beat = root.join("beat");
        mknodat(CWD, &beat, FileType::Fifo, Mode::from_raw_mode(0o600), 0)
            .or_file("make", &beat)?;
        // What is not yet on the disk would count as dirty, too.
        rustix::fs::sync();
        write_whole(&self.scratch("said"), "")
    }

    fn armv7(&self) -> PathBuf {
        self.scratch("pilot-armv7")
    }

    /// The size of `pilot` as it is installed on the default board.
    ///
    /// # Errors
    /// If it was not built.
    pub fn armv7_size_bytes(&self) -> Result<u64> {
        let path = self.armv7();
        path.metadata().map(|meta| meta.len()).or_file("find", &path)
    }

    /// Readies the root, in the mount namespace of this process, and moves the process to a
    /// control group of its own.
    ///
    /// # Errors
    /// If something cannot be mounted or made.
    pub fn enter(&self) -> Result<Cgroup> {
        let dev = self.root().join("dev");
        mount("tmpfs", &dev, "tmpfs", MountFlags::NOSUID, None).or_file("mount", &dev)?;
        for (name, major, minor) in DEVICES {
            let path = dev.join(name);
            let mode = Mode::from_raw_mode(0o666);
            mknodat(CWD, &path, FileType::CharacterDevice, mode, makedev(major, minor))
                .and_then(|()| rustix::fs::chmod(&path, mode))
                .or_file("make", &path)?;
        }
        Cgroup::enter(&self.dir)
    }

    /// Where services of [`Scenario::Beat`] write; opened for writing as well, so that it never
    /// ends.
    ///
    /// # Errors
    /// If it is not there.
    pub fn beat(&self) -> Result<File> {
        let path = self.root().join("beat");
        File::options().read(true).write(true).open(&path).or_file("open", &path)
    }
}

fn put_peers(state: &State, tree: &mut Tree) -> Result<()> {
    let apt = Apt::open(state)?;
    let mut packages = Vec::new();
    // One by one: they conflict with each other.
    for name in PEER_PACKAGES {
        packages.extend(apt.fetch(Arch::X86_64, &[name.to_owned()], Along::Libraries)?);
    }
    let mut library = Library::new(&packages);
    for (path, target) in LINKS {
        tree.put(path, Node::Link(target.into()));
    }
    for path in PEER_PROGRAMS {
        library.copy(path, tree)?;
    }
    for scenario in Scenario::ALL {
        let name = scenario.name();
        let (xinetd, inetd) = units::peers(scenario);
        tree.put(&format!("etc/xinetd-{name}"), Node::File(0o644, xinetd.into()));
        tree.put(&format!("etc/inetd-{name}"), Node::File(0o644, inetd.into()));
    }
    Ok(())
}

fn put_programs(state: &State, tree: &mut Tree) -> Result<()> {
    let dir = state.dir("bench/programs")?;
    write_whole(&dir.join("sys.h"), HEADER)?;
    for (name, text) in PROGRAMS {
        let (source, program) = (dir.join(format!("{name}.c")), dir.join(name));
        write_whole(&source, text)?;
        let mut cc = Command::new("gcc");
        cc.args(CFLAGS).arg(&source).arg("-o").arg(&program);
        fail::run(&mut cc, "mend what the compiler says above")?;
        let bytes = fs::read(&program).or_file("read", &program)?;
        tree.put(name, Node::File(0o755, bytes));
    }
    Ok(())
}

/// The control group that everybody is in: a PID 1 takes it for the root, and leaves its own
/// groups there.
#[derive(Debug)]
pub struct Cgroup {
    parent: PathBuf,
    dir: PathBuf,
}

impl Cgroup {
    fn enter(place: &Path) -> Result<Self> {
        let parent = place.join("cgroup");
        fs::create_dir_all(&parent).or_file("make", &parent)?;
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        mount("cgroup2", &parent, "cgroup2", flags, None).or_file("mount", &parent)?;
        let dir = parent.join(format!("pilot-bench-{}", std::process::id()));
        fs::create_dir(&dir).or_file("make", &dir)?;
        move_to(&dir)?;
        Ok(Self { parent, dir })
    }

    /// Moves back and removes the group with all that PID 1s have left in it.
    ///
    /// # Errors
    /// If a process is still in one of them.
    pub fn leave(self) -> Result<()> {
        move_to(&self.parent)?;
        remove(&self.dir).or_file("remove", &self.dir)
    }
}

fn move_to(dir: &Path) -> Result<()> {
    let path = dir.join("cgroup.procs");
    fs::write(&path, "0").or_file("write", &path)
}

/// Removes control groups, those inside first; their files are no real ones.
fn remove(dir: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)?.flatten() {
        if entry.file_type()?.is_dir() {
            remove(&entry.path())?;
        }
    }
    fs::remove_dir(dir)
}
