//! Every kind of listener, with clients of its kind: what is sent starts the service and waits
//! for it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{SocketAddr as UnixAddr, UnixDatagram, UnixStream};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, sockopt};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use crate::stage::{Actor, Stage};
use crate::try_cases;
use crate::world::{World, socket};

const NODES: [&str; 3] = ["/run/talk/fifo", "/run/talk/packets", "/run/talk/datagrams"];

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            ("what_a_fifo_is_told_waits", what_a_fifo_is_told_waits),
            ("packets_wait_at_a_path", packets_wait_at_a_path),
            ("datagrams_wait_at_a_path", datagrams_wait_at_a_path),
            ("abstract_names_need_no_node", abstract_names_need_no_node),
            ("datagrams_wait_at_a_port", datagrams_wait_at_a_port),
            ("a_port_is_for_both_families", a_port_is_for_both_families),
            ("an_ipv6_port_can_be_for_ipv6_only", an_ipv6_port_can_be_for_ipv6_only),
            ("options_are_set_before_anybody_connects", options_are_set),
            ("rarer_options_are_set_too", rarer_options_are_set),
            ("what_is_queued_can_be_dropped", what_is_queued_can_be_dropped),
            ("a_context_is_listened_to", a_context_is_listened_to),
            ("what_is_no_socket_starts_services_too", special_files_and_queues),
            ("nodes_have_owners_and_modes", nodes_have_owners_and_modes),
            ("nodes_go_when_their_socket_stops", nodes_go_when_their_socket_stops),
            ("a_node_of_others_gets_our_mode", a_node_of_others_gets_our_mode),
            ("what_is_no_socket_is_left_alone", what_is_no_socket_is_left_alone),
            ("a_socket_of_others_is_left_alone", a_socket_of_others_is_left_alone),
        ],
    );
}

/// The service, which somebody has just woken.
fn woken(stage: &Stage) -> Actor {
    stage.enter("talker")
}

fn sleeps(world: &World, mut service: Actor) {
    service.order("exit 0");
    service.dies();
    world.wait_for_property("SubState", "talk.socket", "listening");
}

fn what_a_fifo_is_told_waits(world: &mut World) {
    let stage = Stage::new(world);
    let mut fifo = File::options().write(true).open(world.path(NODES[0])).unwrap();
    fifo.write_all(b"one").unwrap();
    let mut first = woken(&stage);
    first.order("exit 0");
    // Nobody has read it: it wakes the next one.
    let mut second = woken(&stage);
    second.order("receive talk");
    second.says("one");
    // The end of a writer is not the end of the FIFO.
    drop(fifo);
    fs::write(world.path(NODES[0]), "two").unwrap();
    second.order("receive talk");
    second.says("two");
    sleeps(world, second);
    fs::write(world.path(NODES[0]), "three").unwrap();
    let mut third = woken(&stage);
    third.order("receive talk");
    third.says("three");
    sleeps(world, third);
}

fn packets(address: &SocketAddrUnix) -> OwnedFd {
    let socket = socket(AddressFamily::UNIX, SocketType::SEQPACKET);
    rustix::net::connect(&socket, address).unwrap();
    socket
}

/// A client whose packet wakes the service, which answers.
fn exchange_packets(world: &World, listener: &str, client: &OwnedFd) {
    let stage = Stage::new(world);
    rustix::io::write(client, b"ping").unwrap();
    let mut service = woken(&stage);
    service.order(&format!("answer {listener}"));
    service.says("ping");
    let mut answer = [0; 8];
    assert_eq!(rustix::io::read(client, &mut answer), Ok(4));
    assert_eq!(&answer[..4], b"pong");
    sleeps(world, service);
}

fn packets_wait_at_a_path(world: &mut World) {
    let client = packets(&SocketAddrUnix::new(world.path(NODES[1])).unwrap());
    exchange_packets(world, "talk 1", &client);
}

fn datagrams_wait_at_a_path(world: &mut World) {
    let stage = Stage::new(world);
    let client = UnixDatagram::unbound().unwrap();
    for word in ["one", "two"] {
        client.send_to(word.as_bytes(), world.path(NODES[2])).unwrap();
    }
    let mut service = woken(&stage);
    for word in ["one", "two"] {
        service.order("receive talk 2");
        service.says(word);
    }
    sleeps(world, service);
}

fn abstract_names_need_no_node(world: &mut World) {
    let name = SocketAddrUnix::new_abstract_name(b"talk.packets").unwrap();
    let client = world.in_network(|| packets(&name));
    exchange_packets(world, "talk 4", &client);
    let name = UnixAddr::from_abstract_name("talk").unwrap();
    let client = world.in_network(|| UnixStream::connect_addr(&name).unwrap());
    exchange_packets(world, "talk 3", &client.into());
}

