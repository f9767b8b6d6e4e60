//! What else a service runs, and what comes of a unit that fails for those that need it.

use crate::stage::Stage;
use crate::try_cases;
use crate::world::World;

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            (
                "a_failure_at_boot_stops_whoever_requires_it",
                a_failure_at_boot_stops_whoever_requires_it,
            ),
            ("commands_come_in_order_and_know_the_main_process", commands_come_in_order),
            ("a_reload_that_fails_leaves_the_service_be", a_reload_that_fails),
            ("a_first_command_that_fails_is_the_end_of_a_start", a_first_command_that_fails),
        ],
    );
}

fn a_failure_at_boot_stops_whoever_requires_it(world: &mut World) {
    for line in [
        "first.service: failed (exit-code)",
        "second.service: start job: a unit it requires failed",
        "third.service: running",
    ] {
        assert!(world.said.contains(line), "{line}\n{}", world.said);
    }
    assert!(!world.said.contains("second.service: running"), "{}", world.said);
    let start = world.run(&["/sbin/pilotctl", "start", "second.service"]);
    assert!(!start.status.success(), "{start:?}");
    let complaint = String::from_utf8_lossy(&start.stderr);
    assert!(complaint.contains("dependency"), "{complaint}");
}

fn commands_come_in_order(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", "commands.service"]);
    let mut first = stage.enter("pre");
    assert!(stage.is_empty());
    first.order("exit 0");
    let mut main = stage.enter("main");
    world.wait_for_property("SubState", "commands.service", "running");
    world.control(&["reload", "commands.service"]);
    main.says("SIGHUP");
    world.control(&["stop", "--no-block", "commands.service"]);
    let mut stop = stage.enter(&format!("stop-{}", main.pid));
    assert_eq!(world.property("ControlPID", &["commands.service"]), stop.pid);
    // It may do so for as long as it likes: nobody is signalled before it has ended.
    main.does("stubborn");
    stop.order("exit 0");
    stop.dies();
    main.says("SIGTERM");
    main.order("exit 0");
    main.dies();
    world.wait_for_property("ActiveState", "commands.service", "inactive");
}

fn a_reload_that_fails(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "no-reload.service"]);
    let main = stage.enter("main");
    let reload = world.run(&["/sbin/pilotctl", "reload", "no-reload.service"]);
    assert!(!reload.status.success(), "{reload:?}");
    assert_eq!(world.property("ActiveState", &["no-reload.service"]), "active");
    assert_eq!(world.property("MainPID", &["no-reload.service"]), main.pid);
}

fn a_first_command_that_fails(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", "commands.service"]);
    let mut first = stage.enter("pre");
    first.order("exit 4");
    world.wait_for_property("ActiveState", "commands.service", "failed");
    assert_eq!(world.property("Result", &["commands.service"]), "exit-code");
    assert!(stage.is_empty());
}
