//! A world for one PID 1: namespaces of its own, a root in memory, a console that is a pipe.

use std::env;
use std::ffi::c_int;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use rustix::process::{Pid, Signal};
use rustix::thread::{LinkNameSpaceType, Uid};

use crate::enter::{Oddity, kept_folder};

/// How long anything may take before a test gives up: for the case that something is broken.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A time for poll(2).
pub fn seconds(time: Duration) -> Timespec {
    Timespec { tv_sec: time.as_secs() as i64, tv_nsec: 0 }
}

/// Moves into the group whose file is the first argument and becomes what the others say.
const JOIN: &str = "echo 0 > \"$1\" && shift && exec \"$@\"";

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
    /// Its control group on the host, where the host has any.
    group: Option<PathBuf>,
    unshare: Child,
    /// Its pid outside.
    pub pid: u32,
    /// Our side of its console.
    pub console: File,
    /// What the console has said so far.
    pub said: String,
    /// What was waited for before this place is not found again.
    seen: usize,
}

impl World {
    /// Starts `pilot` and waits until its board is up.
    pub fn start(pilot: &Path, oddities: &[Oddity]) -> Self {
        let mut world = Self::begin(pilot, oddities);
        world.wait_for_line("the board is up");
        let id = world.unshare.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        world.pid = children.trim().parse().unwrap();
        world
    }

    /// Starts `pilot`.
    pub fn begin(pilot: &Path, oddities: &[Oddity]) -> Self {
        static WORLDS: AtomicU32 = AtomicU32::new(0);
        let number = WORLDS.fetch_add(1, Ordering::Relaxed);
        let name = format!("pilot-pid1-{}-{number}", std::process::id());
        let folder = env::temp_dir().join(&name);
        fs::create_dir_all(folder.join("root")).unwrap();
        let (console, path) = console(&folder, oddities);
        let group = own_group().map(|own| own.join(name));
        let mut command = Command::new("sh");
        if let Some(group) = &group {
            fs::create_dir(group).unwrap();
            command.args(["-c", JOIN, "sh"]).arg(group.join("cgroup.procs"));
        } else {
            command.args(["-c", "exec \"$@\"", "sh"]);
        }
        let unshare = command
            .args(["unshare", "--fork", "--pid", "--mount", "--net", "--ipc", "--uts"])
            .args(["--cgroup", "--kill-child"])
            .arg(env::current_exe().unwrap())
            .arg("enter")
            .args([folder.as_path(), pilot, &path])
            .args(oddities.iter().map(Oddity::to_string))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { folder, group, unshare, pid: 0, console, said: String::new(), seen: 0 }
    }

