//! Real clients of sd_notify(3), real daemons that are passed sockets or go into the background,
//! and what a boot does before services, on the boards of `tests/clients`.
//!
//! These need an emulator or the right to make namespaces: `cargo board test` runs them.

#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use support::Session;

#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn armv7() {
    boot("clients-armv7", true);
}

#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn riscv64() {
    boot("clients-riscv64", true);
}

#[test]
#[ignore = "makes namespaces; `cargo board test` runs it"]
fn x86_64_in_namespaces() {
    boot("clients-x86_64", false);
}

/// One boot, and all its clients in turn.
fn boot(name: &str, is_machine: bool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    let folder = folder.to_string_lossy();
    let mut session =
        if is_machine { Session::boot_with_keyboard(&folder) } else { Session::boot(&folder) };
    let board = &mut session;
    board.expect("the board is up");
    if is_machine {
        // Asked or not, there is a prompt.
        board.type_line("");
        log_in(board);
        the_boot_has_done_its_duties(board);
    }
    systemd_notify_speaks_for_its_shell(board);
    systemd_notify_stores_and_gets_back(board);
    systemd_notify_triggers_the_watchdog(board);
    systemd_notify_reloads(board);
    systemd_notify_of_a_user_is_heard_of_all(board);
    python_keeps_its_clients_over_a_crash(board);
    dbus_is_passed_its_socket(board);
    daemons_go_into_the_background(board);
    crond_runs_what_is_due(board);
    if is_machine {
        an_ntp_daemon_steps_the_clock(board);
        the_clock_is_not_before_the_last_stop(board);
        what_is_due_follows_the_clock(board);
        a_login_comes_back(board);
        one_logs_in_with_a_keyboard(board);
    }
    board.type_line("pilotctl poweroff");
    board.expect("power-off: now");
    session.ends_orderly();
}

/// Has the service that runs `as-told NAME` do something.
fn tell(board: &mut Session, name: &str, line: &str) {
    board.run(&format!("tell {name} '{line}'"));
}

/// What `pilotctl` says of a unit.
fn property(board: &mut Session, unit: &str, property: &str) -> String {
    board.run(&format!("pilotctl show --value -p {property} {unit}")).trim().to_owned()
}

/// As root it says that it is the shell that has called it, so that `NotifyAccess=main` is enough.
fn systemd_notify_speaks_for_its_shell(board: &mut Session) {
    const UNIT: &str = "told.service";
    board.run("pilotctl start --no-block told.service");
    tell(board, "told", "systemd-notify --status=\"warming up\"");
    board.until(UNIT, "StatusText", "warming up");
    assert_eq!(property(board, UNIT, "ActiveState"), "activating");
    tell(board, "told", "systemd-notify --ready --status=up");
    board.until(UNIT, "ActiveState", "active");
    assert_eq!(property(board, UNIT, "StatusText"), "up");
    tell(board, "told", "systemd-notify --reloading");
    board.until(UNIT, "ActiveState", "reloading");
    tell(board, "told", "systemd-notify --ready");
    board.until(UNIT, "ActiveState", "active");
    tell(board, "told", "sleep 100000 & echo $! > /run/child; systemd-notify MAINPID=$!");
    board.run("until [ -s /run/child ]; do :; done; child=$(cat /run/child)");
    board.until(UNIT, "MainPID", "$child");
    board.run("kill $child");
    board.until(UNIT, "ActiveState", "inactive");
    board.run("pilotctl start --no-block told.service");
    tell(board, "told", "exec systemd-notify --ready --exec \\; sleep 100000");
    board.until(UNIT, "ActiveState", "active");
    board.run("pilotctl stop told.service");
    board.run("pilotctl start --no-block told.service");
    tell(board, "told", "systemd-notify --ready; systemd-notify --stopping");
    board.until(UNIT, "ActiveState", "deactivating");
    tell(board, "told", "exit 0");
    board.until(UNIT, "ActiveState", "inactive");
}

