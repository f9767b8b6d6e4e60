//! `pilotctl` from outside: what it prints, what it asks PID 1, and how it ends.

#[path = "ctl/fake.rs"]
mod fake;
#[path = "ctl/log.rs"]
mod log;

use std::ffi::CString;
use std::io::Read as _;
use std::os::fd::AsFd as _;

use fake::{Answer, Fake, SLICES, table};
use pilotlight::ctl::{self, Unreachable};
use unit::control::{
    ActiveState, Exit, InstanceStatus, JobKind, JobResult, KillWhom, Order, Peer, Refusal, Retry,
    ShutdownKind, SubState, SystemState, UnitResult, Verb, WatchdogState,
};
use unit::{JobMode, Kind, ListenerId};

fn call(name: &str, fake: &mut Fake, args: &[&str]) -> (u8, String, String) {
    let args: Vec<CString> = args.iter().map(|arg| CString::new(*arg).unwrap()).collect();
    let mut args = args.iter().map(CString::as_c_str);
    let (mut out, mut err) = (String::new(), String::new());
    let table = fake.table;
    let code = ctl::run(name, &mut args, table, fake, &mut out, &mut err);
    (code, out, err)
}

fn pilotctl(fake: &mut Fake, args: &[&str]) -> (u8, String, String) {
    call("pilotctl", fake, args)
}

/// What a successful call prints.
fn printed(fake: &mut Fake, args: &[&str]) -> String {
    let (code, out, err) = pilotctl(fake, args);
    assert_eq!((code, err.as_str()), (0, ""), "{args:?} printed {out}");
    out
}

/// A board some time after boot: one service serves, one has failed, a client is connected.
fn busy_board() -> Fake {
    let mut fake = Fake::new();
    fake.put("web.service", ActiveState::Active, SubState::Running);
    let web = fake.unit("web.service");
    (web.main_pid, web.restarts, web.status_text) = (42, 3, "2 clients\x1b[31m");
    // It was reloaded.
    web.state_change_us += 60_000_000;
    fake.put("web.socket", ActiveState::Active, SubState::Running);
    fake.unit("web.socket").triggered = 5;
    fake.put("echo.socket", ActiveState::Active, SubState::Listening);
    let echo = fake.unit("echo.socket");
    (echo.accepted, echo.held, echo.refused) = (12, 2, 1);
    fake.put("ticker.service", ActiveState::Failed, SubState::Failed);
    let ticker = fake.unit("ticker.service");
    (ticker.result, ticker.exit) = (UnitResult::ExitCode, Some(Exit::Code(203)));
    let socket = fake.id("echo.socket");
    let instance = |slot, number, pid, peer| InstanceStatus { slot, socket, number, pid, peer };
    fake.instances = vec![
        instance(1, 9, 77, Peer::V4([10, 0, 2, 2], 50122)),
        instance(3, 11, 0, Peer::V6([0; 16], 9)),
    ];
    fake.manager.failed = 1;
    fake.manager.state = SystemState::Degraded;
    fake
}

