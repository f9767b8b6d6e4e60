//! What the services of the test's board run: it tells what it was given, or behaves badly.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::process::{Command, exit};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fd::FromRawFd;

use crate::view;

/// The entry: `probe MODE ARGUMENTS…`.
pub fn main() -> ! {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("report") => report(&arguments[1..]),
        Some("keep") => view::keep(&arguments[1]),
        Some("serve") => serve(),
        Some("views") => view::print_all(),
        Some("act") => act(&arguments[1]),
        Some("stubborn") => stubborn(),
        Some("flood") => flood(&arguments[1]),
        Some("signal") => {
            let signal = format!("-{}", arguments[1]);
            let sent = Command::new("/bin/kill").args([&signal, &arguments[2]]).status();
            exit(i32::from(!sent.is_ok_and(|status| status.success())))
        }
        other => panic!("probe: {other:?}"),
    }
}

/// An open descriptor that we were given.
fn given<T: FromRawFd>(number: i32) -> T {
    // SAFETY: the number was passed to this process, and each is taken once.
    unsafe { T::from_raw_fd(number) }
}

fn standard_input_is_socket() -> bool {
    fs::read_link("/proc/self/fd/0").is_ok_and(|link| link.to_string_lossy().starts_with("socket:"))
}

/// Says everything about itself to whoever is connected, or connects.
fn report(arguments: &[String]) -> ! {
    let text = view::describe(arguments);
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut stream: UnixStream = if standard_input_is_socket() {
        // SAFETY: it stays open.
        let listens = rustix::net::sockopt::socket_acceptconn(unsafe { BorrowedFd::borrow_raw(0) });
        if listens.unwrap() { accept(&given(0)).0 } else { given(0) }
    } else if names == "connection" {
        given(3)
    } else {
        accept(&given(3)).0
    };
    stream.write_all(text.as_bytes()).unwrap();
    exit(0)
}

/// Waits for a connection, whether or not the listener blocks.
fn accept(listener: &UnixListener) -> (UnixStream, std::os::unix::net::SocketAddr) {
    listener.set_nonblocking(false).unwrap();
    listener.accept().unwrap()
}

fn notify(message: &str) {
    let socket = UnixDatagram::unbound().unwrap();
    socket.send_to(message.as_bytes(), env::var("NOTIFY_SOCKET").unwrap()).unwrap();
}

/// Answers one word a connection: "pid", "view", or "crash", after which there is no answer.
fn serve() -> ! {
    let view = view::describe(&[]);
    let listener: UnixListener = given(3);
    notify("READY=1\nSTATUS=serving");
    barrier();
    loop {
        let (mut stream, _) = accept(&listener);
        let mut word = String::new();
        stream.read_to_string(&mut word).unwrap();
        match word.as_str() {
            "pid" => write!(stream, "{}", std::process::id()).unwrap(),
            "view" => stream.write_all(view.as_bytes()).unwrap(),
            "hang up" => {
                let fd: BorrowedFd<'_> = listener.as_fd();
                rustix::net::shutdown(fd, rustix::net::Shutdown::Both).unwrap();
                exit(0)
            }
            _ => exit(7),
        }
    }
}

