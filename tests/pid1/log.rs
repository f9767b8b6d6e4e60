//! `pilot-log`: what services write comes into its rings, whatever others write, and whatever
//! becomes of it meanwhile.

use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::time::Instant;

use crate::stage::{Actor, Stage};
use crate::try_cases;
use crate::world::{PATIENCE, World};

pub fn all(world: &mut World) {
    try_cases(
        world,
        &[
            ("lines_arrive_with_their_level_and_sender", lines_arrive_with_their_level_and_sender),
            ("a_unit_says_as_whom_it_speaks", a_unit_says_as_whom_it_speaks),
            ("what_is_too_much_is_counted_and_told", what_is_too_much_is_counted_and_told),
            ("a_flood_leaves_the_lines_of_others", a_flood_leaves_the_lines_of_others),
            ("no_later_line_is_lost_when_it_dies", no_later_line_is_lost_when_it_dies),
            ("who_writes_outlives_its_stop", who_writes_outlives_its_stop),
            ("nobody_but_root_opens_a_stream", nobody_but_root_opens_a_stream),
            ("connections_of_nobody_hold_no_place", connections_of_nobody_hold_no_place),
            ("messages_of_syslog_are_kept_as_well", messages_of_syslog_are_kept_as_well),
            ("messages_of_a_service_are_its_lines", messages_of_a_service_are_its_lines),
            ("who_follows_sees_lines_come", who_follows_sees_lines_come),
            ("without_a_listener_the_kernel_has_the_lines", without_a_listener_the_kernel_has_them),
        ],
    );
}

fn started(world: &World, stage: &Stage, unit: &str) -> Actor {
    world.control(&["start", &format!("{unit}.service")]);
    stage.enter(unit)
}

/// The kept lines, once `text` is the end of the last one.
fn kept(world: &World, arguments: &[&str], text: &str) -> Vec<String> {
    let begin = Instant::now();
    loop {
        let out = world.control(&[&["log", "-o", "cat"], arguments].concat());
        if out.ends_with(text) {
            return out.lines().map(str::to_owned).collect();
        }
        assert!(begin.elapsed() < PATIENCE, "never kept: {text}\n{out}");
    }
}

fn stop(world: &World, unit: &str, mut actor: Actor) {
    world.control(&["stop", "--no-block", &format!("{unit}.service")]);
    actor.says("SIGTERM");
    actor.dies();
}

fn lines_arrive_with_their_level_and_sender(world: &mut World) {
    let stage = Stage::new(world);
    let mut talker = started(world, &stage, "talker");
    talker.does("say one\\n<3>two\\n\\n  \\nthr");
    talker.does("say ee\\0four\\n");
    talker.does("complain <7>five\\x1b[31m\\n");
    let lines = kept(world, &["-u", "talker"], "five?[31m");
    assert_eq!(lines, ["one", "two", "three", "four", "five?[31m"]);
    let worse = world.control(&["log", "-u", "talker", "-p", "err", "-o", "cat"]);
    assert_eq!(worse, "two");
    let line = world.control(&["log", "-u", "talker", "-n", "1"]);
    let head = format!(" pid1-test probe[{}]: five?[31m", talker.pid);
    assert!(line.ends_with(&head), "{line}");
    let status = world.control(&["status", "talker"]);
    assert!(status.ends_with(&head), "{status}");
    talker.does("say last words");
    stop(world, "talker", talker);
    kept(world, &["-u", "talker"], "last words");
}

fn a_unit_says_as_whom_it_speaks(world: &mut World) {
    let stage = Stage::new(world);
    let mut formal = started(world, &stage, "formal");
    formal.does("say <7>not kept\\ndinner is served\\n");
    kept(world, &["-u", "formal"], "dinner is served");
    formal.does("complain <4>it burns\\n");
    world.wait_for_line("butler: it burns");
    let lines = kept(world, &["-u", "formal"], "it burns");
    assert_eq!(lines, ["dinner is served", "it burns"]);
    let line = world.control(&["log", "-u", "formal", "-n", "1"]);
    assert!(line.contains(" butler["), "{line}");
    assert_eq!(world.property("StandardError", &["formal.service"]), "log");
    assert_eq!(world.property("SyslogIdentifier", &["formal.service"]), "butler");
    stop(world, "formal", formal);
}