fn golden(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "expect", prepend_module_to_snapshot => false,
                            omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn list_units_shows_what_is_up_and_what_failed() {
    let out = printed(&mut busy_board(), &["list-units", "--type=service,socket"]);
    golden("ctl-list-units", &out);
}

#[test]
fn list_units_filters_by_state_kind_and_pattern() {
    let mut fake = busy_board();
    let names = |out: String| -> Vec<String> {
        out.lines().map(|line| line.trim_start_matches("● ").trim().to_owned()).collect()
    };
    let out = printed(&mut fake, &["list-units", "--no-legend", "--failed"]);
    assert_eq!(names(out), ["ticker.service loaded failed failed ticker.service"]);
    let out = printed(&mut fake, &["list-units", "--no-legend", "-a", "-tsocket", "l?g*"]);
    assert_eq!(names(out), ["log.socket loaded inactive dead log.socket"]);
    let out = printed(&mut fake, &["list-units", "--no-legend", "--state", "listening"]);
    assert_eq!(names(out), ["echo.socket loaded active listening Echo socket"]);
}

#[test]
fn list_sockets_is_ordered_by_address() {
    let mut fake = busy_board();
    golden("ctl-list-sockets", &printed(&mut fake, &["list-sockets"]));
    golden("ctl-list-sockets-all", &printed(&mut fake, &["list-sockets", "--all"]));
}

#[test]
fn status_tells_the_state_of_each_unit() {
    let mut fake = busy_board();
    let (code, out, err) = pilotctl(&mut fake, &["status", "web", "web.socket", "echo.socket"]);
    assert_eq!((code, err.as_str()), (0, ""));
    golden("ctl-status", &masked(&fake, out));
    let (code, out, _) = pilotctl(&mut fake, &["status", "ticker"]);
    assert_eq!(code, ctl::exit::NOT_RUNNING);
    golden("ctl-status-failed", &masked(&fake, out));
    let out = printed(&mut fake, &["status"]);
    golden("ctl-status-overview", &masked(&fake, out));
    fake.manager.watchdog = WatchdogState::Withheld;
    fake.manager.reset_by_watchdog = true;
    let out = printed(&mut fake, &["status"]);
    let line = " Watchdog: not fed, a unit has failed; it has reset the board\n";
    assert!(out.ends_with(line), "{out}");
}

/// The table's checksum changes with the compiler's mind, what is printed does not.
fn masked(fake: &Fake, out: String) -> String {
    let crc = format!("{:08x}", fake.table.crc());
    assert!(out.contains(&crc), "no checksum in {out}");
    let units = format!("{} loaded", fake.table.len());
    out.replace(&crc, "CHECKSUM").replace(&units, "N loaded")
}

#[test]
fn status_ends_with_the_first_code_that_is_no_success() {
    let mut fake = busy_board();
    assert_eq!(pilotctl(&mut fake, &["status", "web", "log", "nix"]).0, 3);
    assert_eq!(pilotctl(&mut fake, &["status", "web", "nix", "log"]).0, 4);
}

#[test]
fn of_several_commands_none_is_blamed() {
    let many = "[Service]\nType=oneshot\nExecStart=/bin/a\nExecStart=/bin/b\n";
    let mut fake = Fake::with(&[("many.service", many)]);
    fake.put("many.service", ActiveState::Failed, SubState::Failed);
    fake.unit("many.service").exit = Some(Exit::Code(1));
    let (_, out, _) = pilotctl(&mut fake, &["status", "many"]);
    let line = "    Process: one of 2 ExecStart= (code=exited, status=1/FAILURE)\n";
    assert!(out.contains(line), "{out}");
}

#[test]
fn an_unknown_unit_gets_a_suggestion() {
    let (code, out, err) =
        pilotctl(&mut busy_board(), &["status", "wbe", "ech.socket", "xyzzy", "ba.socket"]);
    assert_eq!((code, out.as_str()), (4, ""));
    assert_eq!(
        err,
        "Unit wbe.service not found. Did you mean web.service?\n\
         Unit ech.socket not found. Did you mean echo.socket?\n\
         Unit xyzzy.service not found. See 'pilotctl list-units --all'.\n\
         Unit ba.socket not found. See 'pilotctl list-units --all'.\n"
    );
}

#[test]
fn status_tells_what_a_socket_waits_for() {
    let mut fake = busy_board();
    fake.put("log.socket", ActiveState::Failed, SubState::Retrying);
    let first = match fake.table.unit(fake.id("log.socket")).kind {
        Kind::Socket(socket) => socket.first_listener,
        Kind::Target
        | Kind::Slice
        | Kind::Service(_)
        | Kind::Timer(_)
        | unit::Kind::Path(_)
        | unit::Kind::Mount(_) => {
            panic!("a socket")
        }
    };
    let at_us = fake.manager.now_us + 3_500_000;
    let listener = ListenerId(first.0 + 1);
    fake.unit("log.socket").retry = Some(Retry { listener, errno: 99, at_us });
    let (_, out, _) = pilotctl(&mut fake, &["status", "log.socket"]);
    assert!(out.contains("Retry: [::1]:514: no such address here; again in 3s\n"), "{out}");
}

#[test]
fn show_has_settings_and_state() {
    let mut fake = busy_board();
    golden("ctl-show-service", &printed(&mut fake, &["show", "web"]));
    golden("ctl-show-socket", &printed(&mut fake, &["show", "echo.socket"]));
    golden("ctl-show-socket-options", &printed(&mut fake, &["show", "web.socket"]));
}

#[test]
fn show_has_what_a_swap_unit_swaps_to() {
    let mut fake = busy_board();
    golden("show-swap", &printed(&mut fake, &["show", "dev-mmcblk0p4.swap"]));
    let (code, out, _) = pilotctl(&mut fake, &["status", "dev-mmcblk0p4.swap"]);
    assert_eq!(code, 3);
    assert!(out.ends_with("       What: /dev/mmcblk0p4\n"), "{out}");
    let listed = printed(&mut fake, &["list-units", "--all", "--type=swap", "--no-legend"]);
    assert!(listed.trim_start().starts_with("dev-mmcblk0p4.swap"), "{listed}");
}

#[test]
fn show_has_the_moments_of_a_timer() {
    let mut fake = busy_board();
    golden("show-timer", &printed(&mut fake, &["show", "ticker.timer"]));
}

#[test]
fn list_timers_is_ordered_by_what_comes_next() {
    let mut fake = busy_board();
    let mut set = |name: &str, next_us, last_us, stamp_us| {
        let unit = fake.table.find(name).unwrap();
        let status = &mut fake.units[unit.index()];
        (status.active, status.sub) = (ActiveState::Active, SubState::Waiting);
        (status.next_us, status.last_us, status.stamp_us) = (next_us, last_us, stamp_us);
    };
    set("ticker.timer", 5_500_000_000, 99_999_000, 1_798_761_639_999_000);
    set("nightly.timer", 160_000_000, 0, 1_798_675_200_000_000);
    // 2026-12-31 23:59:00 UTC.
    fake.wall_us = 1_798_761_540_000_000;
    golden("list-timers", &printed(&mut fake, &["list-timers"]));
    golden("list-timers-all", &printed(&mut fake, &["list-timers", "--all", "--no-legend"]));
    let one = printed(&mut fake, &["list-timers", "--no-legend", "nightly.timer"]);
    assert_eq!(one.lines().count(), 1, "{one}");
    fake.wall_us = 0;
    fake.units.iter_mut().for_each(|status| status.stamp_us = 0);
    golden("list-timers-unset", &printed(&mut fake, &["list-timers"]));
}

#[test]
fn show_prints_the_properties_that_are_asked_for() {
    let mut fake = busy_board();
    let args = ["show", "-p", "NAccepted,NConnections", "--property=NRefused", "echo.socket"];
    assert_eq!(printed(&mut fake, &args), "NAccepted=12\nNConnections=2\nNRefused=1\n");
    let out = printed(&mut fake, &["show", "--value", "-pMainPID", "web", "ticker.service"]);
    assert_eq!(out, "42\n\n0\n");
    let out = printed(&mut fake, &["show", "-p", "LoadState", "nix", "web"]);
    assert_eq!(out, "LoadState=not-found\n\nLoadState=loaded\n");
    let out = printed(&mut fake, &["show", "-p", "SystemState,NFailedUnits,StrangersReaped"]);
    assert_eq!(out, "SystemState=degraded\nNFailedUnits=1\nStrangersReaped=2\n");
}

#[test]
fn control_groups_are_told_with_what_is_in_them() {
    let mut fake = Fake::with(SLICES);
    fake.put("bake.service", ActiveState::Active, SubState::Running);
    let out = printed(&mut fake, &["status", "bake"]);
    let lines = "Memory: 3.5M (limit: 64.0M)\n     CGroup: /pilot/ovens.slice/bake.service\n";
    assert!(out.ends_with(lines), "{out}");
    let asked = ["show", "-p", "Slice,ControlGroup,MemoryMax,MemoryCurrent,TasksMax,TasksCurrent"];
    let slice = printed(&mut fake, &[&asked[..], &["ovens.slice", "--", "-.slice"]].concat());
    assert_eq!(
        slice,
        "Slice=-.slice\nControlGroup=/pilot/ovens.slice\nTasksCurrent=7\nTasksMax=infinity\n\n\
         ControlGroup=/pilot\n"
    );
    let list = printed(&mut fake, &["list-units", "--all", "--no-legend", "--type=slice"]);
    assert_eq!(list.lines().count(), 2, "{list}");
    assert_eq!(printed(&mut fake, &["show", "-p", "ControlGroup", "basic.target"]), "");
}

#[test]
fn is_active_and_is_failed_answer_with_a_word_and_a_code() {
    let mut fake = busy_board();
    let cases: [(&[&str], u8, &str); 9] = [
        (&["is-active", "web"], 0, "active\n"),
        (&["is-active", "log"], 3, "inactive\n"),
        (&["is-active", "ticker"], 3, "failed\n"),
        (&["is-active", "log", "web"], 0, "inactive\nactive\n"),
        (&["is-active", "nix"], 4, "inactive\n"),
        (&["is-active", "-q", "web"], 0, ""),
        (&["is-failed", "ticker"], 0, "failed\n"),
        (&["is-failed", "web"], 1, "active\n"),
        (&["is-failed"], 0, "degraded\n"),
    ];
    for (args, code, out) in cases {
        assert_eq!(pilotctl(&mut fake, args), (code, out.to_owned(), String::new()), "{args:?}");
    }
}

#[test]
fn is_system_running_knows_an_absent_pid_1() {
    let mut fake = Fake::new();
    assert_eq!(printed(&mut fake, &["is-system-running"]), "running\n");
    fake.manager.state = SystemState::Stopping;
    assert_eq!(pilotctl(&mut fake, &["is-system-running"]).0, 1);
    fake.unreachable = Some(Unreachable::NoSocket);
    let (code, out, _) = pilotctl(&mut fake, &["is-system-running"]);
    assert_eq!((code, out.as_str()), (1, "offline\n"));
}

fn job(fake: &Fake, order: Order, name: &str, wait: bool) -> Verb {
    Verb::Job { order, unit: fake.id(name), mode: JobMode::Replace, wait }
}

#[test]
fn jobs_start_in_order_and_stop_backwards() {
    let mut fake = Fake::new();
    assert_eq!(printed(&mut fake, &["start", "web", "web.socket", "web"]), "");
    let socket_first = [
        job(&fake, Order::Start, "web.socket", true),
        job(&fake, Order::Start, "web.service", true),
    ];
    assert_eq!(fake.told, socket_first);
    assert_eq!(fake.patience, [true, true]);
    fake.told.clear();
    assert_eq!(printed(&mut fake, &["stop", "--no-block", "web.socket", "web"]), "");
    let service_first = [
        job(&fake, Order::Stop, "web.service", false),
        job(&fake, Order::Stop, "web.socket", false),
    ];
    assert_eq!(fake.told, service_first);
    fake.told.clear();
    printed(&mut fake, &["restart", "web"]);
    printed(&mut fake, &["reload", "web"]);
    let both = [
        job(&fake, Order::Restart, "web.service", true),
        job(&fake, Order::Reload, "web.service", true),
    ];
    assert_eq!(fake.told, both);
}

#[test]
fn a_name_that_is_unknown_does_not_keep_the_others_from_their_job() {
    let mut fake = Fake::new();
    let (code, _, err) = pilotctl(&mut fake, &["start", "nix", "web"]);
    assert_eq!(code, ctl::exit::NOT_INSTALLED);
    assert!(err.starts_with("Failed to start nix.service: Unit nix.service not found."), "{err}");
    assert_eq!(fake.told, [job(&fake, Order::Start, "web.service", true)]);
}

#[test]
fn a_failed_job_says_why() {
    let mut fake = busy_board();
    fake.answer = Some(Answer::Failed(JobResult::Failed));
    let (code, out, err) = pilotctl(&mut fake, &["start", "ticker"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(
        err,
        "Job for ticker.service failed because a process exited with error code.\n\
         See \"pilotctl status ticker.service\" for details.\n"
    );
    fake.answer = Some(Answer::Failed(JobResult::Dependency));
    let (_, _, err) = pilotctl(&mut fake, &["start", "ticker"]);
    assert!(err.starts_with("A dependency job for ticker.service failed."), "{err}");
    let quiet = pilotctl(&mut fake, &["start", "-q", "ticker"]);
    assert_eq!(quiet, (1, String::new(), String::new()));
    fake.answer = Some(Answer::Failed(JobResult::Skipped));
    assert_eq!(printed(&mut fake, &["start", "ticker"]), "");
}

#[test]
fn a_stopped_service_that_its_socket_can_start_again_is_warned_of() {
    let mut fake = busy_board();
    let (code, _, err) = pilotctl(&mut fake, &["stop", "web"]);
    assert_eq!(code, 0);
    assert_eq!(
        err,
        "Stopping 'web.service', but its triggering unit is still active: web.socket\n"
    );
    assert_eq!(printed(&mut fake, &["stop", "web", "web.socket"]), "");
    fake.answer = Some(Answer::Refused(Refusal::NotPermitted));
    let (_, _, err) = pilotctl(&mut fake, &["stop", "web"]);
    assert_eq!(err, "Failed to stop web.service: only root may. Try as root.\n");
}

#[test]
fn what_is_refused_has_systemctls_exit_code() {
    let cases = [
        (Refusal::NotPermitted, 4, "Failed to stop web.service: only root may. Try as root.\n"),
        (
            Refusal::NotSupported,
            3,
            "Failed to stop web.service: its unit file says of no way to do that.\n",
        ),
        (
            Refusal::NotByHand,
            4,
            "Failed to stop web.service: its unit file lets it be started or stopped by others \
             only.\n",
        ),
        (
            Refusal::NotIsolated,
            4,
            "Failed to stop web.service: its unit file does not say AllowIsolate=yes.\n",
        ),
        (
            Refusal::Destructive,
            4,
            "Failed to stop web.service: another job is in its way. See 'pilotctl list-jobs'.\n",
        ),
        (Refusal::ShuttingDown, 1, "Failed to stop web.service: the board is shutting down.\n"),
    ];
    for (refusal, code, sentence) in cases {
        let mut fake = Fake::new();
        fake.answer = Some(Answer::Refused(refusal));
        let (got, _, err) = pilotctl(&mut fake, &["stop", "web"]);
        assert_eq!((got, err.as_str()), (code, sentence));
    }
}

#[test]
fn kill_takes_a_signal_and_whom() {
    let mut fake = Fake::new();
    let unit = fake.id("web.service");
    let cases: [(&[&str], u8, KillWhom); 6] = [
        (&["kill", "web"], 15, KillWhom::All),
        (&["kill", "-s", "HUP", "web"], 1, KillWhom::All),
        (&["kill", "-sSIGKILL", "--kill-whom=main", "web"], 9, KillWhom::Main),
        (&["kill", "--kill-whom=control", "web"], 15, KillWhom::Control),
        (&["kill", "--signal=10", "web"], 10, KillWhom::All),
        (&["kill", "web", "--signal", "SYS", "--kill-who", "all"], 31, KillWhom::All),
    ];
    for (args, signal, whom) in cases {
        fake.told.clear();
        printed(&mut fake, args);
        assert_eq!(fake.told, [Verb::Kill { unit, signal, whom }], "{args:?}");
    }
    for signal in ["0", "65", "hup", "SIGSIGHUP", ""] {
        fake.told.clear();
        let (code, _, err) = pilotctl(&mut fake, &["kill", "-s", signal, "web"]);
        assert_eq!(code, 1, "{signal}");
        assert!(err.contains("does not take"), "{err}");
        assert_eq!(fake.told, []);
    }
}

#[test]
fn a_path_is_the_name_of_its_mount() {
    let mut fake = Fake::with(&[
        ("data.mount", "[Mount]\nWhat=/dev/sda1\nWhere=/data\n"),
        ("srv-my\\x2dfiles.mount", "[Mount]\nWhat=/dev/sda2\nWhere=/srv/my-files\n"),
        ("dev-sda3.swap", "[Swap]\nWhat=/dev/sda3\n"),
        ("local-fs.target", "[Unit]\nWants=data.mount srv-my\\x2dfiles.mount dev-sda3.swap\n"),
    ]);
    for (path, name) in [
        ("/data", "data.mount"),
        ("/data/", "data.mount"),
        ("/srv/my-files", "srv-my\\x2dfiles.mount"),
        ("/dev/sda3", "dev-sda3.swap"),
    ] {
        assert_eq!(printed(&mut fake, &["show", "-p", "Id", "--value", path]), format!("{name}\n"));
    }
    for path in ["/dat", "/data/more", "/srv/my/files", "/"] {
        let (code, _, err) = pilotctl(&mut fake, &["start", path]);
        assert_eq!(code, 5, "{err}");
        assert!(err.contains(&format!("Unit {path} not found")), "{err}");
    }
}

#[test]
fn reset_failed_without_names_means_those_that_failed() {
    let mut fake = busy_board();
    printed(&mut fake, &["reset-failed"]);
    assert_eq!(fake.told, [Verb::ResetFailed(fake.id("ticker.service"))]);
    fake.told.clear();
    printed(&mut fake, &["reset-failed", "web"]);
    assert_eq!(fake.told, [Verb::ResetFailed(fake.id("web.service"))]);
}

#[test]
fn clean_says_what_it_can_clean() {
    let mut fake = busy_board();
    let (code, _, err) = pilotctl(&mut fake, &["clean", "web"]);
    assert_eq!((code, err.as_str()), (1, "'clean' takes --what=fdstore and nothing else.\n"));
    printed(&mut fake, &["clean", "--what=fdstore", "web"]);
    assert_eq!(fake.told, [Verb::CleanStored(fake.id("web.service"))]);
}

#[test]
fn the_board_can_be_ended_under_every_name() {
    let cases: [(&str, &[&str], ShutdownKind, bool); 8] = [
        ("pilotctl", &["poweroff"], ShutdownKind::Poweroff, false),
        ("pilotctl", &["reboot", "--force"], ShutdownKind::Reboot, true),
        ("poweroff", &[], ShutdownKind::Poweroff, false),
        ("reboot", &["-f"], ShutdownKind::Reboot, true),
        ("halt", &[], ShutdownKind::Halt, false),
        ("shutdown", &["-h", "now"], ShutdownKind::Poweroff, false),
        ("shutdown", &["-r", "+0"], ShutdownKind::Reboot, false),
        ("shutdown", &["now", "-H"], ShutdownKind::Halt, false),
    ];
    for (name, args, kind, force) in cases {
        let mut fake = Fake::new();
        let (code, out, err) = call(name, &mut fake, args);
        assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""), "{name} {args:?}");
        assert_eq!(fake.told, [Verb::Shutdown { kind, force }], "{name} {args:?}");
    }
}

#[test]
fn what_shutdown_cannot_do_ends_nothing() {
    let cases: [(&str, &[&str]); 5] = [
        ("shutdown", &[]),
        ("shutdown", &["-h", "+5"]),
        ("shutdown", &["-c"]),
        ("reboot", &["now"]),
        ("poweroff", &["--wtmp-only"]),
    ];
    for (name, args) in cases {
        let mut fake = Fake::new();
        let (code, _, err) = call(name, &mut fake, args);
        assert_eq!(code, 1, "{name} {args:?}");
        assert_ne!(err, "", "{name} {args:?}");
        assert_eq!(fake.told, [], "{name} {args:?}");
    }
}

#[test]
fn misuse_says_what_would_be_right() {
    let mut fake = Fake::new();
    let cases: [(&[&str], &str); 10] = [
        (
            &["-t", "service,x"],
            "pilotctl: option '--type' does not take 'service,x'. See 'pilotctl --help'.\n",
        ),
        (&["strat", "web"], "Unknown command verb 'strat', did you mean 'start'?\n"),
        (&["frobnicate"], "Unknown command verb 'frobnicate'. See 'pilotctl --help'.\n"),
        (
            &["daemon-reload"],
            "There is no 'daemon-reload' here. Units are compiled into the image: \
             change the unit file, build the image.\n",
        ),
        (&["start"], "'start' wants the name of a unit. See 'pilotctl list-units --all'.\n"),
        (&["reboot", "now"], "'reboot' takes no names, but 'now' was given.\n"),
        (&["--foo"], "pilotctl: unrecognized option '--foo'. See 'pilotctl --help'.\n"),
        (&["-ax"], "pilotctl: unrecognized option '-ax'. See 'pilotctl --help'.\n"),
        (&["kill", "-s"], "pilotctl: option '--signal' wants a value.\n"),
        (&["--all=x"], "pilotctl: option '--all' does not take 'x'. See 'pilotctl --help'.\n"),
    ];
    for (args, sentence) in cases {
        assert_eq!(pilotctl(&mut fake, args), (1, String::new(), sentence.to_owned()), "{args:?}");
    }
    let names = vec!["web"; 65];
    let (code, _, err) = pilotctl(&mut fake, &[&["start"], names.as_slice()].concat());
    assert_eq!((code, err.as_str()), (1, "pilotctl: too many names; use several calls.\n"));
    assert_eq!(fake.told, []);
}

#[test]
fn behind_two_dashes_everything_is_a_name() {
    let (code, _, err) = pilotctl(&mut Fake::new(), &["status", "--", "--all"]);
    assert_eq!(code, 4);
    assert!(err.starts_with("Unit --all.service not found."), "{err}");
}

#[test]
fn help_names_every_verb() {
    let out = printed(&mut Fake::new(), &["--help"]);
    golden("ctl-help", &out);
    assert_eq!(printed(&mut Fake::new(), &["help"]), out);
    let version = printed(&mut Fake::new(), &["--version"]);
    assert!(version.starts_with(concat!("pilotctl ", env!("CARGO_PKG_VERSION"))), "{version}");
}

#[test]
fn an_unreachable_pid_1_is_explained() {
    let cases = [
        (Unreachable::NoSocket, "there is no /run/pilot/control."),
        (Unreachable::NobodyListens, "nobody listens on /run/pilot/control."),
        (Unreachable::Denied, "no permission to open /run/pilot/control."),
        (Unreachable::Silent, "it did not answer in time."),
        (Unreachable::Closed, "it closed the connection."),
        (Unreachable::Errno(5), "/run/pilot/control: errno 5"),
    ];
    for (unreachable, sentence) in cases {
        let mut fake = Fake::new();
        fake.unreachable = Some(unreachable);
        for args in [&["list-units"][..], &["status", "web"], &["start", "web"], &["show", "web"]] {
            let (code, _, err) = pilotctl(&mut fake, args);
            assert_eq!(code, 1, "{args:?}");
            assert!(err.contains(sentence), "{err}");
        }
    }
}

#[test]
fn another_table_ends_the_call_once() {
    let mut fake = Fake::new();
    fake.crc ^= 1;
    let (code, _, err) = pilotctl(&mut fake, &["start", "web", "ticker"]);
    assert_eq!(code, 1);
    assert_eq!(err.matches("another table").count(), 1, "{err}");
}

#[test]
fn an_answer_to_another_question_is_not_taken() {
    let mut fake = Fake::new();
    fake.answer = Some(Answer::Nonsense);
    for args in [&["start", "web"][..], &["kill", "web"], &["poweroff"]] {
        let (code, _, err) = pilotctl(&mut fake, args);
        assert_eq!(code, 1, "{args:?}");
        assert!(err.contains("makes no sense"), "{err}");
    }
}

/// Runs the role on real descriptors; nothing but PID 1's socket is left out.
fn on_descriptors(arg: &str, out: impl std::os::fd::AsFd) -> u8 {
    let arg = CString::new(arg).unwrap();
    let mut args = std::iter::once(arg.as_c_str());
    let null = std::fs::File::create("/dev/null").unwrap();
    ctl::main("pilotctl", &mut args, table(), out.as_fd(), null.as_fd())
}

#[test]
fn output_reaches_its_descriptor_whole() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    assert_eq!(on_descriptors("--help", writer), 0);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, printed(&mut Fake::new(), &["--help"]));
}

