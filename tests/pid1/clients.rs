//! Clients of the control socket: who may what, and that nobody keeps root out.

use std::fs;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketType};
use rustix::process::{Resource, Rlimit};

use crate::try_cases;
use crate::world::{PATIENCE, World, socket};

const PATH: &str = "/run/pilot/control";
/// More than there are places for.
const MANY: usize = 20;

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            ("others_may_look_and_not_touch", others_may_look_and_not_touch),
            ("the_silent_make_place", the_silent_make_place),
            ("others_never_take_the_place_of_root", others_never_take_the_place_of_root),
            ("who_does_not_read_is_dropped", who_does_not_read_is_dropped),
            ("without_descriptors_nobody_spins", without_descriptors_nobody_spins),
            ("sockets_removed_come_back", sockets_removed_come_back),
        ],
    );
}

fn connect(world: &World) -> OwnedFd {
    let socket = socket(AddressFamily::UNIX, SocketType::SEQPACKET);
    let address = SocketAddrUnix::new(world.path(PATH)).unwrap();
    rustix::net::connect(&socket, &address).unwrap();
    socket
}

/// Sends what is no request, and tells whether it is answered.
fn is_answered(client: &OwnedFd) -> bool {
    let mut reply = [0; 256];
    rustix::net::send(client, &[0xff; 7], SendFlags::NOSIGNAL).is_ok()
        && matches!(rustix::net::recv(client, &mut reply[..], RecvFlags::empty()), Ok((1.., _)))
}

fn others_may_look_and_not_touch(world: &mut World) {
    let pid = world.ask("/run/serve.sock", "pid");
    let as_www = |arguments: &[&str]| {
        let become_www = ["/usr/bin/setpriv", "--reuid", "33", "--clear-groups"];
        world.run(&[&become_www[..], &["/sbin/pilotctl"], arguments].concat())
    };
    let look = as_www(&["is-active", "serve.service"]);
    assert_eq!(String::from_utf8_lossy(&look.stdout).trim(), "active");
    for touch in [
        &["stop", "serve.service"][..],
        &["restart", "serve.service"],
        &["kill", "serve.service"],
        &["reset-failed", "serve.service"],
        &["poweroff"],
    ] {
        let touched = as_www(touch);
        assert!(!touched.status.success(), "{touch:?}: {touched:?}");
    }
    assert_eq!(world.ask("/run/serve.sock", "pid"), pid);
}

fn the_silent_make_place(world: &mut World) {
    let others: Vec<OwnedFd> = (0..MANY).map(|_| world.packets_as_user(33, PATH)).collect();
    assert_eq!(world.property("ActiveState", &["serve.service"]), "active");
    let silent: Vec<OwnedFd> = (0..MANY).map(|_| connect(world)).collect();
    assert_eq!(world.property("ActiveState", &["serve.service"]), "active");
    drop((others, silent));
    let begin = Instant::now();
    while !is_answered(&world.packets_as_user(33, PATH)) {
        assert!(begin.elapsed() < PATIENCE, "root's silent clients still take every place");
    }
}

fn others_never_take_the_place_of_root(world: &mut World) {
    let first = connect(world);
    assert!(is_answered(&first));
    let others: Vec<OwnedFd> = (0..MANY).map(|_| world.packets_as_user(33, PATH)).collect();
    assert!(is_answered(&others[MANY - 1]));
    assert!(is_answered(&first));
    // The longest silent of their own kind went.
    assert!(!is_answered(&others[0]));
}

fn who_does_not_read_is_dropped(world: &mut World) {
    let client = connect(world);
    let mut sent = 0;
    let end = loop {
        match rustix::net::send(&client, &[0xff; 7], SendFlags::NOSIGNAL) {
            Ok(_) => sent += 1,
            Err(errno) => break errno,
        }
        assert!(sent < 100_000, "it takes all");
    };
    assert!(matches!(end, Errno::PIPE | Errno::CONNRESET), "{end:?} after {sent}");
    assert_eq!(world.property("ActiveState", &["serve.service"]), "active");
}

fn without_descriptors_nobody_spins(world: &mut World) {
    let pid = rustix::process::Pid::from_raw(world.pid as i32);
    let limits = rustix::process::getrlimit(Resource::Nofile);
    // PID 1 can have no descriptor that it has not yet.
    let few = Rlimit { current: Some(1), maximum: limits.maximum };
    let old = rustix::process::prlimit(pid, Resource::Nofile, few).unwrap();
    let client = connect(world);
    let switches = || -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", world.pid)).unwrap();
        let counts = status.lines().filter(|line| line.contains("ctxt_switches"));
        counts.map(|line| line.split_whitespace().last().unwrap().parse::<u64>().unwrap()).sum()
    };
    let ticks = || -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", world.pid)).unwrap();
        let fields: Vec<&str> = stat.split_whitespace().collect();
        fields[13].parse::<u64>().unwrap() + fields[14].parse::<u64>().unwrap()
    };
    let (begin, before) = (Instant::now(), (switches(), ticks()));
    // What is measured is rest.
    std::thread::sleep(Duration::from_millis(500));
    let (after, time) = ((switches(), ticks()), begin.elapsed().as_millis() as u64);
    rustix::process::prlimit(pid, Resource::Nofile, old).unwrap();
    // It looks again ten times a second; ticks are of 10 ms.
    let is_rest = after.1 - before.1 <= time / 50 && after.0 - before.0 <= time / 10;
    assert!(is_rest, "{before:?} {after:?} in {time} ms");
    assert!(is_answered(&client));
}

fn sockets_removed_come_back(world: &mut World) {
    let connected = connect(world);
    assert!(is_answered(&connected));
    fs::remove_dir_all(world.path("/run/pilot")).unwrap();
    world.wait_for_control();
    // Who was connected still is, and a service can say again that it is ready.
    assert!(is_answered(&connected));
    world.control(&["restart", "serve.service"]);
    assert_eq!(world.property("StatusText", &["serve.service"]), "serving");
}
