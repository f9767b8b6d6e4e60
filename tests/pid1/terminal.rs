//! `StandardInput=tty`: a shell that owns the console, as whoever sits there expects.

use std::io::Write;

use crate::try_cases;
use crate::world::World;

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            ("the_console_is_the_controlling_terminal", the_console_is_the_controlling_terminal),
            ("keys_interrupt_and_stop_what_runs", keys_interrupt_and_stop_what_runs),
            ("a_shell_that_ends_comes_back", a_shell_that_ends_comes_back),
            ("what_a_shell_leaves_behind_is_no_hindrance", what_it_leaves_behind_is_no_hindrance),
        ],
    );
}

fn type_keys(world: &mut World, keys: &str) {
    world.console.write_all(keys.as_bytes()).unwrap();
}

/// Types a line, and waits for what comes of it.
fn type_line(world: &mut World, line: &str, answer: &str) {
    type_keys(world, &format!("{line}\n"));
    world.wait_for_line(answer);
}

fn the_console_is_the_controlling_terminal(world: &mut World) {
    world.control(&["start", "shell.service"]);
    type_line(world, "echo first-$((20 + 3))", "first-23");
    // /dev/tty is whatever the controlling terminal is.
    type_line(world, "echo by-$((20 + 4)) > /dev/tty", "by-24");
    type_line(world, "test -t 0 -a -t 1 -a -t 2 && echo all-$((20 + 5))", "all-25");
    type_line(world, "echo term-$TERM-$((20 + 6))", "term-vt220-26");
    assert!(!world.said.contains("job control"), "{}", world.said);
}

fn keys_interrupt_and_stop_what_runs(world: &mut World) {
    // It is in the foreground when it says so, and reads nothing that is meant for the shell.
    let run = |number| format!("sh -c 'echo runs-$(({number} + 1)); exec sleep 1000'");
    type_line(world, &run(20), "runs-21");
    type_keys(world, "\x03");
    type_line(world, "echo interrupted-$?-$((20 + 2))", "interrupted-130-22");
    type_line(world, &run(22), "runs-23");
    type_keys(world, "\x1a");
    world.wait_for_line("Stopped");
    type_line(world, "echo stopped-$?-$((20 + 4))", "stopped-148-24");
    type_line(world, "kill -KILL %1; disown -a; echo gone-$((20 + 5))", "gone-25");
}

fn a_shell_that_ends_comes_back(world: &mut World) {
    type_line(world, "exit 3", "shell.service: running");
    type_line(world, "echo again-$((30 + 3))", "again-33");
    let pid = world.property("MainPID", &["shell.service"]);
    type_line(world, "kill -KILL $$", "shell.service: running");
    assert_ne!(world.property("MainPID", &["shell.service"]), pid);
    type_line(world, "echo again-$((30 + 4))", "again-34");
}

fn what_it_leaves_behind_is_no_hindrance(world: &mut World) {
    type_line(
        world,
        "stty -echo raw; (trap '' HUP TERM; sleep 1000) & echo left-$((30 + 5))",
        "left-35",
    );
    type_keys(world, "exit\n");
    world.wait_for_line("shell.service: running");
    type_line(world, "stty sane; echo back-$((30 + 6))", "back-36");
    assert!(!world.said.contains("job control"), "{}", world.said);
}