#[test]
fn output_that_nobody_takes_is_a_failure_and_no_more() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert_eq!(on_descriptors("--help", full), ctl::exit::FAILURE);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(on_descriptors("--help", writer), ctl::exit::FAILURE);
}

#[test]
fn dependencies_are_a_tree_in_any_direction() {
    let mut fake = busy_board();
    let mut all = String::new();
    for args in [
        &["list-dependencies", "web"][..],
        &["list-dependencies", "--all", "web"],
        &["list-dependencies", "--reverse", "web.socket"],
        &["list-dependencies", "--after", "web"],
        &["list-dependencies", "--before", "sysinit.target"],
        &["list-dependencies"],
    ] {
        all += &format!("$ pilotctl {}\n{}\n", args.join(" "), printed(&mut fake, args));
    }
    golden("ctl-list-dependencies", &all);
    let (code, _, err) = pilotctl(&mut fake, &["list-dependencies", "nix"]);
    assert_eq!(code, ctl::exit::FAILURE);
    assert!(err.starts_with("Failed to list nix"), "{err}");
}

#[test]
fn jobs_are_listed_and_canceled() {
    let mut fake = busy_board();
    assert_eq!(printed(&mut fake, &["list-jobs"]), "No jobs running.\n");
    fake.manager.jobs = 2;
    fake.unit("web.service").job = Some(JobKind::Restart);
    let ticker = fake.unit("ticker.service");
    (ticker.job, ticker.job_running) = (Some(JobKind::Start), true);
    golden("ctl-list-jobs", &printed(&mut fake, &["list-jobs"]));
    assert_eq!(printed(&mut fake, &["cancel", "ticker"]), "");
    let (web, ticker) = (fake.id("web.service"), fake.id("ticker.service"));
    assert_eq!(printed(&mut fake, &["cancel", &ticker.0.to_string()]), "");
    assert_eq!(fake.told, [Verb::Cancel(ticker), Verb::Cancel(ticker)]);
    fake.told.clear();
    assert_eq!(printed(&mut fake, &["cancel"]), "");
    assert_eq!(fake.told.iter().filter(|verb| **verb == Verb::Cancel(web)).count(), 1);
    assert_eq!(fake.told.len(), 2);
}

