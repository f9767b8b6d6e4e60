//! The real program as process 1, in namespaces of the host's kernel: what services see, what
//! clients see, and what it survives.
//!
//! Each suite boots a world of its own (or several) and puts it through its cases, in order; the
//! suites run at the same time, each as a process of its own: what one has open no child of
//! another holds a copy of. Needs root for the namespaces. This file's own program is also
//! what the services run: `tests/pid1/probe.rs`. `cargo test --test pid1 -- WORD` runs the suites
//! with WORD in their names.

#[path = "pid1/boots.rs"]
mod boots;
#[path = "pid1/checks.rs"]
mod checks;
#[path = "pid1/clients.rs"]
mod clients;
#[path = "pid1/commands.rs"]
mod commands;
#[path = "pid1/context.rs"]
mod context;
#[path = "pid1/differences.rs"]
mod differences;
#[path = "pid1/ends.rs"]
mod ends;
#[path = "pid1/enter.rs"]
mod enter;
#[path = "pid1/feeder.rs"]
mod feeder;
#[path = "pid1/flood.rs"]
mod flood;
#[path = "pid1/kills.rs"]
mod kills;
#[path = "pid1/life.rs"]
mod life;
#[path = "pid1/limits.rs"]
mod limits;
#[path = "pid1/listeners.rs"]
mod listeners;
#[path = "pid1/log.rs"]
mod log;
#[path = "pid1/main_pid.rs"]
mod main_pid;
#[path = "pid1/namespaces.rs"]
mod namespaces;
#[path = "pid1/notify.rs"]
mod notify;
#[path = "pid1/probe.rs"]
mod probe;
#[path = "pid1/slices.rs"]
mod slices;
#[path = "pid1/sockets.rs"]
mod sockets;
#[path = "pid1/stage.rs"]
mod stage;
#[path = "pid1/stamps.rs"]
mod stamps;
#[path = "pid1/store.rs"]
mod store;
#[path = "pid1/terminal.rs"]
mod terminal;
#[path = "pid1/terminals.rs"]
mod terminals;
#[path = "pid1/view.rs"]
mod view;
#[path = "pid1/watchdog.rs"]
mod watchdog;
#[path = "pid1/world.rs"]
mod world;

use std::env;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, ExitCode};
use std::sync::OnceLock;
use std::time::Instant;

use differences::unexplained;
use enter::Oddity;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketType};
use rustix::process::{Resource, Rlimit};
use world::{PATIENCE, World, answer};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    if arguments[0].ends_with("/probe") {
        probe::main();
    }
    match arguments.get(1).map(String::as_str) {
        Some("enter") => enter::enter(&arguments[2..]),
        Some("suite") => run_one(&arguments[2], Path::new(&arguments[3])),
        Some("--list") => ExitCode::SUCCESS,
        _ if !rustix::process::getuid().is_root() => {
            println!("pid1: left out: namespaces with devices need root");
            ExitCode::SUCCESS
        }
        _ => run(arguments[1..].iter().find(|argument| !argument.starts_with('-'))),
    }
}

