//! Service types and ends as only a kernel shows them: daemons that fork, pidfiles, what
//! `ExecStopPost=` is told.

use std::time::{Duration, Instant};

use crate::stage::{Actor, Stage};
use crate::world::World;
use crate::{Case, try_cases};

const FORKING: &str = "forking.service";
const PID_FILE: &str = "/run/forking.pid";

const OF_FORKING: [Case; 5] = [
    ("a_daemon_is_known_by_its_pidfile", a_daemon_is_known_by_its_pidfile),
    ("a_pidfile_of_the_dead_is_gone", a_pidfile_of_the_dead_is_gone),
    ("a_pidfile_names_nobody_else", a_pidfile_names_nobody_else),
    ("a_pidfile_that_is_none_keeps_nobody_waiting", a_pidfile_that_is_none),
    ("a_daemon_of_a_shell_is_ended", a_daemon_of_a_shell_is_ended),
];

pub fn all(world: &mut World) {
    try_cases(world, &OF_FORKING);
    try_cases(
        world,
        &[
            ("the_only_process_left_is_the_main_one", the_only_process_left_is_the_main_one),
            ("a_real_daemon_is_taken_over", a_real_daemon_is_taken_over),
            ("what_has_ended_well_remains", what_has_ended_well_remains),
            ("who_runs_too_long_has_failed", who_runs_too_long_has_failed),
            ("a_condition_may_say_no", a_condition_may_say_no),
            ("who_is_started_by_a_failure_is_told_of_it", who_is_started_by_a_failure),
            ("a_reload_by_signal_is_over_when_it_says_so", a_reload_by_signal),
            ("what_is_upheld_comes_back", what_is_upheld_comes_back),
        ],
    );
}

/// What works without control groups, too.
pub fn without_groups(world: &mut World) {
    try_cases(world, &OF_FORKING);
}

/// What a forking service leaves behind, before its pidfile is there.
fn forked(world: &World, unit: &str) -> (Stage, Actor) {
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", unit]);
    let mut start = stage.enter("start");
    start.does("fork-session child");
    let child = stage.enter("child");
    start.order("exit 0");
    start.dies();
    (stage, child)
}

fn write(world: &World, text: &str) {
    std::fs::write(world.path(PID_FILE), text).unwrap();
}

fn has_pid_file(world: &World) -> bool {
    world.path(PID_FILE).symlink_metadata().is_ok()
}

fn assert_main(world: &World, unit: &str, main: &Actor) {
    world.wait_for_property("ActiveState", unit, "active");
    assert_eq!(world.property("MainPID", &[unit]), main.pid);
}

/// Stops it, whose last command is told that all went well.
fn stop(world: &World, stage: &Stage, mut main: Actor) {
    world.control(&["stop", "--no-block", FORKING]);
    main.says("SIGTERM");
    main.dies();
    stage.enter("post-success-exited-0").order("exit 0");
    world.wait_for_property("ActiveState", FORKING, "inactive");
    assert!(!has_pid_file(world));
}

fn a_daemon_is_known_by_its_pidfile(world: &mut World) {
    let (stage, child) = forked(world, FORKING);
    // It takes its time to write it.
    assert_eq!(world.property("SubState", &[FORKING]), "start");
    write(world, &format!("{}\n", child.pid));
    assert_main(world, FORKING, &child);
    stop(world, &stage, child);
}

/// finit issue 489: what a killed daemon leaves behind must not be taken for the next one.
fn a_pidfile_of_the_dead_is_gone(world: &mut World) {
    let (stage, mut child) = forked(world, FORKING);
    write(world, &child.pid);
    assert_main(world, FORKING, &child);
    world.control(&["kill", "--kill-whom=main", "--signal=KILL", FORKING]);
    child.dies();
    let mut post = stage.enter("post-signal-killed-KILL");
    assert!(has_pid_file(world), "nobody has removed it but PID 1");
    post.order("exit 0");
    world.wait_for_property("ActiveState", FORKING, "failed");
    assert!(!has_pid_file(world));
    world.control(&["reset-failed", FORKING]);
}

/// PID 1 looks, more than once, and makes nothing of it.
fn assert_keeps_waiting(world: &World, what: &str) {
    // It looks each 100 ms. Each question is a turn of it: what was due by then it has done.
    let looked_twice = Instant::now() + Duration::from_millis(250);
    while Instant::now() < looked_twice {
        assert_eq!(world.property("SubState", &[FORKING]), "start", "{what}");
    }
    assert_eq!(world.property("SubState", &[FORKING]), "start", "{what}");
}

fn a_pidfile_names_nobody_else(world: &mut World) {
    let stranger = world.ask("/run/serve.sock", "pid");
    let (stage, child) = forked(world, FORKING);
    for nonsense in [stranger.as_str(), "1", "0", "-1", "", "99999999999", "x\n"] {
        write(world, nonsense);
        assert_keeps_waiting(world, nonsense);
    }
    write(world, &child.pid);
    assert_main(world, FORKING, &child);
    stop(world, &stage, child);
}

fn a_pidfile_that_is_none(world: &mut World) {
    let (stage, child) = forked(world, FORKING);
    for make in ["mkfifo /run/forking.pid", "ln -sf /proc/1/mem /run/forking.pid"] {
        assert!(world.run(&["/bin/sh", "-c", make]).status.success());
        assert_keeps_waiting(world, make);
        std::fs::remove_file(world.path(PID_FILE)).unwrap();
    }
    write(world, &child.pid);
    assert_main(world, FORKING, &child);
    stop(world, &stage, child);
}