fn datagrams_wait_at_a_port(world: &mut World) {
    let stage = Stage::new(world);
    world.in_network(|| {
        let client = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
        client.send_to(b"hello", (Ipv6Addr::LOCALHOST, 7010)).unwrap();
    });
    let mut service = woken(&stage);
    service.order("receive talk 5");
    service.says("hello");
    sleeps(world, service);
}

/// A client of a port that wakes the service, which answers.
fn exchange(world: &World, listener: &str, mut client: TcpStream) {
    let stage = Stage::new(world);
    client.write_all(b"ping").unwrap();
    let mut service = woken(&stage);
    service.order(&format!("answer {listener}"));
    service.says("ping");
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "pong");
    sleeps(world, service);
}

fn a_port_is_for_both_families(world: &mut World) {
    for (port, listener) in [(7011, "talk 6"), (7013, "both")] {
        let old = world.in_network(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap());
        exchange(world, listener, old);
        let new = world.in_network(|| TcpStream::connect((Ipv6Addr::LOCALHOST, port)).unwrap());
        exchange(world, listener, new);
    }
}

fn an_ipv6_port_can_be_for_ipv6_only(world: &mut World) {
    let old = world.in_network(|| TcpStream::connect((Ipv4Addr::LOCALHOST, 7012)));
    assert_eq!(old.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    let new = world.in_network(|| TcpStream::connect((Ipv6Addr::LOCALHOST, 7012)).unwrap());
    exchange(world, "six", new);
}

fn owner_and_mode(world: &World, node: &str) -> (u32, u32, u32) {
    let node = fs::symlink_metadata(world.path(node)).unwrap();
    (node.uid(), node.gid(), node.mode() & 0o7777)
}

/// Copies of PID 1's descriptors.
fn copies(world: &World) -> impl Iterator<Item = OwnedFd> {
    let pidfd = pidfd_open(Pid::from_raw(world.pid as i32).unwrap(), PidfdFlags::empty()).unwrap();
    let numbers = fs::read_dir(format!("/proc/{}/fd", world.pid)).unwrap();
    let numbers = numbers.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    numbers.filter_map(move |number| {
        pidfd_getfd(&pidfd, number.parse().unwrap(), PidfdGetfdFlags::empty()).ok()
    })
}

/// PID 1's own descriptor of the socket at a path.
fn held_at(world: &World, path: &str) -> OwnedFd {
    let named = |copy: &OwnedFd| {
        let name = rustix::net::getsockname(copy).ok()?;
        let name = SocketAddrUnix::try_from(name).ok()?;
        Some(name.path_bytes()? == path.as_bytes())
    };
    copies(world).find(|copy| named(copy) == Some(true)).expect("it is open")
}

/// PID 1's own descriptor of what is bound there.
fn bound(world: &World, address: IpAddr, port: u16, kind: SocketType) -> OwnedFd {
    let wanted = SocketAddr::new(address, port);
    let found = copies(world).find(|copy| {
        let name = rustix::net::getsockname(copy).ok();
        let name = name.and_then(|name| SocketAddr::try_from(name).ok());
        name == Some(wanted) && sockopt::socket_type(copy) == Ok(kind)
    });
    found.unwrap_or_else(|| panic!("nothing at {wanted}"))
}

/// Where PID 1's descriptors lead.
fn held(world: &World) -> Vec<String> {
    let numbers = fs::read_dir(format!("/proc/{}/fd", world.pid)).unwrap();
    let links = numbers.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    links.map(|link| link.to_string_lossy().into_owned()).collect()
}

fn special_files_and_queues(world: &mut World) {
    let queue = |world: &World| held(world).iter().any(|link| link.contains("pilot-test"));
    assert!(queue(world), "{:?}", held(world));
    let groups = fs::read_to_string(format!("/proc/{}/net/netlink", world.pid)).unwrap();
    // sk, Eth, Pid, Groups: the family is KOBJECT_UEVENT.
    let mut fields = groups.lines().map(|line| line.split_whitespace().skip(1));
    let uevents = |mut line: std::iter::Skip<std::str::SplitWhitespace<'_>>| {
        line.next() == Some("15") && line.nth(1) == Some("00000001")
    };
    assert!(fields.any(uevents), "{groups}");

    for link in ["/run/odd/link", "/run/else/link"] {
        let to = fs::read_link(world.path(link)).unwrap();
        assert_eq!(to.to_str(), Some("/run/odd/sock"));
    }
    world.control(&["stop", "odd.socket"]);
    assert!(!queue(world));
    assert!(fs::symlink_metadata(world.path("/run/odd/link")).is_err());
    // What is no link stays what it is.
    fs::write(world.path("/run/else/link"), "mine").unwrap();
    world.control(&["start", "odd.socket"]);
    assert_eq!(fs::read_to_string(world.path("/run/else/link")).unwrap(), "mine");
    assert!(fs::read_link(world.path("/run/odd/link")).is_ok());
    world.wait_for_line("odd.socket: no link /run/else/link");

    let stage = Stage::new(world);
    // It can always be read: the service is there as soon as the socket is.
    world.control(&["start", "mounts.socket"]);
    let mut service = stage.enter("mounts");
    world.control(&["stop", "mounts.socket"]);
    service.order("exit 0");
    service.dies();
}

