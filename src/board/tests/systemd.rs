//! Records what services see under a real systemd, for `tests/pid1.rs` to compare with.
//!
//! Left out unless asked for, `PILOT_RECORD=1 cargo test -p pilot-board --test systemd`: then the
//! systemd of Debian boots on a kernel of Debian under QEMU, runs the very unit files and the
//! program that the pid1 test runs under `pilot`, and what its services said of themselves becomes
//! `tests/expect/view-systemd.txt`.

#[path = "../../../tests/pid1/probe.rs"]
mod probe;
#[path = "../../../tests/pid1/view.rs"]
mod view;

use std::fs;
use std::path::Path;
use std::process::Command;

use pilot_board::apt::{Along, Apt};
use pilot_board::arch::{Arch, Machine};
use pilot_board::fail::{self, OrFail, Result};
use pilot_board::kernel::Kernel;
use pilot_board::library::Library;
use pilot_board::provision;
use pilot_board::state::{State, workspace};
use pilot_board::tree::{Node, Tree};

const MACHINE: Machine = Machine {
    program: "qemu-system-x86_64",
    args: &["-machine", "q35", "-m", "1024"],
    console: "ttyS0",
    kernel_package: "linux-image-amd64",
};
const PROGRAMS: [&str; 4] = [
    "/usr/lib/systemd/systemd",
    "/usr/lib/systemd/systemd-executor",
    "/usr/lib/systemd/systemd-journald",
    "/usr/lib/systemd/systemd-shutdown",
];
/// What the probe is linked with beside the C library.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/libgcc_s.so.1";
/// Units of systemd's own, under [`UNITS`].
const SYSTEMD_UNITS: [&str; 15] = [
    "sysinit.target",
    "basic.target",
    "sockets.target",
    "paths.target",
    "slices.target",
    "timers.target",
    "local-fs.target",
    "swap.target",
    "multi-user.target",
    "shutdown.target",
    "umount.target",
    "final.target",
    "poweroff.target",
    "systemd-journald.service",
    "systemd-journald.socket",
];
const UNITS: &str = "usr/lib/systemd/system";
/// Asks when all is up, on the second serial port, and ends the machine.
const CLIENT: &str = "\
[Unit]
After=sockets.target
SuccessAction=poweroff-immediate
FailureAction=poweroff-immediate

[Service]
Type=oneshot
ExecStart=/bin/probe views
StandardOutput=file:/dev/ttyS1
StandardError=file:/dev/ttyS1

[Install]
WantedBy=multi-user.target
";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments[0].ends_with("/probe") {
        probe::main();
    }
    if std::env::var_os("PILOT_RECORD").is_none() {
        println!("systemd: left out: PILOT_RECORD=1 records tests/expect/view-systemd.txt");
        return;
    }
    record().unwrap_or_else(|failure| panic!("{failure}"));
}

fn record() -> Result<()> {
    provision::provide(&[&["qemu-system-x86"], &["xz-utils"]])?;
    let state = State::take()?;
    let apt = Apt::open(&state)?;
    let kernel = Kernel::fetch(&apt, Arch::X86_64, &MACHINE)?;
    let packages = ["systemd", "libc6", "libgcc-s1"].map(str::to_owned);
    let packages = apt.fetch(Arch::X86_64, &packages, Along::Libraries)?;
    let version = |name: &str| {
        let package = packages.iter().find(|package| package.name == name);
        package.map_or_else(String::new, |package| package.version.clone())
    };
    let mut tree = Tree::default();
    let mut library = Library::new(&packages);
    for program in PROGRAMS.iter().chain([&LIBRARY]) {
        library.copy(program, &mut tree)?;
    }
    for unit in SYSTEMD_UNITS {
        library.copy(&format!("{UNITS}/{unit}"), &mut tree)?;
    }
    furnish(&mut tree)?;
    let dir = state.dir("systemd")?;
    let (initramfs, said) = (dir.join("initramfs.cpio"), dir.join("said"));
    fs::write(&initramfs, tree.to_cpio()).or_file("write", &initramfs)?;
    boot(&kernel, &initramfs, &said)?;
    let said = fs::read_to_string(&said).or_file("read", &said)?.replace('\r', "");
    assert_eq!(said.matches(view::HEAD).count(), view::VIEWS.len(), "{said}");
    let to = workspace().join("tests/expect/view-systemd.txt");
    let head = format!(
        "What services see under systemd {} on Linux {}.\n\
         Recorded by `PILOT_RECORD=1 cargo test -p pilot-board --test systemd`.\n\n",
        version("systemd"),
        kernel.release,
    );
    fs::write(&to, head + said.trim_end() + "\n").or_file("write", &to)
}

