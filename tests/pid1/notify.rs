//! `NotifyAccess=`: who is listened to, as the kernel says who it is.

use crate::stage::Stage;
use crate::try_cases;
use crate::world::World;

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            ("whoever_is_in_the_group_may_be_heard", whoever_is_in_the_group_may_be_heard),
            ("commands_may_be_heard_and_nobody_else", commands_may_be_heard_and_nobody_else),
            ("who_is_not_heard_is_told_no_socket", who_is_not_heard_is_told_no_socket),
        ],
    );
}

fn whoever_is_in_the_group_may_be_heard(world: &mut World) {
    const UNIT: &str = "heard.service";
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", UNIT]);
    let mut main = stage.enter("main");
    main.does("fork-session child");
    let mut child = stage.enter("child");
    assert_eq!(world.property("ActiveState", &[UNIT]), "activating");
    child.does("notify READY=1\\nSTATUS=said by a child");
    world.wait_for_property("ActiveState", UNIT, "active");
    assert_eq!(world.property("StatusText", &[UNIT]), "said by a child");
    child.does(&format!("notify MAINPID={}", child.pid.clone()));
    assert_eq!(world.property("MainPID", &[UNIT]), child.pid);
    world.control(&["stop", UNIT]);
}

fn commands_may_be_heard_and_nobody_else(world: &mut World) {
    const UNIT: &str = "half-heard.service";
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", UNIT]);
    let (mut main, mut post) = stage.enter_both("main", "post");
    post.does("notify STATUS=said by a command");
    assert_eq!(world.property("StatusText", &[UNIT]), "said by a command");
    main.does("fork child");
    let mut child = stage.enter("child");
    child.does("notify STATUS=said by a child");
    assert_eq!(world.property("StatusText", &[UNIT]), "said by a command");
    main.does("notify STATUS=said by the main process\\nERRNO=2");
    let said = || ["StatusText", "StatusErrno"].map(|name| world.property(name, &[UNIT]));
    assert_eq!(said(), ["said by the main process", "2"]);
    let status = world.control(&["status", UNIT]);
    assert!(status.contains("      Error: no such file\n     Status: \"said by"), "{status}");
    post.order("exit 0");
    world.wait_for_property("ActiveState", UNIT, "active");
    world.control(&["stop", UNIT]);
    // It is known until the next start.
    assert_eq!(said(), ["said by the main process", "2"]);
    world.control(&["start", "--no-block", UNIT]);
    let (_main, mut post) = stage.enter_both("main", "post");
    assert_eq!(said(), ["", "0"]);
    post.order("exit 0");
    world.control(&["stop", UNIT]);
}

fn who_is_not_heard_is_told_no_socket(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "unheard.service"]);
    let mut main = stage.enter("main");
    main.order("variable NOTIFY_SOCKET");
    main.says("");
    world.control(&["stop", "unheard.service"]);
}