fn options_are_set(world: &mut World) {
    let stream = bound(world, Ipv6Addr::UNSPECIFIED.into(), 7030, SocketType::STREAM);
    assert_eq!(sockopt::tcp_keepidle(&stream), Ok(Duration::from_secs(90)));
    assert_eq!(sockopt::tcp_keepintvl(&stream), Ok(Duration::from_secs(61)));
    assert_eq!(sockopt::tcp_keepcnt(&stream), Ok(4));
    // The kernel doubles what it is asked for, and tells the double.
    assert_eq!(sockopt::socket_recv_buffer_size(&stream), Ok(2 * 64 * 1024));
    assert_eq!(sockopt::socket_send_buffer_size(&stream), Ok(2 * 48 * 1024));
    assert_eq!(sockopt::ip_tos(&stream), Ok(0x10));
    assert_eq!(sockopt::ip_ttl(&stream), Ok(9));
    assert_eq!(sockopt::ipv6_unicast_hops(&stream), Ok(9));
    assert_eq!(sockopt::socket_broadcast(&stream), Ok(false));
    let datagrams = bound(world, Ipv4Addr::LOCALHOST.into(), 7030, SocketType::DGRAM);
    assert_eq!(sockopt::socket_broadcast(&datagrams), Ok(true));
    assert_eq!(sockopt::ip_ttl(&datagrams), Ok(9));
    // No interface has it: documentation, RFC 5737.
    let free = bound(world, Ipv4Addr::new(192, 0, 2, 7).into(), 7031, SocketType::STREAM);
    assert_eq!(sockopt::ip_freebind(&free), Ok(true));
    let fifo = File::options().write(true).open(world.path("/run/options.fifo")).unwrap();
    assert_eq!(rustix::pipe::fcntl_getpipe_size(&fifo), Ok(128 * 1024));
}

/// The number that an option is set to.
fn number(socket: &OwnedFd, level: i32, name: i32) -> i32 {
    let mut value = 0i32;
    let mut length = size_of::<i32>() as u32;
    // SAFETY: as many bytes as it says are written.
    let got = unsafe {
        let value = (&raw mut value).cast();
        libc::getsockopt(socket.as_raw_fd(), level, name, value, &raw mut length)
    };
    assert_eq!(got, 0, "{}", std::io::Error::last_os_error());
    value
}

fn rarer_options_are_set(world: &mut World) {
    let stream = bound(world, Ipv6Addr::UNSPECIFIED.into(), 7030, SocketType::STREAM);
    assert_eq!(number(&stream, libc::SOL_SOCKET, libc::SO_MARK), 7);
    assert_eq!(number(&stream, libc::SOL_SOCKET, libc::SO_PRIORITY), 4);
    assert_eq!(sockopt::tcp_congestion(&stream).unwrap(), "reno");
    let datagrams = bound(world, Ipv4Addr::LOCALHOST.into(), 7030, SocketType::DGRAM);
    assert_eq!(number(&datagrams, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS), 1);
    assert_eq!(number(&datagrams, libc::IPPROTO_IP, libc::IP_PKTINFO), 1);
    // A port of another protocol is another port, and an address of nobody's is nobody's.
    world.control(&["start", "foreign.socket"]);
    let foreign = bound(world, Ipv4Addr::new(192, 0, 2, 9).into(), 7032, SocketType::STREAM);
    assert_eq!(number(&foreign, libc::IPPROTO_IP, libc::IP_TRANSPARENT), 1);
    let protocol = number(&foreign, libc::SOL_SOCKET, libc::SO_PROTOCOL);
    assert_eq!(protocol, libc::IPPROTO_MPTCP);
    let local = held_at(world, "/run/foreign.sock");
    assert_eq!(number(&local, libc::SOL_SOCKET, libc::SO_PASSCRED), 1);
    assert_eq!(number(&local, libc::SOL_SOCKET, libc::SO_PASSSEC), 1);
    assert_eq!(number(&local, libc::SOL_SOCKET, libc::SO_TIMESTAMP), 1);
    world.control(&["stop", "foreign.socket"]);
}