/// The test's board in systemd's places, and what Debian would set up at installation.
fn furnish(tree: &mut Tree) -> Result<()> {
    for (path, mode) in [("dev", 0o755), ("proc", 0o555), ("run", 0o755), ("sys", 0o555)] {
        tree.put(path, Node::Dir(mode));
    }
    for (path, mode) in [("tmp", 0o1777), ("root", 0o700), ("var/log", 0o755)] {
        tree.put(path, Node::Dir(mode));
    }
    tree.put("dev/console", Node::Device(0o600, 5, 1));
    for (path, target) in [("bin", "usr/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib")] {
        tree.put(path, Node::Link(target.into()));
    }
    tree.put("lib64", Node::Link("usr/lib64".into()));
    tree.put("usr/sbin/init", Node::Link("../lib/systemd/systemd".into()));
    let probe = std::env::current_exe().or_file("find", Path::new("/proc/self/exe"))?;
    tree.put("usr/bin/probe", Node::File(0o755, fs::read(&probe).or_file("read", &probe)?));
    for name in ["etc/passwd", "etc/group"] {
        let users = workspace().join("tests/checks/files").join(name);
        tree.put(name, Node::File(0o644, fs::read(&users).or_file("read", &users)?));
    }
    tree.put("home/www", Node::Dir(0o755));
    tree.put("etc/machine-id", Node::File(0o444, "6d8ddc0ba6ff4d1c9b7ce6b1a3a1d3a5\n".into()));
    let board = workspace().join("tests/pid1");
    let conf = board.join("board.conf");
    let conf = fs::read(&conf).or_file("read", &conf)?;
    tree.put("etc/systemd/system.conf", Node::File(0o644, conf));
    let units = board.join("units");
    for entry in fs::read_dir(&units).or_file("read", &units)?.flatten() {
        let text = fs::read_to_string(entry.path()).or_file("read", &entry.path())?;
        enable(&entry.file_name().to_string_lossy(), &text, tree);
    }
    enable("client.service", CLIENT, tree);
    for (target, unit) in [
        ("sysinit.target", "systemd-journald.service"),
        ("sockets.target", "systemd-journald.socket"),
    ] {
        let path = format!("{UNITS}/{target}.wants/{unit}");
        tree.put(&path, Node::Link(format!("../{unit}")));
    }
    Ok(())
}

/// What `systemctl enable` would do.
fn enable(name: &str, text: &str, tree: &mut Tree) {
    tree.put(&format!("etc/systemd/system/{name}"), Node::File(0o644, text.into()));
    for target in text.lines().filter_map(|line| line.strip_prefix("WantedBy=")) {
        let path = format!("etc/systemd/system/{target}.wants/{name}");
        tree.put(&path, Node::Link(format!("../{name}")));
    }
}

/// Boots it until it powers itself off.
fn boot(kernel: &Kernel, initramfs: &Path, said: &Path) -> Result<()> {
    let mut qemu = Command::new(MACHINE.program);
    qemu.args(MACHINE.args).args(["-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio"]);
    qemu.args(["-serial", &format!("file:{}", said.display())]);
    qemu.arg("-kernel").arg(&kernel.image).arg("-initrd").arg(initramfs);
    let console = MACHINE.console;
    let init = "rdinit=/sbin/init systemd.unit=multi-user.target systemd.log_target=console";
    qemu.args(["-append", &format!("console={console} panic=-1 loglevel=4 {init}")]);
    fail::run(qemu.stdin(std::process::Stdio::null()), "see what the console says above")
}