#[test]
fn a_unit_that_the_image_masks_is_told_from_one_that_is_not_there() {
    let mut fake = Fake::with(&[
        ("web.service", "[Service]\nExecStart=/bin/web\n[Install]\nWantedBy=multi-user.target\n"),
        ("spare.service", "[Service]\nExecStart=/bin/web\n[Install]\nAlias=other.service\n"),
        ("syslogd.service", ""),
    ]);
    for (args, code, out, err) in [
        (
            &["start", "syslogd"][..],
            1,
            "",
            "Failed to start syslogd.service: Unit syslogd.service is masked.\n",
        ),
        (&["is-enabled", "web"], 0, "enabled\n", ""),
        (&["is-enabled", "spare"], 1, "disabled\n", ""),
        (&["is-enabled", "syslogd"], 1, "masked\n", ""),
        (&["is-active", "syslogd"], 3, "inactive\n", ""),
        (&["show", "-p", "LoadState", "syslogd"], 0, "LoadState=masked\n", ""),
        (
            &["status", "syslogd.service"],
            3,
            "○ syslogd.service\n     \
             Loaded: masked (Reason: Unit syslogd.service is masked.)\n     \
             Active: inactive (dead)\n",
            "",
        ),
    ] {
        assert_eq!(pilotctl(&mut fake, args), (code, out.into(), err.into()), "{args:?}");
    }
}

