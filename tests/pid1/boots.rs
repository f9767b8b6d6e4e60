//! Boots where something is missing: the board comes up, can be reached, and says what it lacks.

use std::io::Read;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;

use crate::enter::Oddity;
use crate::world::World;
use crate::{
    Case, a_connection_is_passed, assert_service_sees, shutdown_ends_what_ignores_it, try_cases,
};

pub fn all(pilot: &Path) {
    let boots: [(&[Oddity], Case); 6] = [
        (&[Oddity::NoConsole], ("without_a_console", the_kernel_log_is_spoken_to)),
        (&[Oddity::NoNull], ("without_a_null_device", services_see_what_they_should)),
        (&[Oddity::NoConsole, Oddity::NoNull], ("without_both", the_kernel_log_is_spoken_to)),
        (&[Oddity::ReadOnly], ("with_a_read_only_root", services_see_what_they_should)),
        (&[Oddity::FullRun], ("with_a_full_run", what_does_not_lie_there_works)),
        (&[Oddity::Arguments], ("with_arguments", what_they_say_is_booted)),
    ];
    for (oddities, case) in boots {
        try_cases(&mut World::start(pilot, oddities), &[case]);
    }
}

/// In a container it is the arguments of PID 1 that count, and not the kernel's command line.
fn what_they_say_is_booted(world: &mut World) {
    assert!(world.said.contains("third.service: reached, the board is up"), "{}", world.said);
    assert!(!world.said.contains("broken.service"), "{}", world.said);
    let refused = world.run(&["/sbin/pilotctl", "start", "second.service"]);
    assert!(!refused.status.success(), "{refused:?}");
    world.control(&["start", "once.service"]);
}

fn services_see_what_they_should(world: &mut World) {
    assert!(!world.said.contains("mount "), "{}", world.said);
    assert_service_sees(world, "/dev/null, read and write");
    a_connection_is_passed(world);
}

fn the_kernel_log_is_spoken_to(world: &mut World) {
    assert_service_sees(world, "/dev/kmsg, write");
    a_connection_is_passed(world);
}

fn what_does_not_lie_there_works(world: &mut World) {
    for line in [
        "the notification socket: no space left",
        "the control socket: no space left",
        "passed.socket: cannot listen at /run/passed.sock: no space left",
    ] {
        assert!(world.said.contains(line), "{line}\n{}", world.said);
    }
    let mut stream = world.in_network(|| TcpStream::connect((Ipv4Addr::LOCALHOST, 7001)).unwrap());
    let mut report = String::new();
    stream.read_to_string(&mut report).unwrap();
    assert!(report.contains("REMOTE_ADDR=127.0.0.1"), "{report}");
    // Room is made: what could not be opened is tried again.
    let room = ["/usr/bin/mount", "-o", "remount,nr_inodes=100", "/run"];
    assert!(world.run(&room).status.success());
    world.wait_for_control();
    world.wait_for_property("ActiveState", "passed.socket", "active");
    a_connection_is_passed(world);
    world.wait_for_property("ActiveState", "serve.socket", "active");
    assert_ne!(world.ask("/run/serve.sock", "pid"), "");
    shutdown_ends_what_ignores_it(world);
    world.hear();
    assert_eq!(world.said.matches("the control socket").count(), 1, "{}", world.said);
}