fn what_is_queued_can_be_dropped(world: &mut World) {
    let stage = Stage::new(world);
    let client = UnixDatagram::unbound().unwrap();
    let say = |word: &str| client.send_to(word.as_bytes(), world.path("/run/flushed")).unwrap();
    say("one");
    let mut service = stage.enter("flushed");
    say("two");
    // PID 1 must not wait for a third.
    service.does("block flushed.socket");
    service.order("exit 0");
    service.dies();
    world.wait_for_property("SubState", "flushed.socket", "listening");
    // Nobody comes for what was left behind.
    assert!(stage.is_empty());
    say("three");
    let mut service = stage.enter("flushed");
    service.order("receive flushed.socket");
    service.says("three");
    service.order("exit 0");
    service.dies();
}

/// The kernel's contexts are those of the whole machine: no other suite listens there.
fn a_context_is_listened_to(world: &mut World) {
    let family = AddressFamily::VSOCK;
    if rustix::net::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None).is_err() {
        return;
    }
    world.control(&["start", "vsock.socket"]);
    assert_eq!(world.property("Listen", &["vsock.socket"]), "vsock::7040 (Stream)");
    let bound = copies(world).any(|copy| sockopt::socket_domain(copy) == Ok(family));
    assert!(bound, "nothing listens");
    world.control(&["stop", "vsock.socket"]);
    assert!(!copies(world).any(|copy| sockopt::socket_domain(copy) == Ok(family)));
}

fn nodes_have_owners_and_modes(world: &mut World) {
    for node in NODES {
        assert_eq!(owner_and_mode(world, node), (33, 40, 0o620), "{node}");
    }
    assert_eq!(owner_and_mode(world, "/run/talk"), (0, 0, 0o750));
}

fn nodes_go_when_their_socket_stops(world: &mut World) {
    world.control(&["stop", "talk.socket"]);
    for node in NODES {
        assert!(!fs::exists(world.path(node)).unwrap(), "{node}");
    }
    world.control(&["start", "talk.socket"]);
    assert!(fs::metadata(world.path(NODES[0])).unwrap().file_type().is_fifo());
}

fn a_node_of_others_gets_our_mode(world: &mut World) {
    world.control(&["stop", "talk.socket"]);
    let made = world.run(&["/usr/bin/mkfifo", "-m", "0666", NODES[0]]);
    assert!(made.status.success(), "{made:?}");
    // Nobody listens there any more.
    drop(UnixDatagram::bind(world.path(NODES[2])).unwrap());
    world.control(&["start", "talk.socket"]);
    nodes_have_owners_and_modes(world);
}

fn what_is_no_socket_is_left_alone(world: &mut World) {
    world.control(&["stop", "talk.socket"]);
    fs::write(world.path(NODES[1]), "precious").unwrap();
    let start = world.run(&["/sbin/pilotctl", "start", "talk.socket"]);
    assert!(!start.status.success(), "{start:?}");
    world.wait_for_line(&format!("{}: address in use", NODES[1]));
    assert_eq!(fs::read_to_string(world.path(NODES[1])).unwrap(), "precious");
    assert!(!fs::exists(world.path(NODES[0])).unwrap());
    fs::remove_file(world.path(NODES[1])).unwrap();
    world.wait_for_property("ActiveState", "talk.socket", "active");
    nodes_have_owners_and_modes(world);
}

fn a_socket_of_others_is_left_alone(world: &mut World) {
    world.control(&["stop", "talk.socket"]);
    let other = UnixDatagram::bind(world.path(NODES[2])).unwrap();
    let start = world.run(&["/sbin/pilotctl", "start", "talk.socket"]);
    assert!(!start.status.success(), "{start:?}");
    world.wait_for_line(&format!("{}: address in use", NODES[2]));
    let client = UnixDatagram::unbound().unwrap();
    client.send_to(b"still here", world.path(NODES[2])).unwrap();
    let mut heard = [0; 16];
    assert_eq!(other.recv(&mut heard).unwrap(), 10);
    drop(other);
    world.wait_for_property("ActiveState", "talk.socket", "active");
    nodes_have_owners_and_modes(world);
}
