//! Limits on connections and on starts: each holds, says so, and heals without anybody's help.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::net::{AddressFamily, SocketType};

use crate::stage::{Actor, Stage};
use crate::try_cases;
use crate::world::{PATIENCE, World, answer, socket};

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            ("as_many_connections_as_allowed", as_many_connections_as_allowed),
            ("as_many_from_one_address_as_allowed", as_many_from_one_address_as_allowed),
            ("as_many_from_one_user_as_allowed", as_many_from_one_user_as_allowed),
            ("whoever_is_denied_starts_nothing", whoever_is_denied_starts_nothing),
            ("a_flood_is_served_in_portions", a_flood_is_served_in_portions),
            ("a_free_place_for_a_child_is_told_of", a_free_place_for_a_child_is_told_of),
            ("a_service_that_takes_nothing_is_tried_again", a_service_that_takes_nothing),
            ("a_service_that_fails_at_first_is_tried_again", a_service_that_fails_at_first),
        ],
    );
}

/// All places are taken by children that wait for a FIFO. Whoever asks again by himself does so
/// 100 ms after he asked; who is told comes earlier, if not in each round of a busy machine.
fn a_free_place_for_a_child_is_told_of(world: &mut World) {
    let stage = Stage::new(world);
    let fifo = world.path("/run/stuck");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let patient = Instant::now();
    loop {
        let streams: Vec<UnixStream> =
            (0..8).map(|_| world.connect("/run/stuck.sock").unwrap()).collect();
        world.wait_for_property("NConnections", "stuck.socket", "8");
        let begin = Instant::now();
        world.control(&["start", "--no-block", "queued.service"]);
        // The first of them lets us in; the others need not have come so far.
        let writer = fs::File::options().write(true).open(&fifo).unwrap();
        let mut waited = stage.enter("queued");
        let time = begin.elapsed();
        waited.order("exit 0");
        waited.dies();
        drop(streams);
        world.wait_for_property("NConnections", "stuck.socket", "0");
        world.wait_for_property("ActiveState", "queued.service", "inactive");
        drop(writer);
        if time.as_millis() < 100 {
            return;
        }
        assert!(patient.elapsed() < PATIENCE, "nobody was told: {time:?}");
    }
}

fn is_closed(mut stream: impl Read) -> bool {
    matches!(stream.read(&mut [0]), Ok(0))
}

fn refused(world: &World, socket: &str) -> String {
    world.property("NRefused", &[socket])
}

/// The end of an instance is known when nobody counts it any more.
fn leave(world: &World, socket: &str, mut actor: Actor, left: &str) {
    actor.order("exit 0");
    actor.dies();
    world.wait_for_property("NConnections", socket, left);
}

fn as_many_connections_as_allowed(world: &mut World) {
    let stage = Stage::new(world);
    let connect = || world.connect("/run/three.sock").unwrap();
    let streams: Vec<UnixStream> = (0..3).map(|_| connect()).collect();
    let mut held: Vec<Actor> = streams.iter().map(|_| stage.enter("held")).collect();
    assert!(is_closed(connect()));
    assert_eq!(refused(world, "three.socket"), "1");
    leave(world, "three.socket", held.remove(0), "2");
    let next = connect();
    held.push(stage.enter("held"));
    assert_eq!(world.property("NConnections", &["three.socket"]), "3");
    assert_eq!(refused(world, "three.socket"), "1");
    drop(next);
}

fn connect_from(world: &World, address: Ipv4Addr) -> TcpStream {
    world.in_network(|| {
        let socket = socket(AddressFamily::INET, SocketType::STREAM);
        rustix::net::bind(&socket, &SocketAddrV4::new(address, 0)).unwrap();
        rustix::net::connect(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7020)).unwrap();
        socket.into()
    })
}

fn as_many_from_one_address_as_allowed(world: &mut World) {
    let stage = Stage::new(world);
    let (one, other) = (Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 0, 2));
    let streams = [connect_from(world, one), connect_from(world, one)];
    let mut held: Vec<Actor> = streams.iter().map(|_| stage.enter("held")).collect();
    assert!(is_closed(connect_from(world, one)));
    let guest = connect_from(world, other);
    let guest = (guest, stage.enter("held"));
    leave(world, "source.socket", held.remove(0), "2");
    let next = connect_from(world, one);
    held.push(stage.enter("held"));
    assert_eq!(refused(world, "source.socket"), "1");
    drop((next, guest));
}

fn whoever_is_denied_starts_nothing(world: &mut World) {
    world.wait_for_property("NConnections", "source.socket", "0");
    let stage = Stage::new(world);
    let before: u32 = refused(world, "source.socket").parse().unwrap();
    assert!(is_closed(connect_from(world, Ipv4Addr::new(127, 0, 1, 6))));
    let allowed = connect_from(world, Ipv4Addr::new(127, 0, 1, 7));
    let mut held = stage.enter("held");
    // An IPv6 client at the same port.
    let other = world.in_network(|| TcpStream::connect((Ipv6Addr::LOCALHOST, 7020)).unwrap());
    assert!(is_closed(other));
    // AF_UNIX has no address to deny.
    let local = world.connect("/run/source.sock").unwrap();
    let mut near = stage.enter("held");
    assert_eq!(refused(world, "source.socket"), (before + 2).to_string());
    near.order("exit 0");
    near.dies();
    held.order("exit 0");
    held.dies();
    world.wait_for_property("NConnections", "source.socket", "0");
    drop((allowed, local));
}

fn as_many_from_one_user_as_allowed(world: &mut World) {
    world.wait_for_property("NConnections", "source.socket", "0");
    let stage = Stage::new(world);
    let connect = || world.connect("/run/source.sock").unwrap();
    let streams = [connect(), connect()];
    let held: Vec<Actor> = streams.iter().map(|_| stage.enter("held")).collect();
    assert!(is_closed(connect()));
    let guest = world.as_user(33, "/run/source.sock");
    let guest = (guest, stage.enter("held"));
    assert_eq!(refused(world, "source.socket"), "2");
    drop((held, guest));
}

fn a_flood_is_served_in_portions(world: &mut World) {
    // All are there when it looks.
    world.kill(libc::SIGSTOP);
    let flood: Vec<UnixStream> =
        (0..5).map(|_| world.connect("/run/portions.sock").unwrap()).collect();
    world.kill(libc::SIGCONT);
    for stream in flood {
        assert!(answer(stream, "").contains("env LISTEN_FDS=1"));
    }
    assert_eq!(refused(world, "portions.socket"), "0");
    world.wait_for_line("portions.socket: over its limit, paused");
}

/// The client waits in the queue until the service takes it: here, when it is told to be good.
fn waits_until_good(world: &mut World, name: &str, line: &str) {
    let waiting = world.connect(&format!("/run/{name}.sock")).unwrap();
    world.wait_for_line(line);
    fs::write(world.path(&format!("/run/{name}.good")), "").unwrap();
    assert!(answer(waiting, "").contains("env LISTEN_FDS=1"));
}

fn a_service_that_takes_nothing(world: &mut World) {
    waits_until_good(world, "idle", "idle.socket: over its limit, paused");
}

fn a_service_that_fails_at_first(world: &mut World) {
    waits_until_good(world, "weak", "weak.socket: over its limit, paused");
}