fn what_is_too_much_is_counted_and_told(world: &mut World) {
    let stage = Stage::new(world);
    let mut chatterbox = started(world, &stage, "chatterbox");
    chatterbox.does("flood 30");
    let told = "Suppressed 25 messages from chatterbox.service";
    let lines = kept(world, &["-u", "chatterbox"], told);
    assert_eq!(lines.len(), 6, "{lines:?}");
    chatterbox.does("say again\\n");
    kept(world, &["-u", "chatterbox"], "again");
    stop(world, "chatterbox", chatterbox);
}

fn a_flood_leaves_the_lines_of_others(world: &mut World) {
    let stage = Stage::new(world);
    let mut formal = started(world, &stage, "formal");
    let mut talker = started(world, &stage, "talker");
    formal.does("say before the flood\\n");
    talker.does("flood 5000");
    talker.does("endless 3000000");
    talker.does("say \\n");
    formal.does("say after the flood\\n");
    let lines = kept(world, &["-u", "formal"], "after the flood");
    assert!(lines.ends_with(&["before the flood".into(), "after the flood".into()]));
    let lines = kept(world, &["-u", "talker"], "…");
    assert!(lines.len() > 10 && lines.len() < 500, "{}", lines.len());
    assert!(lines[lines.len() - 2].ends_with("line 4999"), "{lines:?}");
    assert!(lines.last().is_some_and(|line| line.len() == 1024 + "…".len()));
    stop(world, "talker", talker);
    stop(world, "formal", formal);
}

fn no_later_line_is_lost_when_it_dies(world: &mut World) {
    let stage = Stage::new(world);
    let mut talker = started(world, &stage, "talker");
    talker.does("say before\\n");
    kept(world, &["-u", "talker"], "before");
    for number in 0..3 {
        let pid = world.property("MainPID", &["pilot-log.service"]);
        world.run(&["/bin/probe", "signal", "KILL", &pid]);
        // So many deaths at once are a limit of all services.
        world.control(&["reset-failed", "pilot-log.service"]);
        talker.does(&format!("say death {number}\\n"));
        let lines = kept(world, &["-u", "talker"], &format!("death {number}"));
        assert!(lines.contains(&"before".to_owned()), "{lines:?}");
    }
    world.control(&["restart", "pilot-log.service"]);
    talker.does("say after a restart\\n");
    kept(world, &["-u", "talker"], "after a restart");
    // What it stores goes when a stream ends.
    stop(world, "talker", talker);
    let pid = world.property("MainPID", &["pilot-log.service"]);
    world.run(&["/bin/probe", "signal", "KILL", &pid]);
    let mut talker = started(world, &stage, "talker");
    talker.does("say a new stream\\n");
    kept(world, &["-u", "talker"], "a new stream");
    stop(world, "talker", talker);
}

fn who_writes_outlives_its_stop(world: &mut World) {
    let stage = Stage::new(world);
    let mut talker = started(world, &stage, "talker");
    talker.does("say before the stop\\n");
    kept(world, &["-u", "talker"], "before the stop");
    world.control(&["stop", "pilot-log.service"]);
    world.wait_for_property("ActiveState", "pilot-log.service", "inactive");
    talker.does("say meanwhile\\n");
    world.control(&["start", "pilot-log.service"]);
    let lines = kept(world, &["-u", "talker"], "meanwhile");
    assert!(lines.ends_with(&["before the stop".into(), "meanwhile".into()]), "{lines:?}");
    stop(world, "talker", talker);
}

