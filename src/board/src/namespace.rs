//! A board of the host's own architecture, in namespaces of the host's own kernel.
//!
//! unshare(1) makes the namespaces and the new PID 1, which is this program again: it puts the
//! root file system together ([`enter`]) and becomes `/sbin/init`. What the board writes goes to
//! an overlay in memory; the template and the machine stay as they are. Its console is a
//! pseudo-terminal, its network a loopback of its own that [`crate::relay`] leads into.

use std::convert::Infallible;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags};
use rustix::pty::OpenptFlags;

use crate::cgroup::Group;
use crate::fail::{Failure, OrFail, Result};
use crate::provision;

/// The verb under which this program is PID 1 of the namespaces; no user types it.
pub const ENTER: &str = "enter-namespaces";
/// What the new PID 1 says when it is about to become init.
const READY: &str = "ready\n";
/// Moves into the group whose file is the first argument and becomes what the others say.
const JOIN: &str = "echo 0 > \"$1\" && shift && exec \"$@\"";
const NEXT: &str = "run it as root, or allow users their own namespaces \
                    (sysctl kernel.unprivileged_userns_clone=1)";
/// Devices that a container has; what the kernel's own devtmpfs holds is the machine's.
const DEVICES: [&str; 6] = ["full", "null", "random", "tty", "urandom", "zero"];

/// A running board.
#[derive(Debug)]
pub struct Namespace {
    /// unshare(1); it ends as PID 1 of the board does.
    pub child: Child,
    /// The side of the console's pseudo-terminal where the user sits.
    pub console: File,
    /// The board's side. While we have it open, too, the console is not hung up when the board
    /// closes and opens it.
    pub terminal: File,
    /// The board's network namespace.
    pub network: File,
    /// The control group it is in.
    pub group: Option<Group>,
}

/// Sees to it that this process may make namespaces: where only root may, in a user namespace of
/// its own. Must come before anything that would be lost by starting anew.
///
/// # Errors
/// If unshare(1) cannot be started.
pub fn become_root() -> Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let this = this_program()?;
    let cause = as_root()?.arg(this).args(std::env::args_os().skip(1)).exec();
    Err(Failure::because(cause, "cannot start unshare", NEXT))
}

/// What makes the command behind it root of a user namespace, with other users in it: services have
/// theirs. They are a range of ids outside, which newuidmap(1) hands out.
///
/// # Errors
/// If there is no newuidmap(1) and it cannot be installed.
pub fn as_root() -> Result<Command> {
    if !Path::new("/usr/bin/newuidmap").exists() {
        provision::provide(&[&["uidmap"]])?;
    }
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--map-auto", "--"]);
    Ok(unshare)
}

/// Boots the root file system in `template`; `work` is an empty folder to put it together in.
///
/// # Errors
/// If the kernel does not give the namespaces.
pub fn start(program: &Path, template: &Path, work: &Path) -> Result<Namespace> {
    let (console, terminal, terminal_path) = terminal().or_fail(
        || "there is no pseudo-terminal for the console".to_owned(),
        "see that /dev/pts is mounted",
    )?;
    let group = Group::make(&work.file_name().unwrap_or_default().to_string_lossy());
    // Without us nobody leads to the board: it ends when we do.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]);
    if let Some(group) = &group {
        command.args(["sh", "-c", JOIN, "sh"]).arg(group.processes());
    }
    let mut child = command
        .args(["unshare", "--pid", "--mount", "--net", "--ipc", "--uts", "--cgroup"])
        .args(["--fork", "--kill-child", "--"])
        .arg(program)
        .arg(ENTER)
        .args([template, work, &terminal_path])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .or_fail(|| "cannot start unshare".to_owned(), NEXT)?;
    await_ready(&mut child)?;
    // unshare(1) is in all the namespaces but the one for processes.
    let network = PathBuf::from(format!("/proc/{}/ns/net", child.id()));
    let network = File::open(&network).or_file("open", &network)?;
    Ok(Namespace { child, console, terminal, network, group })
}

/// Waits for the word that init is about to be executed; another is a complaint, and the end.
fn await_ready(child: &mut Child) -> Result<()> {
    let mut said = String::new();
    if let Some(pipe) = child.stdout.take() {
        let mut pipe = BufReader::new(pipe);
        let read = pipe
            .read_line(&mut said)
            .and_then(|_| if said == READY { Ok(0) } else { pipe.read_to_string(&mut said) });
        read.or_fail(|| "cannot hear of the namespaces".to_owned(), NEXT)?;
    }
    if said == READY {
        return Ok(());
    }
    // It has said all it had to say.
    let _ = child.wait();
    Err(Failure::because(said.trim().to_owned(), "cannot enter namespaces", NEXT))
}

/// True if a board ended as it was told to: the kernel reports a power-off or halt of a process
/// namespace as death by SIGINT and a reboot as death by SIGHUP, reboot(2).
pub fn is_orderly(status: ExitStatus) -> bool {
    let (sighup, sigint) = (1, 2);
    status.success()
        || matches!(status.signal(), Some(signal) if signal == sighup || signal == sigint)
        || matches!(status.code(), Some(code) if code == 128 + sighup || code == 128 + sigint)
}

