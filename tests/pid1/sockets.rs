//! A socket's own life: its commands, and an address that is not there yet.

use std::fs;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::stage::{Actor, Stage};
use crate::try_cases;
use crate::world::{PATIENCE, World};

const NODE: &str = "/run/hooks.sock";

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            ("commands_run_in_their_order", commands_run_in_their_order),
            ("a_command_that_fails_ends_the_socket", a_command_that_fails_ends_the_socket),
            ("an_address_is_listened_at_when_it_comes", an_address_that_comes),
        ],
    );
}

fn ends(mut command: Actor, code: u8) {
    command.order(&format!("exit {code}"));
    command.dies();
}

fn is_there(world: &World) -> bool {
    fs::exists(world.path(NODE)).unwrap()
}

fn commands_run_in_their_order(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", "hooks.socket"]);
    let command = stage.enter("start-pre");
    assert!(!is_there(world));
    ends(command, 0);

    let mut command = stage.enter("start-post");
    assert_eq!(world.property("SubState", &["hooks.socket"]), "start-post");
    assert_eq!(world.property("ControlPID", &["hooks.socket"]), command.pid);
    // It is passed the listener, at which nobody else looks yet.
    let client = UnixStream::connect(world.path(NODE)).unwrap();
    rustix::io::write(&client, b"ping").unwrap();
    command.order("answer hooks.socket");
    command.says("ping");
    ends(command, 0);
    world.wait_for_property("SubState", "hooks.socket", "listening");

    world.control(&["stop", "--no-block", "hooks.socket"]);
    let mut command = stage.enter("stop-pre");
    assert!(is_there(world));
    command.does("fork left");
    let mut left = stage.enter("left");
    ends(command, 0);
    let command = stage.enter("stop-post");
    assert!(!is_there(world));
    ends(command, 0);
    // What a command leaves behind does not outlive the socket.
    left.says("SIGTERM");
    left.dies();
    world.wait_for_property("ActiveState", "hooks.socket", "inactive");
}

fn a_command_that_fails_ends_the_socket(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", "hooks.socket"]);
    ends(stage.enter("start-pre"), 0);
    ends(stage.enter("start-post"), 3);
    ends(stage.enter("stop-pre"), 0);
    ends(stage.enter("stop-post"), 0);
    world.wait_for_property("ActiveState", "hooks.socket", "failed");
    assert_eq!(world.property("Result", &["hooks.socket"]), "exit-code");
    assert!(!is_there(world));
    world.control(&["reset-failed", "hooks.socket"]);
    assert_eq!(world.property("ActiveState", &["hooks.socket"]), "inactive");
}

fn an_address_that_comes(world: &mut World) {
    let patient = Instant::now();
    let mut tries = 2;
    while !comes_before_the_next_try(world, tries) {
        assert!(patient.elapsed() < PATIENCE, "its coming is not heard of");
        tries += 1;
    }
}

/// Lets the address come after so many tries. If the machine was slow the next one may have found
/// it, which says nothing.
fn comes_before_the_next_try(world: &mut World, tries: u32) -> bool {
    let begin = Instant::now();
    let start = world.run(&["/sbin/pilotctl", "start", "absent.socket"]);
    assert!(!start.status.success(), "{start:?}");
    for _ in 0..tries {
        world.wait_for_line("cannot listen at 10.77.0.1:7050: no such address here");
    }
    // The first pause is of a second, and each twice as long as the last.
    let next = begin + Duration::from_secs((1 << tries) - 1);
    let status = world.run(&["/sbin/pilotctl", "status", "absent.socket"]);
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains("Retry: 10.77.0.1:7050: no such address here; again in"), "{status}");
    let network = format!("--net=/proc/{}/ns/net", world.pid);
    let address = |verb| {
        let address = [&network, "ip", "address", verb, "10.77.0.1/32", "dev", "lo"];
        assert!(Command::new("nsenter").args(address).status().unwrap().success());
    };
    address("add");
    world.wait_for_property("SubState", "absent.socket", "listening");
    let in_time = Instant::now() < next;
    world.control(&["stop", "absent.socket"]);
    address("del");
    in_time
}