/// Does what the test says that holds the other end of the stage's socket, and tells it of
/// every signal. SIGTERM and SIGUSR1 end it, unless it was told to be stubborn.
fn act(name: &str) -> ! {
    static STUBBORN: AtomicBool = AtomicBool::new(false);
    let mut stage = UnixStream::connect("/run/stage").unwrap();
    let watched = [libc::SIGHUP, libc::SIGTERM, libc::SIGUSR1];
    let mut signals = signal_hook::iterator::Signals::new(watched).unwrap();
    writeln!(stage, "{name} {}", std::process::id()).unwrap();
    let mut told = stage.try_clone().unwrap();
    std::thread::spawn(move || {
        for signal in &mut signals {
            writeln!(told, "{}", signal_hook::low_level::signal_name(signal).unwrap()).unwrap();
            let ends = signal == libc::SIGTERM || signal == libc::SIGUSR1;
            if ends && !STUBBORN.load(Ordering::Relaxed) {
                exit(0);
            }
        }
    });
    let orders = BufReader::new(stage.try_clone().unwrap());
    for order in orders.lines() {
        let order = order.unwrap();
        let (verb, object) = order.split_once(' ').unwrap_or((&order, ""));
        match verb {
            "fork" => drop(actor(object).spawn().unwrap()),
            "fork-session" => {
                let mut actor = actor(object);
                // SAFETY: setsid(2) is safe to call between fork and exec.
                unsafe { actor.pre_exec(|| Ok(rustix::process::setsid().map(|_| ())?)) };
                drop(actor.spawn().unwrap());
            }
            "stubborn" => STUBBORN.store(true, Ordering::Relaxed),
            "notify" => {
                notify(&object.replace("\\n", "\n"));
                barrier();
            }
            "reloading" => {
                notify(&format!("RELOADING=1\nMONOTONIC_USEC={}", monotonic_us()));
                barrier();
            }
            "receive" => {
                writeln!(stage, "{}", receive(passed(object).as_fd())).unwrap();
                continue;
            }
            "store" => store(object),
            "block" => {
                let flags = rustix::fs::OFlags::empty();
                rustix::fs::fcntl_setfl(&*passed(object), flags).unwrap();
            }
            "kept" => {
                let kept = format!("/proc/self/fd/{}", passed(object).as_raw_fd());
                writeln!(stage, "{}", fs::read_to_string(kept).unwrap()).unwrap();
                continue;
            }
            "answer" => {
                let listener = passed(object);
                let connection = rustix::net::accept(&*listener).unwrap();
                writeln!(stage, "{}", receive(connection.as_fd())).unwrap();
                rustix::io::write(&connection, b"pong").unwrap();
                continue;
            }
            "variable" => {
                writeln!(stage, "{}", env::var(object).unwrap_or_default()).unwrap();
                continue;
            }
            "reach" => {
                writeln!(stage, "{}", reach(object)).unwrap();
                continue;
            }
            "size" => {
                writeln!(stage, "{}", fs::read(object).unwrap_or_default().len()).unwrap();
                continue;
            }
            "file" => {
                let lines = fs::read_to_string(object).unwrap().lines().count();
                writeln!(stage, "{lines} lines").unwrap();
                continue;
            }
            "loopback" => {
                let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
                drop(std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap());
            }
            "name" => fs::write("/proc/sys/kernel/hostname", object).unwrap(),
            "write" => fs::write(object, "written").unwrap(),
            "say" => write_all(1, &unescaped(object)),
            "syslog" => {
                let socket = UnixDatagram::unbound().unwrap();
                socket.send_to(object.as_bytes(), "/dev/log").unwrap();
            }
            "complain" => write_all(2, &unescaped(object)),
            "flood" => {
                let lines =
                    (0..object.parse().unwrap()).map(|number: u32| format!("line {number}\n"));
                write_all(1, lines.collect::<String>().as_bytes());
            }
            "endless" => write_all(1, &vec![b'x'; object.parse().unwrap()]),
            "exit" => exit(object.parse().unwrap()),
            other => panic!("{other}"),
        }
        writeln!(stage, "done").unwrap();
    }
    exit(0)
}

/// Without a buffer between.
fn write_all(stream: i32, mut bytes: &[u8]) {
    // SAFETY: the standard streams stay open.
    let stream = unsafe { BorrowedFd::borrow_raw(stream) };
    while !bytes.is_empty() {
        let written = rustix::io::write(stream, bytes).unwrap();
        bytes = &bytes[written..];
    }
}

fn unescaped(text: &str) -> Vec<u8> {
    text.replace("\\n", "\n").replace("\\0", "\0").replace("\\x1b", "\x1b").into_bytes()
}

fn monotonic_us() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes what it is given.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) }, 0);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
}

/// A passed listener: "NAME" is the first one with that name, "NAME 1" the one behind it.
fn passed(name: &str) -> std::mem::ManuallyDrop<OwnedFd> {
    let (name, behind) = name.split_once(' ').unwrap_or((name, "0"));
    let names = env::var("LISTEN_FDNAMES").unwrap();
    let first = names.split(':').position(|each| each == name).unwrap() as i32;
    std::mem::ManuallyDrop::new(given(3 + first + behind.parse::<i32>().unwrap()))
}