fn systemd_notify_stores_and_gets_back(board: &mut Session) {
    const UNIT: &str = "told.service";
    board.run("pilotctl start --no-block told.service; echo treasure > /run/treasure");
    tell(board, "told", "systemd-notify --ready --fd=3 --fdname=mine FDSTORE=1 3</run/treasure");
    board.until(UNIT, "ActiveState", "active");
    board.run("rm /run/treasure; pilotctl kill --signal=KILL told.service");
    tell(board, "told", "echo $LISTEN_FDNAMES:$(cat <&3) > /run/got; systemd-notify --ready");
    board.until(UNIT, "ActiveState", "active");
    assert_eq!(board.run("cat /run/got").trim(), "mine:treasure");
    tell(board, "told", "systemd-notify FDSTOREREMOVE=1 FDNAME=mine STATUS=removed");
    board.until(UNIT, "StatusText", "removed");
    board.run("pilotctl kill --signal=KILL told.service");
    tell(board, "told", "echo =$LISTEN_FDNAMES > /run/got; systemd-notify --ready");
    board.until(UNIT, "ActiveState", "active");
    assert_eq!(board.run("cat /run/got").trim(), "=");
}

fn systemd_notify_triggers_the_watchdog(board: &mut Session) {
    tell(board, "told", "systemd-notify WATCHDOG=1 STATUS=alive");
    board.until("told.service", "StatusText", "alive");
    let restarts = property(board, "told.service", "NRestarts");
    tell(board, "told", "systemd-notify WATCHDOG=trigger");
    let again = (restarts.parse::<u32>().unwrap() + 1).to_string();
    board.until("told.service", "NRestarts", &again);
    assert_eq!(property(board, "told.service", "ActiveState"), "activating");
    board.run("pilotctl stop told.service");
}

fn systemd_notify_reloads(board: &mut Session) {
    const UNIT: &str = "told-reload.service";
    board.run("pilotctl start --no-block told-reload.service");
    tell(board, "reload", "systemd-notify --ready");
    board.until(UNIT, "ActiveState", "active");
    board.run("pilotctl reload told-reload.service");
    assert_eq!(property(board, UNIT, "StatusText"), "reloaded");
    assert_eq!(property(board, UNIT, "ActiveState"), "active");
    board.run("pilotctl stop told-reload.service");
}

fn systemd_notify_of_a_user_is_heard_of_all(board: &mut Session) {
    const UNIT: &str = "told-user.service";
    board.run("pilotctl start --no-block told-user.service");
    tell(board, "user", "systemd-notify --ready --status=nobody");
    board.until(UNIT, "ActiveState", "active");
    assert_eq!(property(board, UNIT, "StatusText"), "nobody");
    board.run("pilotctl stop told-user.service");
}

/// It stores each connection by python3-systemd, under a name that says how far it has counted.
fn python_keeps_its_clients_over_a_crash(board: &mut Session) {
    const UNIT: &str = "count.service";
    let mut client = board.connect("count");
    let mut answers = BufReader::new(client.try_clone().unwrap());
    let mut count = |expected: &str| {
        client.write_all(b"line\n").unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert_eq!(answer, expected);
    };
    count("1\n");
    count("2\n");
    board.until(UNIT, "StatusText", "counted 2");
    let pid = property(board, UNIT, "MainPID");
    board.run("pilotctl kill --signal=KILL count.service");
    count("3\n");
    board.until(UNIT, "StatusText", "counted 3");
    assert_ne!(property(board, UNIT, "MainPID"), pid);
    board.run("pilotctl reload count.service");
    assert_eq!(property(board, UNIT, "StatusText"), "reloaded");
    board.run("pilotctl stop count.service");
    assert_eq!(property(board, UNIT, "StatusText"), "stopping");
    assert_eq!(property(board, UNIT, "Result"), "success");
}