/// A name, and what boots the program with the given path and tries it.
type Suite = (&'static str, fn(&Path));
type Case = (&'static str, fn(&mut World));

const SUITES: &[Suite] = &[
    ("ordinary", |pilot| ordinary(&mut World::start(pilot, &[]))),
    ("boots", boots::all),
    ("checks", |pilot| checks::all(&mut World::start(pilot, &[]))),
    ("clients", |pilot| clients::all(&mut World::start(pilot, &[]))),
    ("commands", |pilot| commands::all(&mut World::start(pilot, &[]))),
    ("context", |pilot| context::all(&mut World::start(pilot, &[]))),
    ("life", |pilot| life::all(&mut World::start(pilot, &[]))),
    ("limits", |pilot| limits::all(&mut World::start(pilot, &[]))),
    ("listeners", |pilot| listeners::all(&mut World::start(pilot, &[]))),
    ("slices", |pilot| slices::all(&mut World::start(pilot, &[]))),
    ("sockets", |pilot| sockets::all(&mut World::start(pilot, &[]))),
    ("store", |pilot| store::all(&mut World::start(pilot, &[]))),
    ("stamps", stamps::all),
    ("terminal", |pilot| terminal::all(&mut World::start(pilot, &[Oddity::Terminal]))),
    ("tty", |pilot| terminals::all(&mut World::start(pilot, &[]))),
    ("log", |pilot| log::all(&mut World::start(pilot, &[]))),
    ("faults", ends::by_fault),
    ("signals", ends::by_signal),
    ("feeder", feeder::all),
    ("flood", |pilot| flood::all(&mut World::start(pilot, &[]))),
    ("kills", |pilot| kills::by_group(&mut World::start(pilot, &[]))),
    ("main_pid", |pilot| main_pid::all(&mut World::start(pilot, &[]))),
    ("namespaces", |pilot| namespaces::all(&mut World::start(pilot, &[]))),
    ("notify", |pilot| notify::all(&mut World::start(pilot, &[]))),
    ("watchdog", |pilot| watchdog::all(&mut World::start(pilot, &[]))),
    ("without_groups", |pilot| without_groups(pilot, Oddity::NoGroups)),
    ("with_old_groups", |pilot| without_groups(pilot, Oddity::OldGroups)),
    ("without_clone3", |pilot| without_clone3(&mut World::start(pilot, &[Oddity::NoClone3]))),
];

/// Of this process.
static SUITE: OnceLock<&str> = OnceLock::new();

fn run_one(wanted: &str, pilot: &Path) -> ExitCode {
    let (name, suite) = SUITES.iter().find(|(name, _)| *name == wanted).unwrap();
    SUITE.get_or_init(|| name);
    suite(pilot);
    ExitCode::SUCCESS
}

fn run(word: Option<&String>) -> ExitCode {
    let wanted = |name: &&str| word.is_none_or(|word| name.contains(word.as_str()));
    let suites: Vec<&str> = SUITES.iter().map(|(name, _)| *name).filter(wanted).collect();
    if suites.is_empty() {
        return ExitCode::SUCCESS;
    }
    let pilot = &world::build();
    let start = |name| {
        let itself = env::current_exe().unwrap();
        let suite = Command::new(itself).args(["suite", name]).arg(pilot).spawn();
        (name, suite.unwrap())
    };
    let running: Vec<(&str, Child)> = suites.into_iter().map(start).collect();
    let count = running.len();
    let fails = |(name, mut suite): (&'static str, Child)| {
        (!suite.wait().unwrap().success()).then_some(name)
    };
    let failed: Vec<&str> = running.into_iter().filter_map(fails).collect();
    // Of suites; as cargo's own harness has it, for whoever sums up.
    let counts = format!("{} passed; {} failed; 0 ignored", count - failed.len(), failed.len());
    if failed.is_empty() {
        println!("\ntest result: ok. {counts}");
        ExitCode::SUCCESS
    } else {
        println!("\nfailed: {}\n\ntest result: FAILED. {counts}", failed.join(", "));
        ExitCode::FAILURE
    }
}

/// Puts a world through cases, in order.
fn try_cases(world: &mut World, cases: &[Case]) {
    let suite = SUITE.get().unwrap();
    for (name, case) in cases {
        case(world);
        println!("test {suite}::{name} ... ok");
    }
}

fn ordinary(world: &mut World) {
    try_cases(
        world,
        &[
            ("children_that_cannot_be_made_are_told_of", children_that_cannot_be_made_are_told_of),
            ("services_see_what_systemd_shows", services_see_what_systemd_shows),
            ("nodes_have_their_modes", nodes_have_their_modes),
            ("nobody_is_refused_over_a_crash", nobody_is_refused_over_a_crash),
            ("a_listener_shut_down_comes_back", a_listener_shut_down_comes_back),
            ("a_node_removed_comes_back", a_node_removed_comes_back),
            ("nonsense_hurts_nobody", nonsense_hurts_nobody),
            ("nonsense_on_the_control_socket_hurts_nobody", nonsense_to_control_hurts_nobody),
            ("orphans_of_others_are_reaped", orphans_of_others_are_reaped),
            ("a_console_that_nobody_reads_holds_nobody_up", a_console_that_nobody_reads),
            ("without_descriptors_a_connection_waits", without_descriptors_a_connection_waits),
            ("shutdown_ends_what_ignores_it", shutdown_ends_what_ignores_it),
        ],
    );
}

/// All that does not need control groups, or a clone3(2), does without them.
fn without_groups(pilot: &Path, oddity: Oddity) {
    let mut world = World::start(pilot, &[oddity]);
    assert_eq!(world.said.matches("no control groups").count(), 1, "{}", world.said);
    try_cases(
        &mut world,
        &[
            ("nobody_is_refused_over_a_crash", nobody_is_refused_over_a_crash),
            ("a_connection_is_passed", a_connection_is_passed),
        ],
    );
    kills::by_process_group(&mut world);
    life::without_groups(&mut world);
    try_cases(&mut world, &[("slices_are_units_like_others", slices::without_groups)]);
    try_cases(&mut world, &[("shutdown_ends_what_ignores_it", shutdown_ends_what_ignores_it)]);
    world.hear();
    assert_eq!(world.said.matches("control group").count(), 1, "{}", world.said);
}

fn without_clone3(world: &mut World) {
    try_cases(
        world,
        &[
            ("children_that_cannot_be_made_are_told_of", children_that_cannot_be_made_are_told_of),
            ("services_see_what_systemd_shows", services_see_what_systemd_shows),
            ("nobody_is_refused_over_a_crash", nobody_is_refused_over_a_crash),
        ],
    );
    kills::by_group(world);
    context::all(world);
    try_cases(world, &[("shutdown_ends_what_ignores_it", shutdown_ends_what_ignores_it)]);
}

fn children_that_cannot_be_made_are_told_of(world: &mut World) {
    // `the board is up` comes after both were tried.
    for line in [
        "broken.service: cannot execute the program: no such file",
        "nobody.service: user: no such user or group",
    ] {
        if !world.said.contains(line) {
            world.wait_for_line(line);
        }
    }
}

fn services_see_what_systemd_shows(world: &mut World) {
    let recorded = std::fs::read_to_string("tests/expect/view-systemd.txt").unwrap();
    // A container may have fewer descriptors to give than a machine.
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", world.pid)).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let hard: u64 = files.split_whitespace().nth(4).unwrap().parse().unwrap();
    let recorded = recorded.replace(" 524288 ", &format!(" {} ", hard.min(524_288)));
    let seen = world.run(&["/bin/probe", "views"]);
    assert!(seen.status.success(), "{seen:?}");
    let unexplained = unexplained(&recorded, &String::from_utf8(seen.stdout).unwrap());
    assert!(unexplained.is_empty(), "\n{}", unexplained.join("\n"));
}

/// What a service has wherever it runs; `output` is where StandardOutput=kmsg leads.
fn assert_service_sees(world: &World, output: &str) {
    let report = world.ask("/run/report.sock", "");
    let streams = [format!("fd 1: {output}"), format!("fd 2: {output}")];
    let others = ["fd 0: /dev/null, read and write", "env LISTEN_FDS=2", "Uid: 33 33 33 33"];
    for line in streams.iter().map(String::as_str).chain(others) {
        assert!(report.lines().any(|each| each == line), "{line}\n{report}");
    }
}

fn nodes_have_their_modes(world: &mut World) {
    let mode = |path: &str| world.path(path).metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode("/run/report.sock"), 0o600);
    assert_eq!(mode("/run/serve.sock"), 0o666);
    assert_eq!(mode("/run/deep"), 0o700);
    assert_eq!(mode("/run/deep/er"), 0o700);
}

fn a_connection_is_passed(world: &mut World) {
    let report = world.ask("/run/passed.sock", "");
    for line in ["env LISTEN_FDS=1", "fd 3: socket, domain 1, type 1, open, read and write"] {
        assert!(report.lines().any(|each| each == line), "{line}\n{report}");
    }
}

fn nobody_is_refused_over_a_crash(world: &mut World) {
    let mut last = world.ask("/run/serve.sock", "pid");
    for _ in 0..5 {
        assert_eq!(world.ask("/run/serve.sock", "crash"), "");
        let after: Vec<_> = (0..4).map(|_| world.connect("/run/serve.sock").unwrap()).collect();
        for waiting in after {
            let pid = answer(waiting, "pid");
            assert!(!pid.is_empty() && pid != last, "{pid} after {last}");
        }
        last = world.ask("/run/serve.sock", "pid");
    }
}

fn a_listener_shut_down_comes_back(world: &mut World) {
    assert_eq!(world.ask("/run/serve.sock", "hang up"), "");
    world.wait_for_line("/run/serve.sock was shut down or removed, opened again");
    assert_ne!(world.ask("/run/serve.sock", "pid"), "");
}

fn a_node_removed_comes_back(world: &mut World) {
    std::fs::remove_file(world.path("/run/report.sock")).unwrap();
    world.wait_for_line("/run/report.sock was shut down or removed, opened again");
    assert!(world.ask("/run/report.sock", "").contains("LISTEN_FDS=2"));
}

fn nonsense_hurts_nobody(world: &mut World) {
    let socket = UnixDatagram::unbound().unwrap();
    let notify = world.path("/run/pilot/notify");
    for message in [&b""[..], b"READY=1", b"\xff\xff", b"MAINPID=1", &[b'x'; 9000]] {
        socket.send_to(message, &notify).unwrap();
    }
    let pid = world.ask("/run/serve.sock", "pid");
    let show = |world: &World, what: &str| world.property(what, &["serve.service"]);
    assert_eq!(show(world, "ActiveState"), "active");
    assert_eq!(show(world, "StatusText"), "serving");
    assert_ne!(show(world, "MainPID"), "1");
    assert_eq!(world.ask("/run/serve.sock", "pid"), pid);
}

fn nonsense_to_control_hurts_nobody(world: &mut World) {
    let path = world.path("/run/pilot/control");
    let address = SocketAddrUnix::new(&path).unwrap();
    let connect = || {
        let socket = world::socket(AddressFamily::UNIX, SocketType::SEQPACKET);
        rustix::net::connect(&socket, &address).unwrap();
        socket
    };
    for frame in [&[0xff; 7][..], &[0; 250], &[b'x'; 9000]] {
        let client = connect();
        rustix::net::send(&client, frame, SendFlags::NOSIGNAL).unwrap();
        let mut reply = [0; 256];
        let (length, _) = rustix::net::recv(&client, &mut reply[..], RecvFlags::empty()).unwrap();
        assert!(length > 0, "nonsense is answered, too");
    }
    // More than there are places for, and none of them ever says a word.
    let silent: Vec<_> = (0..20).map(|_| connect()).collect();
    assert_eq!(world.property("ActiveState", &["serve.service"]), "active");
    drop(silent);
}

const ORPHANS: u32 = 100;

fn orphans_of_others_are_reaped(world: &mut World) {
    let reaped = |world: &World| world.property("StrangersReaped", &[]).parse::<u32>().unwrap();
    let before = reaped(world);
    // Each outlives its parent, who could otherwise reap it.
    let orphan = "(read end < /run/orphans) > /dev/null 2>&1 &";
    let script = format!("mkfifo /run/orphans; for n in {{1..{ORPHANS}}}; do {orphan} done");
    world.run(&["/usr/bin/bash", "-c", &script]);
    // More are dead, and one signal tells of them, than are reaped in a turn.
    world.kill(libc::SIGSTOP);
    let begin = Instant::now();
    while zombies(world) < ORPHANS as usize {
        assert!(begin.elapsed() < PATIENCE, "{} have ended", zombies(world));
        // Who was not born yet opens it now.
        let mut options = File::options();
        let _ = options.write(true).custom_flags(libc::O_NONBLOCK).open(world.path("/run/orphans"));
    }
    world.kill(libc::SIGCONT);
    while reaped(world) < before + ORPHANS {
        assert!(begin.elapsed() < PATIENCE, "{} after {before}", reaped(world));
    }
}

/// Children of PID 1 that it has not reaped.
fn zombies(world: &World) -> usize {
    let pid = world.pid;
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let is_zombie = |child: &&str| {
        let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        stat.contains(") Z ")
    };
    children.split_whitespace().filter(is_zombie).count()
}

fn a_console_that_nobody_reads(world: &mut World) {
    world.hear();
    let ours = format!("/proc/self/fd/{}", world.console.as_raw_fd());
    let mut full = File::options().write(true).custom_flags(libc::O_NONBLOCK).open(ours).unwrap();
    for size in [4096, 1] {
        while full.write(&vec![b'\n'; size]).is_ok() {}
    }
    let dropped = |world: &World| world.property("ConsoleLinesDropped", &[]);
    assert_eq!(dropped(world), "0");
    let begin = Instant::now();
    while dropped(world) == "0" {
        world.control(&["restart", "serve.service"]);
        assert!(begin.elapsed() < PATIENCE, "all was written, wherever that may be");
    }
    world.hear();
    world.control(&["restart", "serve.service"]);
    world.wait_for_line("serve.service: running");
}

fn without_descriptors_a_connection_waits(world: &mut World) {
    let pid = rustix::process::Pid::from_raw(world.pid as i32);
    let used = std::fs::read_dir(format!("/proc/{}/fd", world.pid)).unwrap();
    let highest = used.map(|fd| fd.unwrap().file_name().into_string().unwrap());
    let highest: u64 = highest.map(|fd| fd.parse().unwrap()).max().unwrap();
    // No number is free above those in use, and the low ones are reserved for services.
    let limits = rustix::process::getrlimit(Resource::Nofile);
    let few = Rlimit { current: Some(highest.min(20)), maximum: limits.maximum };
    let old = rustix::process::prlimit(pid, Resource::Nofile, few).unwrap();
    let waiting = world.connect("/run/passed.sock").unwrap();
    world.wait_for_line("passed.socket: over its limit, paused");
    rustix::process::prlimit(pid, Resource::Nofile, old).unwrap();
    assert!(answer(waiting, "").contains("LISTEN_FDS=1"));
}

fn shutdown_ends_what_ignores_it(world: &mut World) {
    // The shutdown may well end the client before the client has ended.
    world.run(&["/sbin/pilotctl", "poweroff"]);
    assert_eq!(world.end(), Some(libc::SIGINT));
}