    /// Reads the console until it has said `text` behind what was waited for before.
    pub fn wait_for_line(&mut self, text: &str) {
        let begin = Instant::now();
        loop {
            if let Some(at) = self.said[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            let mut ready = [PollFd::new(&self.console, PollFlags::IN)];
            let heard = poll(&mut ready, Some(&seconds(PATIENCE))).unwrap() == 1;
            let patient = heard && begin.elapsed() < PATIENCE;
            assert!(patient, "the console never said {text:?}:\n{}", self.said);
            self.read_console();
        }
    }

    fn read_console(&mut self) {
        let mut bytes = [0; 512];
        let length = self.console.read(&mut bytes).unwrap();
        self.said.push_str(&String::from_utf8_lossy(&bytes[..length]));
    }

    /// Reads what the console has said by now.
    pub fn hear(&mut self) {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        while poll(&mut [PollFd::new(&self.console, PollFlags::IN)], Some(&now)).unwrap() == 1 {
            self.read_console();
        }
    }

    /// Where lies what outlives it, with [`Oddity::Kept`].
    pub fn kept(&self) -> PathBuf {
        kept_folder(&self.folder)
    }

    /// A path of its file system, from outside.
    pub fn path(&self, inside: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{inside}", self.pid))
    }

    /// Connects to a socket of its file system.
    pub fn connect(&self, inside: &str) -> std::io::Result<UnixStream> {
        let stream = UnixStream::connect(self.path(inside))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// Says `word`, and returns what is answered until the end.
    pub fn ask(&self, inside: &str, word: &str) -> String {
        answer(self.connect(inside).unwrap(), word)
    }

    /// Does something in its network, as a program in it would.
    pub fn in_network<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        let network = File::open(format!("/proc/{}/ns/net", self.pid)).unwrap();
        // A thread of its own, which does not come back out.
        let enter = move || {
            let kind = Some(LinkNameSpaceType::Network);
            rustix::thread::move_into_link_name_space(network.as_fd(), kind).unwrap();
            act()
        };
        std::thread::scope(|scope| scope.spawn(enter).join().unwrap())
    }

    /// Connects to a stream socket of its file system as another user.
    pub fn as_user(&self, uid: u32, inside: &str) -> UnixStream {
        self.connect_as(uid, SocketType::STREAM, inside).into()
    }

    /// Connects to a socket for packets as another user.
    pub fn packets_as_user(&self, uid: u32, inside: &str) -> OwnedFd {
        self.connect_as(uid, SocketType::SEQPACKET, inside)
    }

    fn connect_as(&self, uid: u32, kind: SocketType, inside: &str) -> OwnedFd {
        // A user has no way through /proc/PID/root, but through a descriptor.
        let mut options = File::options();
        options.read(true).custom_flags(libc::O_PATH);
        let node = options.open(self.path(inside)).unwrap();
        let path = format!("/proc/thread-self/fd/{}", node.as_raw_fd());
        let connect = move || {
            // The thread's user, not the process's: rustix makes the bare system call.
            let uid = Uid::from_raw(uid);
            rustix::thread::set_thread_res_uid(uid, uid, uid).unwrap();
            let socket = socket(AddressFamily::UNIX, kind);
            rustix::net::connect(&socket, &SocketAddrUnix::new(path).unwrap()).unwrap();
            socket
        };
        std::thread::scope(|scope| scope.spawn(connect).join().unwrap())
    }

    fn command(&self, program: &[&str]) -> Command {
        let pid = self.pid.to_string();
        let mut command = Command::new("nsenter");
        command.args(["--target", &pid, "--all", "--root", "--wd"]).args(program);
        command
    }

    /// Runs a program in it.
    pub fn run(&self, program: &[&str]) -> Output {
        self.command(program).output().unwrap()
    }

    /// Starts a program in it, and reads what it says.
    pub fn spawn(&self, program: &[&str]) -> Child {
        self.command(program).stdout(Stdio::piped()).spawn().unwrap()
    }

    /// Runs `pilotctl`, which has nothing to complain about.
    pub fn control(&self, arguments: &[&str]) -> String {
        let output = self.run(&[&["/sbin/pilotctl"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Waits until PID 1 can be asked.
    pub fn wait_for_control(&self) {
        let begin = Instant::now();
        while !self.run(&["/sbin/pilotctl", "show"]).status.success() {
            assert!(begin.elapsed() < PATIENCE, "nobody can ask:\n{}", self.said);
        }
    }

    /// What `pilotctl` says about one property of a unit, or of the whole.
    pub fn property(&self, name: &str, unit: &[&str]) -> String {
        self.control(&[&["show", "--value", "-p", name], unit].concat())
    }

    /// Asks until a property has that value. Each question is a turn of PID 1, so that what is
    /// under way there is soon done.
    pub fn wait_for_property(&self, name: &str, unit: &str, value: &str) {
        let begin = Instant::now();
        loop {
            let now = self.property(name, &[unit]);
            if now == value {
                return;
            }
            let patient = begin.elapsed() < PATIENCE;
            assert!(patient, "{unit}: {name} is {now}, not {value}:\n{}", self.said);
        }
    }

    /// How many descriptors PID 1 has.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid)).unwrap().count()
    }

    /// Waits until PID 1 has no more descriptors than these: that of a client which has ended is
    /// there until it hears of the end.
    pub fn wait_for_descriptors(&self, most: usize) {
        let begin = Instant::now();
        while self.descriptors() > most {
            let patient = begin.elapsed() < PATIENCE;
            assert!(patient, "{} descriptors, not {most}:\n{}", self.descriptors(), self.said);
            std::thread::yield_now();
        }
    }

    /// Signals PID 1 from the outside, which may send it anything.
    pub fn kill(&self, signal: c_int) {
        let pid = Pid::from_raw(self.pid as i32).unwrap();
        // SAFETY: the number is a signal's; no handler of ours comes of it.
        let signal = unsafe { Signal::from_raw_unchecked(signal) };
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for its end, and returns the signal that the kernel ended its PID 1 with (unshare(1)
    /// ends as its child did): SIGHUP for a reboot, SIGINT for a power-off or halt, reboot(2).
    pub fn end(&mut self) -> Option<c_int> {
        self.unshare.wait().unwrap().signal()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // What is left of it after a case that failed goes with it.
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
        if let Some(group) = &self.group {
            remove_group(group);
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A socket that no world started meanwhile inherits.
pub fn socket(family: AddressFamily, kind: SocketType) -> OwnedFd {
    rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, None).unwrap()
}

/// Our side of a console, and the path of the board's.
fn console(folder: &Path, oddities: &[Oddity]) -> (File, PathBuf) {
    if oddities.contains(&Oddity::Terminal) {
        return terminal();
    }
    let path = folder.join("console");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
    // For writing, too: the pipe then never ends.
    (File::options().read(true).write(true).open(&path).unwrap(), path)
}

fn terminal() -> (File, PathBuf) {
    use rustix::pty::OpenptFlags;
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let ours = rustix::pty::openpt(flags).unwrap();
    rustix::pty::grantpt(&ours).unwrap();
    rustix::pty::unlockpt(&ours).unwrap();
    let path = rustix::pty::ptsname(&ours, Vec::new()).unwrap();
    // While somebody has it open our side is not hung up.
    std::mem::forget(rustix::pty::ioctl_tiocgptpeer(&ours, flags).unwrap());
    (ours.into(), PathBuf::from(path.into_string().unwrap()))
}

/// The folder of our own control group: worlds of one group would kill in each other's.
fn own_group() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mount = mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let at = fields.next()?;
        (fields.next()? == "cgroup2").then_some(at)
    })?;
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new(mount).join(path))
}

/// From the innermost outwards; the files in them are the kernel's. A group can be removed when
/// the kernel has done with the last of its processes.
fn remove_group(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_group(&entry.path());
        }
    }
    let begin = Instant::now();
    while fs::remove_dir(folder).is_err() && begin.elapsed() < Duration::from_secs(5) {
        std::thread::yield_now();
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