fn dbus_is_passed_its_socket(board: &mut Session) {
    assert_eq!(property(board, "dbus.service", "ActiveState"), "inactive");
    let ask = "dbus-send --system --print-reply --dest=org.freedesktop.DBus / \
               org.freedesktop.DBus.ListNames";
    let names = board.run(ask);
    assert!(names.contains("org.freedesktop.DBus"), "{names}");
    assert_eq!(property(board, "dbus.service", "ActiveState"), "active");
    board.run("pilotctl reload dbus.service; echo reload-$?");
    assert_eq!(property(board, "dbus.service", "ActiveState"), "active");
    board.run("pilotctl kill --signal=KILL dbus.service");
    // It is not to be restarted, and yet there for the next client.
    assert!(board.run(ask).contains("org.freedesktop.DBus"));
    assert_eq!(property(board, "dbus.service", "ActiveState"), "active");
}

/// Their main processes are those that their pidfiles name, or the only ones left.
fn daemons_go_into_the_background(board: &mut Session) {
    for (name, pidfile, program) in [
        ("dropbear", "/run/dropbear.pid", "/usr/sbin/dropbear"),
        ("syslogd", "/run/syslogd.pid", "/usr/bin/busybox"),
        ("dnsmasq", "/run/dnsmasq/dnsmasq.pid", "/usr/sbin/dnsmasq"),
        ("legacy", "/run/legacy.pid", "/usr/bin/busybox"),
        ("telnetd", "", "/usr/bin/busybox"),
    ] {
        let unit = format!("{name}.service");
        let started = board.run(&format!("pilotctl start {unit} && echo up"));
        assert_eq!(started.trim(), "up");
        let pid = property(board, &unit, "MainPID");
        assert_eq!(board.run(&format!("readlink /proc/{pid}/exe")).trim(), program);
        if !pidfile.is_empty() {
            assert_eq!(board.run(&format!("cat {pidfile}")).trim(), pid);
        }
    }
    assert_eq!(board.ssh("echo $((6 * 7))").text.trim(), "42");
    // One that is killed comes again.
    let pid = property(board, "legacy.service", "MainPID");
    board.run(&format!("kill -KILL {pid}"));
    board.until("legacy.service", "NRestarts", "1");
    board.until("legacy.service", "ActiveState", "active");
    assert_ne!(property(board, "legacy.service", "MainPID"), pid);
    let stop = "pilotctl stop dropbear syslogd dnsmasq legacy telnetd && echo down";
    assert_eq!(board.run(stop).trim(), "down");
    let left = board.run("ps | grep -E '[d]ropbear|[s]yslogd|[d]nsmasq|[1]00000|[t]elnetd'");
    assert_eq!(left, "");
}

/// The only job is due at each minute.
fn crond_runs_what_is_due(board: &mut Session) {
    assert_eq!(property(board, "crond.service", "ActiveState"), "active");
    board.run("until [ -s /run/cron-ran ]; do sleep 1; done");
}

/// serial-getty@console.service, and root without a password.
fn log_in(board: &mut Session) {
    board.expect(" login: ");
    board.type_line("root");
    board.expect("~ # ");
}

fn a_login_comes_back(board: &mut Session) {
    board.type_line("exit");
    log_in(board);
    assert_eq!(property(board, "serial-getty@console.service", "NRestarts"), "1");
}

/// What is in modules-load.d, sysctl.d and tmpfiles.d, and the units of `buildroot/board/boot`.
fn the_boot_has_done_its_duties(board: &mut Session) {
    for (question, answer) in [
        ("grep -c ^virtio_net /proc/modules", "1"),
        ("cat /proc/sys/kernel/threads-max", "4321"),
        ("stat -c %a /run/told", "1777"),
        ("grep -cE '^[0-9a-f]{32}$' /etc/machine-id", "1"),
        ("stat -c '%s %a' /var/lib/random-seed", "512 600"),
        ("pilotctl is-failed", "running"),
    ] {
        assert_eq!(board.run(question).trim(), answer, "{question}");
    }
}

/// In the year 2030.
fn the_clock_is_not_before_the_last_stop(board: &mut Session) {
    board.run("seed=$(cat /var/lib/random-seed | md5sum)");
    board.run("pilotctl stop clock random-seed; touch -d @1900000000 /var/lib/clock");
    board.run("pilotctl start clock random-seed");
    assert_eq!(board.run("[ $(date +%s) -ge 1900000000 ] && echo later").trim(), "later");
    let changed =
        board.run("[ \"$seed\" != \"$(cat /var/lib/random-seed | md5sum)\" ] && echo yes");
    assert_eq!(changed.trim(), "yes");
}