#[test]
fn a_stem_that_is_isolated_is_a_targets_before_a_services() {
    let mut fake = Fake::with(&[
        ("night.service", "[Service]\nExecStart=/bin/night\n"),
        ("night.target", "[Unit]\nAllowIsolate=yes\nRequires=night.service\n"),
        ("multi-user.target", "[Unit]\nWants=night.target\n"),
    ]);
    let night = fake.id("night.target");
    printed(&mut fake, &["isolate", "night"]);
    let isolated =
        Verb::Job { order: Order::Start, unit: night, mode: JobMode::Isolate, wait: true };
    assert_eq!(fake.told, [isolated]);
}

#[test]
fn isolate_takes_one_name_and_other_verbs_know_theirs() {
    let mut fake = Fake::new();
    let basic = fake.id("basic.target");
    let isolated =
        Verb::Job { order: Order::Start, unit: basic, mode: JobMode::Isolate, wait: true };
    printed(&mut fake, &["isolate", "basic.target"]);
    printed(&mut fake, &["isolate", "basic"]);
    assert_eq!(fake.told, [isolated, isolated]);
    assert_eq!(pilotctl(&mut fake, &["isolate", "basic", "web"]).0, ctl::exit::FAILURE);
    let (code, _, err) = pilotctl(&mut fake, &["rescue"]);
    assert_eq!(code, ctl::exit::NOT_INSTALLED);
    assert!(err.contains("Unit rescue.target not found."), "{err}");
    assert_eq!(printed(&mut fake, &["get-default"]), "multi-user.target\n");
    assert_eq!(printed(&mut fake, &["is-enabled", "web.socket"]), "enabled\n");
    assert_eq!(printed(&mut fake, &["is-enabled", "web.service"]), "static\n");
    fake.told.clear();
    let web = fake.id("web.service");
    for (verb, order) in [
        ("try-restart", Order::TryRestart),
        ("reload-or-restart", Order::ReloadOrRestart),
        ("try-reload-or-restart", Order::TryReloadOrRestart),
    ] {
        printed(&mut fake, &[verb, "--job-mode=fail", "--no-block", "web"]);
        let verb = Verb::Job { order, unit: web, mode: JobMode::Fail, wait: false };
        assert_eq!(fake.told, [verb]);
        fake.told.clear();
    }
    assert_eq!(pilotctl(&mut fake, &["start", "--job-mode=x", "web"]).0, ctl::exit::FAILURE);
}
