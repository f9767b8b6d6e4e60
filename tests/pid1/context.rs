//! What services are given that children cannot be given in PID 1's memory.

use std::fs;

use crate::try_cases;
use crate::world::World;

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            ("a_score_is_its_services_alone", a_score_is_its_services_alone),
            ("why_a_copy_failed_is_told", why_a_copy_failed_is_told),
            ("copies_leave_nothing_open", copies_leave_nothing_open),
        ],
    );
}

fn score(world: &World, pid: &str) -> String {
    let path = world.path(&format!("/proc/{pid}/oom_score_adj"));
    fs::read_to_string(path).unwrap().trim().to_owned()
}

fn a_score_is_its_services_alone(world: &mut World) {
    // Others are between clone and exec at the same time.
    world.control(&["start", "copied.service", "serve.service"]);
    let main = |unit| world.property("MainPID", &[unit]);
    assert_eq!(score(world, &main("copied.service")), "123");
    assert_eq!(score(world, &main("serve.service")), "0");
    assert_eq!(score(world, "1"), "0");
    assert_eq!(world.property("OOMScoreAdjust", &["copied.service"]), "123");
    world.control(&["stop", "copied.service"]);
}

fn why_a_copy_failed_is_told(world: &mut World) {
    world.control(&["start", "copied-missing.service"]);
    world.wait_for_line("copied-missing.service: cannot execute the program: no such file");
    // Type=exec waits for the program, and hears why there is none.
    let started = world.run(&["/sbin/pilotctl", "start", "copied-missing-exec.service"]);
    assert!(!started.status.success(), "{started:?}");
    world.wait_for_line("copied-missing-exec.service: user: no such user or group");
    let show = |name| world.property(name, &["copied-missing-exec.service"]);
    assert_eq!([show("Result"), show("ExecMainStatus")], ["exit-code", "217"]);
}

fn copies_leave_nothing_open(world: &mut World) {
    let before = world.descriptors();
    // More than there are places for children.
    for _ in 0..20 {
        world.control(&["restart", "copied.service"]);
    }
    world.control(&["stop", "copied.service"]);
    world.wait_for_property("ActiveState", "copied.service", "inactive");
    // Its group's directory and two files of it stay open.
    world.wait_for_descriptors(before + 3);
}