/// OpenNTPD, by a server for which it is noon of the first day of 2029. (It believes none that
/// says 2030.)
fn an_ntp_daemon_steps_the_clock(board: &mut Session) {
    const UNIT: &str = "openntpd.service";
    const PROCESSES: &str = "ps | grep -c '[n]tpd'";
    board.run("date -s @1861900000; pilotctl start ntp-server.service calendar.timer");
    // What has gone into the background has made its children itself: it is the main process.
    assert_eq!(board.run("pilotctl start openntpd.service && echo up").trim(), "up");
    let pid = property(board, UNIT, "MainPID");
    assert_eq!(board.run(&format!("readlink /proc/{pid}/exe")).trim(), "/usr/sbin/ntpd");
    assert_eq!(board.run(&format!("grep -c '^PPid:.1$' /proc/{pid}/status")).trim(), "1");
    board.run("pilotctl stop openntpd.service");
    assert_eq!(board.run("cat /run/calendar-ran 2>/dev/null"), "");
    // With -s it makes them first and goes then, so that they are PID 1's children, too. Nobody
    // can tell then which is the main process, and the service lives for as long as any of them.
    board.run("sed -i 's/=\"/=\"-s /' /etc/default/openntpd");
    assert_eq!(board.run("pilotctl start openntpd.service && echo up").trim(), "up");
    let now: u64 = board.run("date +%s").trim().parse().unwrap();
    assert!((NOON_OF_2029..NOON_OF_2029 + 3600).contains(&now), "{now}");
    board.run("until [ -s /run/calendar-ran ]; do sleep 1; done");
    let ran: u64 = board.run("cat /run/calendar-ran").trim().parse().unwrap();
    assert!((NOON_OF_2029..=now + 60).contains(&ran), "{ran}");
    assert_eq!(property(board, UNIT, "MainPID"), "0");
    assert_eq!(property(board, UNIT, "ActiveState"), "active");
    assert_eq!(board.run(PROCESSES).trim(), "3");
    board.run("kill $(ps | awk '/[n]tp engine/ { print $1 }')");
    board.until(UNIT, "ActiveState", "inactive");
    assert_eq!(property(board, UNIT, "Result"), "success");
    board.run("pilotctl stop ntp-server; rm /run/calendar-ran");
    assert_eq!(board.run(PROCESSES).trim(), "0");
}

const NOON_OF_2029: u64 = 1_861_963_200;

/// The timer is due at the first second of 2035.
fn what_is_due_follows_the_clock(board: &mut Session) {
    board.run("pilotctl start calendar.timer");
    board.run("date -s @2051222390; date -s @2000000000");
    assert_eq!(board.run("cat /run/calendar-ran 2>/dev/null"), "");
    board.run("date -s @2051222399; until [ -s /run/calendar-ran ]; do sleep 1; done");
    let ran: u64 = board.run("cat /run/calendar-ran").trim().parse().unwrap();
    assert!((2_051_222_400..2_051_222_460).contains(&ran), "{ran}");
}

/// getty@tty1.service. What is read of its screen are 80 columns a line.
fn one_logs_in_with_a_keyboard(board: &mut Session) {
    screen_shows(board, " login: ");
    board.press("root\n");
    screen_shows(board, "~ # ");
    board.press("touch /run/pressed\n");
    board.run("until [ -e /run/pressed ]; do sleep 1; done");
    screen_shows(board, "/run/pressed");
    // Who sits down next finds a prompt and nothing of that.
    board.press("exit\n");
    board.until("getty@tty1.service", "NRestarts", "1");
    board.run("while grep -q pressed /dev/vcs1; do sleep 1; done");
    screen_shows(board, " login: ");
}

fn screen_shows(board: &mut Session, text: &str) {
    board.run(&format!("until grep -q '{text}' /dev/vcs1; do sleep 1; done"));
}