fn nobody_but_root_opens_a_stream(world: &mut World) {
    let mode = std::fs::metadata(world.path("/run/pilot/log/stdout")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777, 0o600);
    let ring = std::fs::metadata(world.path("/run/pilot/log/ring")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&ring.permissions()) & 0o777, 0o600);
    // And root only with a header: what comes without one is nobody's.
    let mut stream = world.connect("/run/pilot/log/stdout").unwrap();
    stream.write_all(b"no header, and many words\nmore\n").unwrap();
    let mut end = Vec::new();
    // It is closed; what it had not read is a reset.
    let _ = std::io::Read::read_to_end(&mut stream, &mut end);
    let all = world.control(&["log", "-o", "cat"]);
    assert!(!all.contains("many words"), "{all}");
}

fn connections_of_nobody_hold_no_place(world: &mut World) {
    let stage = Stage::new(world);
    let idle: Vec<_> = (0..300).map(|_| world.connect("/run/pilot/log/stdout").unwrap()).collect();
    let mut talker = started(world, &stage, "talker");
    talker.does("say I am somebody\\n");
    kept(world, &["-u", "talker"], "I am somebody");
    drop(idle);
    stop(world, "talker", talker);
}

fn messages_of_syslog_are_kept_as_well(world: &mut World) {
    let socket = UnixDatagram::unbound().unwrap();
    let send = |bytes: &[u8]| socket.send_to(bytes, world.path("/dev/log")).unwrap();
    send(b"<29>Nov 25 13:22:43 dropbear[97]: Child connection\n");
    send(&[b'x'; 4000]);
    send(b"");
    send(b"<27>cron: no such file");
    kept(world, &[], "no such file");
    let line = world.control(&["log", "-n", "1", "-p", "err"]);
    assert!(line.contains(" cron"), "{line}");
    assert!(world.control(&["log"]).contains(" dropbear"));
}

/// Whatever it calls itself: the kernel says whose process it is.
fn messages_of_a_service_are_its_lines(world: &mut World) {
    let stage = Stage::new(world);
    let mut talker = started(world, &stage, "talker");
    talker.does("syslog <28>Nov 25 13:22:43 nobody[1]: by syslog");
    let lines = kept(world, &["-u", "talker"], "by syslog");
    assert_eq!(lines.last().unwrap(), "by syslog");
    let line = world.control(&["log", "-u", "talker", "-n", "1", "-p", "warning"]);
    assert!(line.ends_with(&format!(" nobody[{}]: by syslog", talker.pid)), "{line}");
    let status = world.control(&["status", "talker"]);
    assert!(status.contains("by syslog"), "{status}");
    stop(world, "talker", talker);
    // Not every line is kept of who says so.
    let mut formal = started(world, &stage, "formal");
    formal.does("syslog <31>loud: not kept");
    formal.does("syslog <29>loud: by syslog as well");
    let lines = kept(world, &["-u", "formal"], "by syslog as well");
    assert!(!lines.contains(&"not kept".to_owned()), "{lines:?}");
    stop(world, "formal", formal);
}

fn who_follows_sees_lines_come(world: &mut World) {
    let stage = Stage::new(world);
    let mut talker = started(world, &stage, "talker");
    talker.does("say seen before\\n");
    kept(world, &["-u", "talker"], "seen before");
    let mut following = world.spawn(&["/sbin/pilotctl", "log", "-f", "-u", "talker", "-o", "cat"]);
    let out = following.stdout.take().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(out));
    while lines.next().unwrap().unwrap() != "seen before" {}
    talker.does("say seen now\\n");
    assert_eq!(lines.next().unwrap().unwrap(), "seen now");
    following.kill().unwrap();
    following.wait().unwrap();
    stop(world, "talker", talker);
}

/// Nothing fails for want of `pilot-log`.
fn without_a_listener_the_kernel_has_them(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["stop", "pilot-log.socket", "pilot-log.service"]);
    world.wait_for_property("ActiveState", "pilot-log.service", "inactive");
    // This world has none: a file takes its place.
    let kmsg = world.path("/dev/kmsg");
    std::fs::write(&kmsg, "").unwrap();
    world.control(&["start", "--job-mode=ignore-dependencies", "talker.service"]);
    let mut talker = stage.enter("talker");
    talker.does("say to the kernel\\n");
    stop(world, "talker", talker);
    assert_eq!(std::fs::read_to_string(kmsg).unwrap(), "to the kernel\n");
}
