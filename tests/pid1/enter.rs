//! The first process of a world's namespaces: makes the root, and becomes `pilot`.

use std::env;
use std::fmt;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::mount::{MountFlags, UnmountFlags};
use rustix::process::{Resource, Rlimit, setrlimit};

/// The folders of the host's that the world sees as its own.
const SHARED: [&str; 4] = ["usr", "lib", "lib64", "lib32"];

/// What a kernel starts its first process with, where a user's limits may be others.
const LIMITS: [(Resource, u64, Option<u64>); 2] =
    [(Resource::Core, 0, None), (Resource::Memlock, 8 << 20, Some(8 << 20))];

/// What a world is told that is told something.
const ARGUMENTS: [&str; 5] =
    ["splash", "pilot.log_level=debug", "pilot.unit=third", "pilot.mask=second.service", "quieter"];

/// What a world has, or lacks, that others do not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Oddity {
    /// Its console is a terminal.
    Terminal,
    /// There is no /dev/console, only /dev/kmsg.
    NoConsole,
    /// There is no /dev/null.
    NoNull,
    /// It has no control groups.
    NoGroups,
    /// What is mounted in the place of its control groups looks like version 1.
    OldGroups,
    /// Its kernel does not know clone3(2).
    NoClone3,
    /// The kernel's file systems are mounted already, and nothing can be written but to /run.
    ReadOnly,
    /// /run takes no further file.
    FullRun,
    /// A bit of the program's table is not what it was.
    Damaged,
    /// It is told what to boot.
    Arguments,
    /// What lies in /var/lib outlives it: [`kept_folder`].
    Kept,
}

/// What the worlds of a test process keep, by the folder that one of them works in.
pub fn kept_folder(folder: &Path) -> PathBuf {
    let name = folder.to_string_lossy();
    PathBuf::from(format!("{}-kept", name.rsplit_once('-').unwrap().0))
}