/// Sends descriptors to be stored: "file" has a text in it, "sockets" are the two ends of a pair,
/// "socket" one end whose other end is closed, "twice" the same pipe's end two times, "many" as
/// many files as can be sent at once. What stands behind it is said with them.
fn store(object: &str) {
    let (what, text) = object.split_once(' ').unwrap();
    let text = text.replace("\\n", "\n");
    let pair = UnixStream::pair().unwrap();
    match what {
        "file" => {
            let file = rustix::fs::memfd_create("kept", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
            rustix::io::write(&file, b"kept").unwrap();
            send(&text, &[file.as_fd()]);
        }
        "sockets" => send(&text, &[pair.0.as_fd(), pair.1.as_fd()]),
        "twice" => {
            send(&text, &[pair.0.as_fd(), pair.0.as_fd(), pair.1.as_fd()]);
        }
        "many" => {
            let file = || rustix::fs::memfd_create("many", rustix::fs::MemfdFlags::CLOEXEC);
            let files: Vec<OwnedFd> = (0..SENT_MAX).map(|_| file().unwrap()).collect();
            send(&text, &files.iter().map(AsFd::as_fd).collect::<Vec<_>>());
        }
        "socket" => {
            drop(pair.1);
            send(&text, &[pair.0.as_fd()]);
        }
        other => panic!("{other}"),
    }
    barrier();
}

/// What somebody wrote, at once.
fn receive(from: BorrowedFd<'_>) -> String {
    let mut bytes = [0; 4096];
    let length = rustix::io::read(from, &mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

/// Whether a path can be written to, or why not, and what is in it if it is a folder.
fn reach(path: &str) -> String {
    let file = if fs::metadata(path).is_ok_and(|meta| meta.is_dir()) {
        format!("{path}/.reach")
    } else {
        path.to_owned()
    };
    let open = fs::OpenOptions::new().append(true).create(true).open(&file);
    let state = match open.map_err(|error| error.kind()) {
        Ok(_) => "writable".to_owned(),
        Err(std::io::ErrorKind::ReadOnlyFilesystem) => "read-only".to_owned(),
        Err(kind) => format!("{kind:?}"),
    };
    if file != path && state == "writable" {
        fs::remove_file(&file).unwrap();
    }
    let count = fs::read_dir(path).map(|entries| format!(" {}", entries.count()));
    format!("{state}{}", count.unwrap_or_default())
}

fn actor(name: &str) -> Command {
    let mut command = Command::new("/bin/probe");
    command.args(["act", name]);
    command
}

/// sd_notify_barrier(3): comes back when PID 1 has read all that was sent before.
fn barrier() {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    send("BARRIER=1", &[writer.as_fd()]);
    drop(writer);
    let mut nothing = [0];
    assert_eq!(rustix::io::read(&reader, &mut nothing), Ok(0));
}

/// Descriptors in a message: SCM_MAX_FD of unix(7).
const SENT_MAX: usize = 253;

/// sd_pid_notify_with_fds(3).
fn send(text: &str, fds: &[BorrowedFd<'_>]) {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix};
    let socket = UnixDatagram::unbound().unwrap();
    let address = SocketAddrUnix::new(env::var("NOTIFY_SOCKET").unwrap().as_str()).unwrap();
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SENT_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(fds)));
    let data = [std::io::IoSlice::new(text.as_bytes())];
    rustix::net::sendmsg_addr(&socket, &address, &data, &mut control, SendFlags::empty()).unwrap();
}

/// Sends messages without end, as fast as they are taken, with a number in each.
fn flood(text: &str) -> ! {
    let socket = UnixDatagram::unbound().unwrap();
    socket.connect("/run/pilot/notify").unwrap();
    for number in 0_u64.. {
        // PID 1 may open its socket anew; then this one ends, and is started again.
        socket.send(format!("{text}{number}").as_bytes()).unwrap();
    }
    exit(0)
}

/// Ignores SIGTERM (a shell's trap does it without code of ours) and leaves an orphan.
fn stubborn() -> ! {
    let script = "trap '' TERM; sleep 1000 & while :; do wait; done";
    let error = Command::new("/bin/sh").args(["-c", script]).exec();
    panic!("{error}")
}