/// What the new PID 1 does: puts the root file system together, moves into it and becomes init.
/// Returns only the reason why not.
pub fn enter(template: &Path, work: &Path, terminal: &Path) -> Failure {
    match build_root(template, work, terminal).and_then(|console| become_init(work, &console)) {
        Ok(never) => match never {},
        Err(failure) => {
            // The other side waits for it on the pipe.
            println!("{failure}");
            failure
        }
    }
}

fn become_init(work: &Path, console: &File) -> Result<Infallible> {
    let root = work.join("root");
    rustix::process::chdir(&root).or_file("enter", &root)?;
    // The old root is stacked below the new one and then taken away: pivot_root(2).
    rustix::process::pivot_root(".", ".").or_file("move into", &root)?;
    rustix::mount::unmount(".", UnmountFlags::DETACH).or_file("leave", Path::new("/"))?;
    rustix::process::chdir("/").or_file("enter", Path::new("/"))?;
    print!("{READY}");
    std::io::stdout().flush().or_file("write to", Path::new("/dev/stdout"))?;
    let clone = || console.try_clone().or_file("open", Path::new("/dev/console"));
    let cause = Command::new("/sbin/init")
        .env_clear()
        .env("TERM", "linux")
        .stdin(clone()?)
        .stdout(clone()?)
        .stderr(clone()?)
        .exec();
    Err(Failure::because(cause, "cannot execute /sbin/init", "see what the board is built of"))
}

fn build_root(template: &Path, work: &Path, terminal: &Path) -> Result<File> {
    rustix::mount::mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .or_file("detach", Path::new("/"))?;
    mount("tmpfs", work, "mode=0755")?;
    for name in ["upper", "work", "root"] {
        let dir = work.join(name);
        fs::create_dir(&dir).or_file("make", &dir)?;
    }
    let root = work.join("root");
    let (lower, upper, scratch) = (template.display(), work.join("upper"), work.join("work"));
    let layers =
        format!("lowerdir={lower},upperdir={},workdir={}", upper.display(), scratch.display());
    mount("overlay", &root, &layers)?;
    mount("proc", &root.join("proc"), "")?;
    mount("sysfs", &root.join("sys"), "")?;
    mount("tmpfs", &root.join("dev"), "mode=0755")?;
    for name in DEVICES {
        bind(&Path::new("/dev").join(name), &root.join("dev").join(name))?;
    }
    bind(terminal, &root.join("dev/console"))?;
    // Not the machine's own kernel log: what services say comes to the board's console.
    bind(terminal, &root.join("dev/kmsg"))?;
    fs::create_dir(root.join("dev/pts")).or_file("make", &root.join("dev/pts"))?;
    mount("devpts", &root.join("dev/pts"), "newinstance,ptmxmode=0666,mode=0620")?;
    let ptmx = root.join("dev/ptmx");
    symlink("pts/ptmx", &ptmx).or_file("make", &ptmx)?;
    let console = root.join("dev/console");
    File::options().read(true).write(true).open(&console).or_file("open", &console)
}

fn mount(kind: &str, at: &Path, options: &str) -> Result<()> {
    let options = std::ffi::CString::new(options).or_file("mount", at)?;
    rustix::mount::mount(kind, at, kind, MountFlags::empty(), Some(options.as_c_str()))
        .or_fail(|| format!("cannot mount {kind} on {}", at.display()), NEXT)
}

fn bind(from: &Path, to: &Path) -> Result<()> {
    File::create(to).or_file("make", to)?;
    rustix::mount::mount_bind(from, to)
        .or_fail(|| format!("cannot mount {} on {}", from.display(), to.display()), NEXT)
}

/// A new pseudo-terminal: the user's side, the board's, and the path of that.
fn terminal() -> rustix::io::Result<(File, File, PathBuf)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let ours: OwnedFd = rustix::pty::openpt(flags)?;
    rustix::pty::grantpt(&ours)?;
    rustix::pty::unlockpt(&ours)?;
    let path = rustix::pty::ptsname(&ours, Vec::new())?;
    let theirs = rustix::pty::ioctl_tiocgptpeer(&ours, flags)?;
    Ok((ours.into(), theirs.into(), PathBuf::from(path.to_string_lossy().into_owned())))
}

/// This program, for starting it again.
///
/// # Errors
/// If the kernel does not say where it is.
pub fn this_program() -> Result<PathBuf> {
    std::env::current_exe().or_file("find", Path::new("/proc/self/exe"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_off_is_orderly_and_a_crash_is_not() {
        assert!(is_orderly(ExitStatus::from_raw(0)));
        assert!(is_orderly(ExitStatus::from_raw(2)));
        assert!(is_orderly(ExitStatus::from_raw((128 + 1) << 8)));
        assert!(!is_orderly(ExitStatus::from_raw(11)));
        assert!(!is_orderly(ExitStatus::from_raw(1 << 8)));
    }
}
