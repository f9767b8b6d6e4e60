//! `MAINPID=`: a service that goes on as another process than the one that was started.

use crate::stage::{Actor, Stage};
use crate::try_cases;
use crate::world::World;

const UNIT: &str = "daemon.service";

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            ("a_daemon_lives_on_in_its_child", a_daemon_lives_on_in_its_child),
            ("a_main_process_may_be_named_before_it_is_ready", named_before_it_is_ready),
            ("a_main_process_may_have_another_parent", a_main_process_may_have_another_parent),
            ("only_a_process_of_the_unit_is_adopted", only_a_process_of_the_unit_is_adopted),
        ],
    );
}

/// A daemon that is not ready yet, and its child.
fn daemon(world: &World) -> (Actor, Actor) {
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", UNIT]);
    let mut parent = stage.enter("main");
    parent.does("fork-session child");
    let child = stage.enter("child");
    assert!(stage.is_empty());
    (parent, child)
}

fn property(world: &World, name: &str) -> String {
    world.property(name, &[UNIT])
}

/// The child is the main process: it is listened to, signalled and missed.
fn assert_adopted(world: &mut World, mut child: Actor) {
    assert_eq!(property(world, "ActiveState"), "active");
    assert_eq!(property(world, "MainPID"), child.pid);
    child.does("notify STATUS=grown up");
    assert_eq!(property(world, "StatusText"), "grown up");
    world.control(&["kill", "--kill-whom=main", "--signal=HUP", UNIT]);
    child.says("SIGHUP");
    child.order("exit 7");
    child.dies();
    world.wait_for_property("ActiveState", UNIT, "failed");
    assert_eq!(property(world, "Result"), "exit-code");
    assert_eq!(property(world, "ExecMainStatus"), "7");
    world.control(&["reset-failed", UNIT]);
}

fn a_daemon_lives_on_in_its_child(world: &mut World) {
    let (mut parent, child) = daemon(world);
    parent.does(&format!("notify MAINPID={}\\nREADY=1", child.pid));
    parent.order("exit 0");
    parent.dies();
    assert_adopted(world, child);
}

fn named_before_it_is_ready(world: &mut World) {
    let (mut parent, mut child) = daemon(world);
    parent.does(&format!("notify MAINPID={}", child.pid));
    parent.order("exit 0");
    parent.dies();
    child.does("notify READY=1");
    assert_adopted(world, child);
}

/// Nobody tells PID 1 how it ended then, only that it did.
fn a_main_process_may_have_another_parent(world: &mut World) {
    let (mut parent, mut child) = daemon(world);
    parent.does(&format!("notify MAINPID={}\\nREADY=1", child.pid));
    assert_eq!(property(world, "MainPID"), child.pid);
    child.order("exit 7");
    child.dies();
    parent.says("SIGTERM");
    world.wait_for_property("ActiveState", UNIT, "inactive");
}

fn only_a_process_of_the_unit_is_adopted(world: &mut World) {
    let (mut parent, mut child) = daemon(world);
    // Dead, and still there: its parent does not reap it.
    child.order("exit 0");
    child.dies();
    let stranger = world.ask("/run/serve.sock", "pid");
    for pid in [&stranger, &child.pid, "1", "4194304"] {
        parent.does(&format!("notify MAINPID={pid}\\nREADY=1"));
        assert_eq!(property(world, "MainPID"), parent.pid, "{pid}");
    }
    world.control(&["stop", UNIT]);
    parent.says("SIGTERM");
    assert_eq!(world.ask("/run/serve.sock", "pid"), stranger);
}
