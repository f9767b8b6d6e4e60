//! Who is signalled at a stop, and with what: `KillMode=`, `KillSignal=`, `TimeoutStopSec=`.

use crate::stage::{Actor, Stage};
use crate::world::World;
use crate::{Case, try_cases};

const CASES: [Case; 9] = [
    ("a_stop_reaches_the_whole_group", a_stop_reaches_the_whole_group),
    ("a_main_process_that_ends_takes_its_group_along", a_main_process_takes_its_group_along),
    ("what_ignores_a_stop_is_killed", what_ignores_a_stop_is_killed),
    ("mixed_kills_the_rest", mixed_kills_the_rest),
    ("process_spares_the_rest", process_spares_the_rest),
    ("process_kills_the_main_one_only", process_kills_the_main_one_only),
    ("none_spares_all", none_spares_all),
    ("another_signal_is_sent_instead", another_signal_is_sent_instead),
    ("what_is_stopped_goes_on_to_hear_it", what_is_stopped_goes_on_to_hear_it),
];

/// With control groups.
pub fn by_group(world: &mut World) {
    try_cases(world, &CASES);
    try_cases(world, &[("no_session_is_an_escape", no_session_is_an_escape)]);
}

/// Without them: a unit's processes are those of the process groups it was started as.
pub fn by_process_group(world: &mut World) {
    try_cases(world, &CASES);
}

/// A service's main process and one that it has made.
fn family(world: &World, unit: &str, fork: &str) -> (Actor, Actor) {
    let stage = Stage::new(world);
    world.control(&["start", unit]);
    let mut main = stage.enter("main");
    main.does(&format!("{fork} helper"));
    let helper = stage.enter("helper");
    (main, helper)
}

fn begin_stop(world: &World, unit: &str) {
    world.control(&["stop", "--no-block", unit]);
}

fn ends_well(world: &World, unit: &str) {
    world.wait_for_property("ActiveState", unit, "inactive");
    assert_eq!(world.property("Result", &[unit]), "success");
}

fn fails(world: &World, unit: &str, result: &str) {
    world.wait_for_property("ActiveState", unit, "failed");
    assert_eq!(world.property("Result", &[unit]), result);
    world.control(&["reset-failed", unit]);
}

/// Until it died. On a slow machine the time of the stop is over before it has said so much.
fn assert_said_nothing_but(actor: &mut Actor, word: &str) {
    while let Some(said) = actor.hear() {
        assert_eq!(said, word);
    }
}

fn a_stop_reaches_the_whole_group(world: &mut World) {
    let (mut main, mut helper) = family(world, "kill-patient.service", "fork");
    world.control(&["stop", "kill-patient.service"]);
    for actor in [&mut main, &mut helper] {
        actor.says("SIGTERM");
        actor.dies();
    }
    ends_well(world, "kill-patient.service");
}

fn a_main_process_takes_its_group_along(world: &mut World) {
    let (mut main, mut helper) = family(world, "kill-patient.service", "fork");
    main.order("exit 0");
    main.dies();
    helper.says("SIGTERM");
    ends_well(world, "kill-patient.service");
}

fn what_ignores_a_stop_is_killed(world: &mut World) {
    let (mut main, mut helper) = family(world, "kill-group.service", "fork");
    helper.does("stubborn");
    begin_stop(world, "kill-group.service");
    fails(world, "kill-group.service", "timeout");
    assert_said_nothing_but(&mut main, "SIGTERM");
    assert_said_nothing_but(&mut helper, "SIGTERM");
}

fn mixed_kills_the_rest(world: &mut World) {
    let (mut main, mut helper) = family(world, "kill-mixed.service", "fork");
    main.does("stubborn");
    begin_stop(world, "kill-mixed.service");
    main.says("SIGTERM");
    main.order("exit 0");
    main.dies();
    helper.dies();
    ends_well(world, "kill-mixed.service");
}

fn process_spares_the_rest(world: &mut World) {
    let (mut main, mut helper) = family(world, "kill-process.service", "fork");
    world.control(&["stop", "kill-process.service"]);
    main.says("SIGTERM");
    ends_well(world, "kill-process.service");
    helper.does("stubborn");
    // It does not keep the service from starting anew.
    let (mut next, mut other) = family(world, "kill-process.service", "fork");
    helper.order("exit 0");
    helper.dies();
    world.control(&["stop", "kill-process.service"]);
    next.says("SIGTERM");
    other.order("exit 0");
    other.dies();
}

fn process_kills_the_main_one_only(world: &mut World) {
    let (mut main, mut helper) = family(world, "kill-process-brief.service", "fork");
    main.does("stubborn");
    begin_stop(world, "kill-process-brief.service");
    fails(world, "kill-process-brief.service", "timeout");
    assert_said_nothing_but(&mut main, "SIGTERM");
    helper.does("stubborn");
    helper.order("exit 0");
    helper.dies();
}

fn none_spares_all(world: &mut World) {
    let (mut main, mut helper) = family(world, "kill-none.service", "fork");
    world.control(&["stop", "kill-none.service"]);
    ends_well(world, "kill-none.service");
    main.does("stubborn");
    helper.does("stubborn");
    main.order("exit 0");
    main.dies();
    helper.order("exit 0");
    helper.dies();
    assert_eq!(world.property("ActiveState", &["kill-none.service"]), "inactive");
}

fn another_signal_is_sent_instead(world: &mut World) {
    let (mut main, mut helper) = family(world, "kill-usr1.service", "fork");
    world.control(&["stop", "kill-usr1.service"]);
    main.says("SIGUSR1");
    helper.says("SIGUSR1");
    ends_well(world, "kill-usr1.service");
}

/// A signal to a stopped process waits until it goes on: systemd.kill(5) sends SIGCONT, too.
fn what_is_stopped_goes_on_to_hear_it(world: &mut World) {
    let (mut main, mut helper) = family(world, "kill-patient.service", "fork");
    world.run(&["/bin/kill", "-STOP", &main.pid, &helper.pid]);
    world.control(&["stop", "kill-patient.service"]);
    for actor in [&mut main, &mut helper] {
        actor.says("SIGTERM");
        actor.dies();
    }
    ends_well(world, "kill-patient.service");
}

fn no_session_is_an_escape(world: &mut World) {
    let (mut main, mut helper) = family(world, "kill-patient.service", "fork-session");
    main.order("exit 0");
    main.dies();
    helper.says("SIGTERM");
    ends_well(world, "kill-patient.service");
}
