//! Slices: what lies in them, what stops with them, and what a kernel makes of their limits.

use std::fs;
use std::path::PathBuf;

use crate::stage::{Actor, Stage};
use crate::try_cases;
use crate::world::World;

/// As deep as there can be.
const GROUP: &str = "/pilot/nested.slice/nested-outer.slice/nested-outer-inner.slice/\
                     nested-outer-inner-a.slice/nested-outer-inner-a-b.slice/\
                     nested-outer-inner-a-b-c.slice/nested-outer-inner-a-b-c-d.slice/deep.service";

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            ("a_service_lies_in_its_slices", a_service_lies_in_its_slices),
            ("what_is_written_is_there_or_told", what_is_written_is_there_or_told),
            ("a_slice_stops_with_all_in_it", a_slice_stops_with_all_in_it),
            ("a_bound_holds_or_nothing_runs", a_bound_holds_or_nothing_runs),
        ],
    );
}

/// Without control groups slices are units like others, and nothing is bounded.
pub fn without_groups(world: &mut World) {
    let stage = Stage::new(world);
    let _deep = enter(world, &stage, "deep");
    let _bounded = enter(world, &stage, "bounded");
    assert_eq!(world.property("ActiveState", &["nested-outer.slice"]), "active");
    assert!(!world.said.contains("memory.max"), "{}", world.said);
}

fn enter(world: &World, stage: &Stage, name: &str) -> Actor {
    world.control(&["start", &format!("{name}.service")]);
    stage.enter(name)
}

/// A file of a control group, from outside.
fn file(world: &World, group: &str, name: &str) -> PathBuf {
    world.path(&format!("/sys/fs/cgroup{group}/{name}"))
}

fn has(world: &World, controller: &str) -> bool {
    let controllers = fs::read_to_string(file(world, "", "cgroup.controllers")).unwrap();
    controllers.split_whitespace().any(|each| each == controller)
}

fn a_service_lies_in_its_slices(world: &mut World) {
    let stage = Stage::new(world);
    let deep = enter(world, &stage, "deep");
    let groups = fs::read_to_string(world.path(&format!("/proc/{}/cgroup", deep.pid))).unwrap();
    let own = groups.lines().find_map(|line| line.strip_prefix("0::")).unwrap();
    // Seen from outside the world's own group stands before it.
    assert!(own.ends_with(GROUP), "{groups}");
    assert_eq!(world.property("ControlGroup", &["deep.service"]), GROUP);
    assert_eq!(world.property("Slice", &["deep.service"]), "nested-outer-inner-a-b-c-d.slice");
    assert_eq!(world.property("ActiveState", &["nested.slice"]), "active");
    let status = world.control(&["status", "nested-outer.slice"]);
    assert!(status.contains("CGroup: /pilot/nested.slice/nested-outer.slice"), "{status}");
}

fn what_is_written_is_there_or_told(world: &mut World) {
    if has(world, "cpu") {
        assert_eq!(fs::read_to_string(file(world, GROUP, "cpu.weight")).unwrap(), "7\n");
    } else {
        assert!(world.said.contains("no control of cpu: "), "{}", world.said);
        world.wait_for_line("deep.service: cpu.weight: ");
    }
}

fn a_slice_stops_with_all_in_it(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["stop", "deep.service"]);
    let mut deep = enter(world, &stage, "deep");
    world.control(&["stop", "nested.slice"]);
    deep.says("SIGTERM");
    deep.dies();
    assert_eq!(world.property("ActiveState", &["deep.service"]), "inactive");
    assert_eq!(world.property("ActiveState", &["nested-outer-inner.slice"]), "inactive");
    assert!(!world.run(&["/sbin/pilotctl", "stop", "system.slice"]).status.success());
    assert!(!world.run(&["/sbin/pilotctl", "stop", "--", "-.slice"]).status.success());
}

fn a_bound_holds_or_nothing_runs(world: &mut World) {
    let stage = Stage::new(world);
    if has(world, "memory") && has(world, "pids") {
        let _bounded = enter(world, &stage, "bounded");
        let group = "/pilot/system.slice/bounded.service";
        assert_eq!(fs::read_to_string(file(world, group, "memory.max")).unwrap(), "67108864\n");
        assert_ne!(fs::read_to_string(file(world, group, "pids.max")).unwrap(), "max\n");
        return;
    }
    assert!(!world.run(&["/sbin/pilotctl", "start", "bounded.service"]).status.success());
    assert_eq!(world.property("Result", &["bounded.service"]), "resources");
    world.wait_for_line("bounded.service: memory.max: ");
    assert!(stage.is_empty(), "it runs without a bound");
}
