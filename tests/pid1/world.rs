//! A world for one PID 1: namespaces of its own, a root in memory, a console that is a pipe.

use std::env;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::mount::{MountFlags, UnmountFlags};

/// The folder of the host's that the world sees as its own.
const SHARED: [&str; 4] = ["usr", "lib", "lib64", "lib32"];

fn root_of_repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Builds `pilot` with the test's board.
pub fn build() -> PathBuf {
    let target = root_of_repository().join("target/pid1");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--features", "pid1", "--bin", "pilot"])
        .arg("--target-dir")
        .arg(&target)
        .env("PILOT_BOARD", root_of_repository().join("tests/pid1"))
        .current_dir(root_of_repository())
        .status();
    assert!(built.is_ok_and(|status| status.success()), "pilot does not build");
    target.join("release/pilot")
}

/// A running PID 1.
pub struct World {
    folder: PathBuf,
    unshare: Child,
    /// Its pid outside.
    pub pid: u32,
    console: File,
    /// What the console has said so far.
    pub said: String,
}

impl World {
    /// Starts `pilot` and waits until its board is up.
    pub fn start(pilot: &Path) -> Self {
        let folder = env::temp_dir().join(format!("pilot-pid1-{}", std::process::id()));
        fs::create_dir_all(folder.join("root")).unwrap();
        let console = folder.join("console");
        let _ = fs::remove_file(&console);
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &console, mode).unwrap();
        // For writing, too: the pipe then never ends.
        let console = File::options().read(true).write(true).open(&console).unwrap();
        let unshare = Command::new("unshare")
            .args(["--fork", "--pid", "--mount", "--net", "--ipc", "--uts", "--cgroup"])
            .arg("--kill-child")
            .arg(env::current_exe().unwrap())
            .arg("enter")
            .args([folder.as_path(), pilot])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut world = Self { folder, unshare, pid: 0, console, said: String::new() };
        world.wait_for_line("the board is up");
        let id = world.unshare.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        world.pid = children.trim().parse().unwrap();
        world
    }

    /// Reads the console until a line of it contains `text`.
    pub fn wait_for_line(&mut self, text: &str) {
        let begin = self.said.len();
        while !self.said[begin..].contains(text) {
            let mut ready = [PollFd::new(&self.console, PollFlags::IN)];
            let patience = Timespec { tv_sec: 30, tv_nsec: 0 };
            let count = poll(&mut ready, Some(&patience)).unwrap();
            assert_eq!(count, 1, "the console never said {text:?}:\n{}", self.said);
            let mut bytes = [0; 512];
            let length = self.console.read(&mut bytes).unwrap();
            self.said.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
    }

    /// A path of its file system, from outside.
    pub fn path(&self, inside: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{inside}", self.pid))
    }

    /// Connects to a socket of its file system.
    pub fn connect(&self, inside: &str) -> std::io::Result<UnixStream> {
        UnixStream::connect(self.path(inside))
    }

    /// Says `word`, and returns what is answered until the end.
    pub fn ask(&self, inside: &str, word: &str) -> String {
        answer(self.connect(inside).unwrap(), word)
    }

    /// Runs a program in it.
    pub fn run(&self, program: &[&str]) -> Output {
        let pid = self.pid.to_string();
        Command::new("nsenter")
            .args(["--target", &pid, "--all", "--root", "--wd"])
            .args(program)
            .output()
            .unwrap()
    }

    /// Waits for its end.
    pub fn end(mut self) -> std::process::ExitStatus {
        self.unshare.wait().unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // What is left of it after a case that failed goes with it.
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Says `word` and no more, and returns what is answered until the end.
pub fn answer(mut stream: UnixStream, word: &str) -> String {
    stream.write_all(word.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    // A service that crashes may reset the connection: no answer.
    let _ = stream.read_to_string(&mut answer);
    answer
}

/// The first process of the new namespaces: makes the root, and becomes `pilot`.
pub fn enter(folder: &Path, pilot: &Path) -> ! {
    let root = folder.join("root");
    mount("tmpfs", &root);
    for name in ["bin", "sbin", "dev", "etc", "home/www", "proc", "run", "sys", "tmp", "old"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    for name in SHARED {
        share(name, &root);
    }
    fs::copy(pilot, root.join("sbin/init")).unwrap();
    symlink("init", root.join("sbin/pilotctl")).unwrap();
    fs::copy(env::current_exe().unwrap(), root.join("bin/probe")).unwrap();
    symlink("/usr/bin/sh", root.join("bin/sh")).unwrap();
    symlink("/usr/bin/kill", root.join("bin/kill")).unwrap();
    let users = "root:x:0:0::/root:/bin/sh\nwww:x:33:34::/home/www:/bin/false\n";
    fs::write(root.join("etc/passwd"), users).unwrap();
    fs::write(root.join("etc/group"), "root:x:0:\nwww:x:34:\nextra:x:40:x,www\n").unwrap();
    mount("tmpfs", &root.join("dev"));
    for (from, name) in [(Path::new("/dev/null"), "null"), (&folder.join("console"), "console")] {
        File::create(root.join("dev").join(name)).unwrap();
        rustix::mount::mount_bind(from, root.join("dev").join(name)).unwrap();
    }
    rustix::process::pivot_root(&root, root.join("old")).unwrap();
    env::set_current_dir("/").unwrap();
    rustix::mount::unmount("/old", UnmountFlags::DETACH).unwrap();
    let error = Command::new("/sbin/init").env_clear().exec();
    panic!("{error}")
}

fn mount(kind: &str, target: &Path) {
    rustix::mount::mount(kind, target, kind, MountFlags::empty(), None).unwrap();
}

fn share(name: &str, root: &Path) {
    let from = Path::new("/").join(name);
    if let Ok(target) = fs::read_link(&from) {
        symlink(target, root.join(name)).unwrap();
    } else if from.is_dir() {
        fs::create_dir(root.join(name)).unwrap();
        rustix::mount::mount_bind(&from, root.join(name)).unwrap();
    }
}
