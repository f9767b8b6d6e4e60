//! Every kind of listener, with clients of its kind: what is sent starts the service and waits
//! for it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixStream};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};

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
            ("nodes_have_owners_and_modes", nodes_have_owners_and_modes),
            ("nodes_go_when_their_socket_stops", nodes_go_when_their_socket_stops),
            ("a_node_of_others_gets_our_mode", a_node_of_others_gets_our_mode),
            ("what_is_no_socket_is_left_alone", what_is_no_socket_is_left_alone),
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
    let name = SocketAddr::from_abstract_name("talk").unwrap();
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
