//! `WatchdogSec=`: what a service is told of it, and what becomes of one that falls silent.

use crate::stage::Stage;
use crate::try_cases;
use crate::world::World;

const UNIT: &str = "hanging.service";

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            ("a_silent_service_is_aborted", a_silent_service_is_aborted),
            ("a_service_may_ask_for_its_end", a_service_may_ask_for_its_end),
        ],
    );
}

fn a_silent_service_is_aborted(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", UNIT]);
    let mut service = stage.enter("hanging");
    service.order("variable WATCHDOG_USEC");
    service.says("1000000");
    service.order("variable WATCHDOG_PID");
    let pid = service.pid.clone();
    service.says(&pid);
    service.order("notify READY=1");
    // Nothing more is said: SIGABRT ends it.
    while service.hear().is_some() {}
    world.wait_for_property("ActiveState", UNIT, "failed");
    assert_eq!(world.property("Result", &[UNIT]), "watchdog");
    assert_eq!(world.property("ExecMainStatus", &[UNIT]), libc::SIGABRT.to_string());
    world.control(&["reset-failed", UNIT]);
}

fn a_service_may_ask_for_its_end(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", UNIT]);
    let mut service = stage.enter("hanging");
    service.does("notify READY=1\\nWATCHDOG_USEC=3600000000");
    service.order("notify WATCHDOG=trigger");
    service.dies();
    world.wait_for_property("ActiveState", UNIT, "failed");
    assert_eq!(world.property("Result", &[UNIT]), "watchdog");
}
