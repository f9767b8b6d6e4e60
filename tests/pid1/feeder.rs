//! The hardware watchdog: who feeds it, when not, and how it is left. A pipe stands for its
//! device; no driver answers, so that what is asked for counts.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::stage::{Actor, Stage};
use crate::world::{World, seconds};
use crate::{Case, try_cases};

const UNIT: &str = "vital.service";
/// More than the time-out of the board's watchdog.
const TOO_LONG: Timespec = Timespec { tv_sec: 1, tv_nsec: 500_000_000 };

pub fn all(pilot: &Path) {
    let cases: [Case; 4] = [
        ("who_is_well_is_fed", who_is_well_is_fed),
        ("who_has_failed_is_not_fed", who_has_failed_is_not_fed),
        ("a_power_off_stops_it", |world| is_left(world, "poweroff", libc::SIGINT, b'V')),
        ("a_reboot_leaves_it_running", |world| is_left(world, "reboot", libc::SIGHUP, 0)),
    ];
    for case in cases {
        try_cases(&mut World::start(pilot, &[]), &[case]);
    }
}

/// The driver comes late; gives its end of the pipe.
fn device(world: &mut World) -> File {
    assert!(world.said.contains("watchdog: /run/watchdog: no such file"), "{}", world.said);
    assert_eq!(world.property("WatchdogState", &[]), "device missing");
    let path = world.path("/run/watchdog");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
    let device = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).unwrap();
    world.wait_for_line("watchdog: /run/watchdog, fed every 500 ms");
    device
}

fn comes(device: &File, patience: &Timespec) -> bool {
    poll(&mut [PollFd::new(device, PollFlags::IN)], Some(patience)).unwrap() == 1
}

/// What was fed so far.
fn eaten(mut device: &File) -> Vec<u8> {
    let mut all = Vec::new();
    if let Err(error) = device.read_to_end(&mut all) {
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
    all
}

fn who_is_well_is_fed(world: &mut World) {
    let device = device(world);
    for _ in 0..4 {
        assert!(comes(&device, &seconds(crate::world::PATIENCE)), "{}", world.said);
        assert!(eaten(&device).iter().all(|&byte| byte == 0));
    }
    assert_eq!(world.property("WatchdogState", &[]), "fed");
    assert_eq!(world.property("RuntimeWatchdogUSec", &[]), "1s");
    assert!(world.control(&["status"]).contains(" Watchdog: fed"), "{}", world.said);
}

fn started(world: &World, stage: &Stage) -> Actor {
    world.control(&["start", UNIT]);
    stage.enter("vital")
}

fn who_has_failed_is_not_fed(world: &mut World) {
    let device = device(world);
    let stage = Stage::new(world);
    let mut service = started(world, &stage);
    world.control(&["kill", "--signal=KILL", UNIT]);
    service.dies();
    world.wait_for_line("watchdog: not fed, vital.service has failed");
    eaten(&device);
    assert!(!comes(&device, &TOO_LONG), "the board would live on");
    assert_eq!(world.property("WatchdogState", &[]), "not fed, a unit has failed");
    let _service = started(world, &stage);
    world.wait_for_line("watchdog: fed again");
    assert!(comes(&device, &seconds(crate::world::PATIENCE)));
}

fn is_left(world: &mut World, verb: &str, signal: i32, last: u8) {
    let device = device(world);
    world.control(&[verb]);
    assert_eq!(world.end(), Some(signal));
    assert_eq!(eaten(&device).last(), Some(&last));
}