impl Oddity {
    const ALL: [Self; 11] = [
        Self::Terminal,
        Self::NoConsole,
        Self::NoNull,
        Self::NoGroups,
        Self::OldGroups,
        Self::NoClone3,
        Self::ReadOnly,
        Self::FullRun,
        Self::Damaged,
        Self::Arguments,
        Self::Kept,
    ];
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Arguments: a folder to work in, the program, the console, the names of oddities.
pub fn enter(arguments: &[String]) -> ! {
    let [folder, pilot, console, oddities @ ..] = arguments else { panic!("{arguments:?}") };
    let known = Oddity::ALL.into_iter().filter(|each| oddities.contains(&each.to_string()));
    let oddities: Vec<Oddity> = known.collect();
    for (resource, current, maximum) in LIMITS {
        // A container may have less to give than a machine.
        let _ = setrlimit(resource, Rlimit { current: Some(current), maximum });
    }
    // So does a kernel, whatever the nice level of this test.
    let _ = rustix::process::setpriority_process(None, 0);
    let root = Path::new(folder).join("root");
    make_root(&root, Path::new(pilot));
    make_devices(&root, Path::new(console), &oddities);
    for oddity in &oddities {
        make_odd(&root, *oddity);
    }
    rustix::process::pivot_root(&root, root.join("old")).unwrap();
    env::set_current_dir("/").unwrap();
    rustix::mount::unmount("/old", UnmountFlags::DETACH).unwrap();
    if oddities.contains(&Oddity::ReadOnly) {
        rustix::mount::mount_remount("/", MountFlags::RDONLY, c"").unwrap();
    }
    if oddities.contains(&Oddity::NoClone3) {
        refuse_clone3();
    }
    let mut init = init();
    if oddities.contains(&Oddity::Arguments) {
        init.args(ARGUMENTS);
    }
    panic!("{}", init.exec())
}

/// The program as the kernel starts it: on the console, or without a descriptor.
fn init() -> Command {
    let mut init = Command::new("/sbin/init");
    // As the kernel's do.
    init.env_clear().envs([("HOME", "/"), ("TERM", "linux")]);
    match File::options().read(true).write(true).open("/dev/console") {
        Ok(console) => {
            let copy = || console.try_clone().unwrap();
            init.stdin(copy()).stdout(copy()).stderr(copy());
        }
        // SAFETY: close(2) is safe to call before exec, and nothing is used after it.
        Err(_) => unsafe {
            init.pre_exec(|| {
                for fd in 0..3 {
                    libc::close(fd);
                }
                Ok(())
            });
        },
    }
    init
}

fn make_root(root: &Path, pilot: &Path) {
    mount("tmpfs", root, "");
    for name in ["bin", "sbin", "dev", "etc", "home/www", "proc", "run", "sys", "tmp", "old"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    for name in SHARED {
        share(name, root);
    }
    fs::copy(pilot, root.join("sbin/init")).unwrap();
    symlink("init", root.join("sbin/pilotctl")).unwrap();
    fs::copy(env::current_exe().unwrap(), root.join("bin/probe")).unwrap();
    symlink("/usr/bin/sh", root.join("bin/sh")).unwrap();
    symlink("/usr/bin/kill", root.join("bin/kill")).unwrap();
    copy_tree(Path::new(CHECKS_FILES), root);
}

/// What boards with checks are laid over with.
const CHECKS_FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/checks/files");

fn copy_tree(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn make_devices(root: &Path, console: &Path, oddities: &[Oddity]) {
    mount("tmpfs", &root.join("dev"), "");
    let name = if oddities.contains(&Oddity::NoConsole) { "kmsg" } else { "console" };
    let (null, tty) = (Path::new("/dev/null"), Path::new("/dev/tty"));
    for (from, name) in [(console, name), (null, "null"), (tty, "tty")] {
        if name == "null" && oddities.contains(&Oddity::NoNull) {
            continue;
        }
        File::create(root.join("dev").join(name)).unwrap();
        rustix::mount::mount_bind(from, root.join("dev").join(name)).unwrap();
    }
}

fn make_odd(root: &Path, oddity: Oddity) {
    match oddity {
        Oddity::Terminal
        | Oddity::NoConsole
        | Oddity::NoNull
        | Oddity::NoClone3
        | Oddity::Arguments => {}
        Oddity::Kept => {
            let kept = kept_folder(root.parent().unwrap());
            fs::create_dir_all(&kept).unwrap();
            fs::create_dir_all(root.join("var/lib")).unwrap();
            rustix::mount::mount_bind(kept, root.join("var/lib")).unwrap();
        }
        Oddity::NoGroups => drop(mount_for_groups(root)),
        Oddity::OldGroups => {
            File::create(mount_for_groups(root).join("cgroup.procs")).unwrap();
        }
        Oddity::ReadOnly => {
            mount("proc", &root.join("proc"), "");
            mount("sysfs", &root.join("sys"), "");
            for name in ["dev/pts", "dev/shm"] {
                fs::create_dir(root.join(name)).unwrap();
            }
        }
        Oddity::FullRun => mount("tmpfs", &root.join("run"), "nr_inodes=1"),
        Oddity::Damaged => {
            let init = root.join("sbin/init");
            let mut program = fs::read(&init).unwrap();
            let hostname = program.windows(9).rposition(|bytes| bytes == b"pid1-test").unwrap();
            program[hostname] ^= 1;
            fs::write(&init, program).unwrap();
        }
    }
}

/// Mounts something in a /sys that PID 1 finds mounted, where control groups would be.
fn mount_for_groups(root: &Path) -> PathBuf {
    mount("sysfs", &root.join("sys"), "");
    let target = root.join("sys/fs/cgroup");
    mount("tmpfs", &target, "");
    target
}

/// clone3(2) fails with ENOSYS from now on, in all that this process becomes or makes.
fn refuse_clone3() {
    const fn filter(code: u32, k: u32, jt: u8, jf: u8) -> libc::sock_filter {
        libc::sock_filter { code: code as u16, jt, jf, k }
    }
    let number = libc::SYS_clone3 as u32;
    let refusal = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
    // The call's number is the first word of what a filter sees: seccomp(2).
    let mut steps = [
        filter(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        filter(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, number, 0, 1),
        filter(libc::BPF_RET | libc::BPF_K, refusal, 0, 0),
        filter(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: the kernel copies the program, which outlives the call.
    let set =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
}

fn mount(kind: &str, target: &Path, options: &str) {
    let options = std::ffi::CString::new(options).unwrap();
    let none = MountFlags::empty();
    rustix::mount::mount(kind, target, kind, none, Some(options.as_c_str())).unwrap();
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
