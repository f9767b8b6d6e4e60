//! A service's view: everything it can find out about what it was given, as text that is the same
//! at each boot. Told from inside by `tests/pid1/probe.rs`, under `pilot` and under systemd.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::sync::OnceLock;

use rustix::fd::BorrowedFd;
use rustix::fs::inotify;
use rustix::net::sockopt;

/// Where a view is to be had.
pub enum From {
    /// From whoever answers a connection to this path; it is sent the word.
    Unix(&'static str, &'static str),
    /// From whoever answers a connection to this address.
    Tcp(&'static str),
    /// Out of this file under `/run`, once it is there.
    File(&'static str),
}

/// All views, by name.
pub const VIEWS: [(&str, From); 14] = [
    ("plain: nothing but ExecStart=, one listener", From::Unix("/run/plain.sock", "")),
    ("report: User= and other settings, two listeners", From::Unix("/run/report.sock", "")),
    ("other: User= with no home and no login", From::Unix("/run/other.sock", "")),
    ("other: ExecStartPre= with +", From::File("other-pre.view")),
    ("alone: StandardInput=socket, a listener", From::Unix("/run/alone.sock", "")),
    ("serve: Type=notify", From::Unix("/run/serve.sock", "view")),
    ("serve: Type=notify, ExecStartPre=", From::File("serve-pre.view")),
    ("inetd@: Accept=yes, a connection over IPv4", From::Tcp("127.0.0.1:7001")),
    ("inetd@: Accept=yes, a connection over IPv6", From::Tcp("[::1]:7001")),
    ("passed@: Accept=yes with LISTEN_FDS, over IPv4", From::Tcp("127.0.0.1:7002")),
    ("passed@: Accept=yes with LISTEN_FDS, a local one", From::Unix("/run/passed.sock", "")),
    ("once: Type=oneshot, ExecStartPre=", From::File("once-pre.view")),
    ("once: Type=oneshot, ExecStart=", From::File("once-start.view")),
    ("once: Type=oneshot, ExecStop=", From::File("once-stop.view")),
];

/// Head of a view in the text of all of them.
pub const HEAD: &str = "== ";

/// Prints all views of the running board: what a client of its services gets to see.
pub fn print_all() -> ! {
    for (name, from) in VIEWS {
        let mut text = String::new();
        match from {
            From::Unix(path, word) => {
                let mut stream = UnixStream::connect(path).unwrap();
                stream.write_all(word.as_bytes()).unwrap();
                stream.shutdown(std::net::Shutdown::Write).unwrap();
                stream.read_to_string(&mut text).unwrap();
            }
            From::Tcp(address) => {
                TcpStream::connect(address).unwrap().read_to_string(&mut text).unwrap();
            }
            From::File(name) => text = await_file(name),
        }
        println!("{HEAD}{name}\n{text}");
    }
    exit(0)
}

fn await_file(name: &str) -> String {
    let watch = inotify::init(inotify::CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&watch, "/run", inotify::WatchFlags::MOVED_TO).unwrap();
    loop {
        if let Ok(text) = fs::read_to_string(format!("/run/{name}")) {
            return text;
        }
        rustix::io::read(&watch, &mut [0; 4096]).unwrap();
    }
}

/// Leaves a description of itself in `/run`; what `name` says before the `-` is the unit.
pub fn keep(name: &str) -> ! {
    let mut text = describe(&[]);
    let id = env::var("INVOCATION_ID").unwrap();
    let first = format!("/run/{}.id", name.split('-').next().unwrap());
    match fs::read_to_string(&first) {
        Ok(first) => writeln!(text, "INVOCATION_ID as at the first command: {}", first == id),
        Err(_) => fs::write(&first, id).map_err(|_| std::fmt::Error),
    }
    .unwrap();
    let part = format!("/run/{name}.part");
    fs::write(&part, text).unwrap();
    fs::rename(part, format!("/run/{name}")).unwrap();
    exit(0)
}

/// `/proc/self/status` as it was when the program began.
static STATUS_AT_START: OnceLock<String> = OnceLock::new();

/// Runs before Rust's own runtime, which changes what is done on some signals.
extern "C" fn note_status() {
    STATUS_AT_START.get_or_init(|| fs::read_to_string("/proc/self/status").unwrap_or_default());
}

// SAFETY: the linker's list of functions without arguments to call before main; this one needs
// nothing that main would set up.
#[used]
#[unsafe(link_section = ".init_array")]
static NOTE_STATUS: extern "C" fn() = note_status;

/// Everything this process knows of itself, a fact a line.
pub fn describe(arguments: &[String]) -> String {
    let mut text = String::new();
    for (place, argument) in arguments.iter().enumerate() {
        writeln!(text, "argument {place}: {argument}").unwrap();
    }
    describe_environment(&mut text);
    describe_descriptors(&mut text);
    describe_status(&mut text);
    describe_limits(&mut text);
    describe_relations(&mut text);
    text
}

/// Values that differ from run to run become what they stand for.
fn describe_environment(text: &mut String) {
    let own_pid = std::process::id().to_string();
    for (name, value) in env::vars().collect::<BTreeMap<_, _>>() {
        let is_id = value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = match name.as_str() {
            "INVOCATION_ID" if is_id => "(128 bits)".into(),
            "REMOTE_PORT" if value.parse::<u16>().is_ok() => "(a port)".into(),
            "JOURNAL_STREAM" => "(device:inode)".into(),
            _ if value == own_pid => "(own pid)".into(),
            _ => without_instance(&value),
        };
        writeln!(text, "env {name}={value}").unwrap();
    }
}

fn describe_descriptors(text: &mut String) {
    let entries = fs::read_dir("/proc/self/fd").unwrap();
    let numbers = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut numbers: Vec<i32> = numbers.map(|number| number.parse().unwrap()).collect();
    numbers.sort_unstable();
    for number in numbers {
        // The one that the folder was read through is closed by now.
        let Ok(link) = fs::read_link(format!("/proc/self/fd/{number}")) else { continue };
        // SAFETY: it is open, and stays so: nothing here closes what it was given.
        let fd = unsafe { BorrowedFd::borrow_raw(number) };
        let mut what = link.to_string_lossy().into_owned();
        if what.starts_with("socket:") {
            let domain = sockopt::socket_domain(fd).unwrap().as_raw();
            let kind = sockopt::socket_type(fd).unwrap().as_raw();
            let role = if sockopt::socket_acceptconn(fd).unwrap() { "listening" } else { "open" };
            what = format!("socket, domain {domain}, type {kind}, {role}");
        }
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:\t")).unwrap();
        let flags = u32::from_str_radix(flags, 8).unwrap();
        let mut words = vec![["read", "write", "read and write"][flags as usize & 3]];
        let known = [(0o4000, "O_NONBLOCK"), (0o2000, "O_APPEND"), (0o2_000_000, "O_CLOEXEC")];
        words.extend(known.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| name));
        writeln!(text, "fd {number}: {what}, {}", words.join(", ")).unwrap();
    }
}

/// From status(5): what is inherited, and what a service may have been given.
fn describe_status(text: &mut String) {
    const WANTED: [&str; 17] = [
        "Umask",
        "Uid",
        "Gid",
        "Groups",
        "SigPnd",
        "ShdPnd",
        "SigBlk",
        "SigIgn",
        "SigCgt",
        "CapInh",
        "CapPrm",
        "CapEff",
        "CapBnd",
        "CapAmb",
        "NoNewPrivs",
        "Seccomp",
        "Threads",
    ];
    let first = fs::read_to_string("/proc/1/status").unwrap();
    let of_first = |name| first.lines().find_map(|line| field(line, name));
    for line in STATUS_AT_START.get().unwrap().lines() {
        let Some((name, value)) =
            WANTED.iter().find_map(|name| field(line, name).map(|value| (name, value)))
        else {
            continue;
        };
        // The sets of a whole machine differ from kernel to kernel.
        let inherited = *name == "Seccomp"
            || name.starts_with("Cap") && !value.bytes().all(|byte| byte == b'0');
        let whole = inherited && of_first(name).is_some_and(|first| first == value);
        let value = if whole { "as process 1".into() } else { value };
        writeln!(text, "{}", format!("{name}: {value}").trim_end()).unwrap();
    }
}

/// The value on a line `name:   value`.
fn field(line: &str, name: &str) -> Option<String> {
    let value = line.strip_prefix(name)?.strip_prefix(':')?;
    Some(value.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn describe_limits(text: &mut String) {
    let first = fs::read_to_string("/proc/1/limits").unwrap();
    let own = fs::read_to_string("/proc/self/limits").unwrap();
    for (own, first) in own.lines().zip(first.lines()).skip(1) {
        let mut words: Vec<&str> = own.split_whitespace().collect();
        // These two come from the size of the machine.
        let by_machine = ["Max processes", "Max pending signals"];
        if by_machine.iter().any(|name| own.starts_with(name)) && own == first {
            words = vec![own[..26].trim_end(), "as process 1"];
        }
        writeln!(text, "{}", words.join(" ")).unwrap();
    }
}

fn describe_relations(text: &mut String) {
    use rustix::process::{getpgrp, getpid, getppid, getsid};
    let read = |name: &str| fs::read_to_string(format!("/proc/self/{name}"));
    let stat = read("stat").unwrap();
    // Numbers as in proc_pid_stat(5); behind the name in brackets the third begins.
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let stat = |number: usize| fields[number - 3];
    let own = |pid| if pid == getpid() { "own" } else { "another's" };
    let parent = getppid().map_or(0, rustix::process::Pid::as_raw_pid);
    writeln!(text, "cwd {}", env::current_dir().unwrap().display()).unwrap();
    writeln!(text, "session {}", own(getsid(None).unwrap())).unwrap();
    writeln!(text, "process group {}", own(getpgrp())).unwrap();
    writeln!(text, "parent {parent}").unwrap();
    writeln!(text, "controlling terminal {}", stat(7)).unwrap();
    writeln!(text, "nice {}", stat(19)).unwrap();
    writeln!(text, "scheduling policy {}, priority {}", stat(41), stat(40)).unwrap();
    let dumpable = rustix::process::dumpable_behavior().unwrap();
    writeln!(text, "dumpable {dumpable:?}").unwrap();
    let death_signal = rustix::process::parent_process_death_signal().unwrap();
    writeln!(text, "signal at parent's death {death_signal:?}").unwrap();
    for name in ["oom_score_adj", "personality", "timerslack_ns", "coredump_filter"] {
        let value = read(name).unwrap_or_else(|error| error.kind().to_string());
        writeln!(text, "{name} {}", value.trim()).unwrap();
    }
    let groups = read("cgroup").unwrap();
    let group = groups.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("none");
    writeln!(text, "cgroup {}", without_instance(group)).unwrap();
}

/// An instance's name is that of its connection.
fn without_instance(text: &str) -> String {
    let parts =
        text.split_once('@').and_then(|(head, rest)| Some((head, rest.split_once(".service")?.1)));
    match parts {
        Some((head, tail)) => format!("{head}@….service{tail}"),
        None => text.to_owned(),
    }
}