/// A real one, that leaves its session and its parent.
fn a_daemon_of_a_shell_is_ended(world: &mut World) {
    const UNIT: &str = "posix.service";
    world.control(&["start", UNIT]);
    let pid = std::fs::read_to_string(world.path("/run/posix.pid")).unwrap();
    assert_eq!(world.property("MainPID", &[UNIT]), pid.trim());
    let process = world.path(&format!("/proc/{}", pid.trim()));
    assert!(process.exists());
    world.control(&["stop", UNIT]);
    assert!(!process.exists());
    assert!(!world.path("/run/posix.pid").exists());
    assert_eq!(world.property("Result", &[UNIT]), "success");
}

/// One from a package, where the host has it.
fn a_real_daemon_is_taken_over(world: &mut World) {
    const UNIT: &str = "bus.service";
    const CONF: &str = "<busconfig><type>session</type><pidfile>/run/bus.pid</pidfile>\
        <listen>unix:path=/run/bus.sock</listen><policy context=\"default\">\
        <allow send_destination=\"*\"/><allow own=\"*\"/></policy></busconfig>";
    if !world.path("/usr/bin/dbus-daemon").exists() {
        println!("a_real_daemon_is_taken_over: left out: there is no dbus-daemon");
        return;
    }
    std::fs::write(world.path("/run/bus.conf"), CONF).unwrap();
    for end in ["restart", "stop"] {
        world.control(&["start", UNIT]);
        let pid = std::fs::read_to_string(world.path("/run/bus.pid")).unwrap();
        assert_eq!(world.property("MainPID", &[UNIT]), pid.trim());
        world.connect("/run/bus.sock").unwrap();
        world.control(&[end, UNIT]);
        let is_up = end == "restart";
        assert_eq!(world.path("/run/bus.pid").exists(), is_up);
        let state = if is_up { "active" } else { "inactive" };
        assert_eq!(world.property("ActiveState", &[UNIT]), state);
    }
}

fn the_only_process_left_is_the_main_one(world: &mut World) {
    const UNIT: &str = "guess.service";
    let (_stage, mut child) = forked(world, UNIT);
    assert_main(world, UNIT, &child);
    child.order("exit 7");
    child.dies();
    world.wait_for_property("ActiveState", UNIT, "inactive");
    assert_eq!(world.property("ExecMainStatus", &[UNIT]), "7");
    assert_eq!(world.property("Result", &[UNIT]), "success");
}

fn what_has_ended_well_remains(world: &mut World) {
    const UNIT: &str = "settled.service";
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", UNIT]);
    stage.enter("start").order("exit 0");
    world.wait_for_property("SubState", UNIT, "exited");
    assert_eq!(world.property("ActiveState", &[UNIT]), "active");
    world.control(&["stop", "--no-block", UNIT]);
    stage.enter("stop-success-0").order("exit 0");
    world.wait_for_property("ActiveState", UNIT, "inactive");
}

fn who_runs_too_long_has_failed(world: &mut World) {
    const UNIT: &str = "brief.service";
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", UNIT]);
    let mut main = stage.enter("main");
    // Its time begins when it is ready.
    main.order("notify READY=1");
    while main.hear().is_some_and(|word| word != "SIGTERM") {}
    stage.enter("post-timeout-exited").order("exit 0");
    world.wait_for_property("ActiveState", UNIT, "failed");
    assert_eq!(world.property("Result", &[UNIT]), "timeout");
    world.control(&["reset-failed", UNIT]);
}

fn a_condition_may_say_no(world: &mut World) {
    const UNIT: &str = "unwanted.service";
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", UNIT]);
    stage.enter("condition").order("exit 3");
    world.wait_for_property("ActiveState", UNIT, "inactive");
    assert_eq!(world.property("Result", &[UNIT]), "exec-condition");
    world.control(&["start", "--no-block", UNIT]);
    stage.enter("condition").order("exit 0");
    let (_main, mut post) = stage.enter_both("main", "post");
    assert_eq!(world.property("SubState", &[UNIT]), "start-post");
    post.order("exit 0");
    world.wait_for_property("SubState", UNIT, "running");
    world.control(&["stop", UNIT]);
}

fn who_is_started_by_a_failure(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "watched.service"]);
    stage.enter("main").order("exit 9");
    stage.enter("watched.service-exit-code-exited-9").order("exit 0");
    world.wait_for_property("ActiveState", "watcher.service", "inactive");
    world.control(&["reset-failed", "watched.service"]);
}

fn a_reload_by_signal(world: &mut World) {
    const UNIT: &str = "reloads.service";
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", UNIT]);
    let mut main = stage.enter("main");
    main.does("notify READY=1");
    world.control(&["reload", "--no-block", UNIT]);
    main.says("SIGHUP");
    assert_eq!(world.property("SubState", &[UNIT]), "reload-signal");
    // Of a reload that it says it began before it was asked nothing follows.
    main.does("notify RELOADING=1\\nMONOTONIC_USEC=1");
    main.does("notify READY=1");
    assert_eq!(world.property("SubState", &[UNIT]), "reload-signal");
    main.does("reloading");
    assert_eq!(world.property("SubState", &[UNIT]), "reload-notify");
    main.does("notify READY=1");
    world.wait_for_property("SubState", UNIT, "running");
    world.control(&["stop", UNIT]);
}

fn what_is_upheld_comes_back(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "--no-block", "upholds.service"]);
    let (_upholds, mut upheld) = stage.enter_both("upholds", "upheld");
    upheld.order("exit 0");
    upheld.dies();
    let upheld = stage.enter("upheld");
    world.wait_for_property("MainPID", "upheld.service", &upheld.pid);
    world.control(&["stop", "upholds.service", "upheld.service"]);
}
