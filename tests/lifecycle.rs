//! The lifecycle tables: every state with every input, a table to a kind of unit, as reviewed
//! files under `tests/expect`. `INSTA_UPDATE=always cargo test --test lifecycle` writes them anew.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pilotlight::engine::mount::{self, Mount};
use pilotlight::engine::path::{self, Path};
use pilotlight::engine::service::{self, Child, Helper, Main, Service, Step, StopAsked};
use pilotlight::engine::socket::{self, ServiceView, Socket};
use pilotlight::engine::timer::{self, Context, Timer, View};
use pilotlight::engine::worker::{self, Worker};
use pilotlight::engine::{Errno, Instant, Notification, Pid, Ping, SpawnError, Stage};
use unit::calendar::{Calendar, Steps, Zone};
use unit::control::{ActiveState, Exit, UnitResult};
use unit::{
    Args, Command, Delay, Emergency, ExitStatuses, Ids, KillMode, ListenerId, Millis, RateLimit,
    Restart, Seq, ServiceMore, ServiceType, Since, TimeoutMode, TimerSetup, UnitId,
};

const UNIT: UnitId = UnitId(1);
const NOW: Instant = Instant::at(10_000_000);
const MAIN: Pid = Pid(100);
const CONTROL: Pid = Pid(200);
const PASSED: Option<Instant> = Some(Instant::at(NOW.us() - 1));
const AHEAD: Option<Instant> = Some(NOW.later(60_000_000));

fn commands(count: usize) -> Vec<u8> {
    let command = Command { args: Args::from_bytes(b"P/bin/x\0Lx\0"), prefixes: 0 };
    let mut bytes = Vec::new();
    for _ in 0..count {
        bytes = postcard::to_extend(&command, bytes).unwrap();
    }
    bytes
}

fn config(type_: ServiceType, one: &[u8]) -> unit::Service<'_> {
    unit::Service {
        type_,
        restart: Restart::OnFailure,
        kill_mode: KillMode::ControlGroup,
        kill_signal: 15,
        restart_delay: Millis(100),
        timeout_start: Some(Millis(90_000)),
        timeout_stop: Some(Millis(90_000)),
        start_limit: RateLimit { interval: Millis(10_000), burst: 5 },
        start_limit_action: Emergency::None,
        sockets: Ids::EMPTY,
        per_connection: false,
        exec_start_pre: Seq::from_bytes(one),
        exec_start: Seq::from_bytes(one),
        exec_reload: Seq::from_bytes(one),
        exec_stop: Seq::from_bytes(one),
        context: &[],
        more: &[],
    }
}

/// What a step does, or that it may not be taken.
fn outcome(step: impl FnOnce() -> String) -> String {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(step));
    std::panic::set_hook(hook);
    result.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        format!("IMPOSSIBLE: {}", text.unwrap_or_default().lines().next().unwrap_or_default())
    })
}

fn service_states() -> Vec<(&'static str, service::State)> {
    use service::State;
    let main = Some(Main::Child(MAIN));
    let alive = Child::Alive(CONTROL);
    let deadline = AHEAD;
    let helper =
        |helper, main, child, deadline| State::Helper { helper, main, index: 0, child, deadline };
    let signaled = |step, main, control| State::Signaled { step, main, control, deadline };
    vec![
        ("dead", State::Dead),
        ("condition", helper(Helper::Condition, None, alive, deadline)),
        ("start-pre", helper(Helper::StartPre, None, alive, deadline)),
        ("start-pre, late", helper(Helper::StartPre, None, alive, PASSED)),
        ("start-pre, lacking", helper(Helper::StartPre, None, Child::Lacking(NOW), deadline)),
        ("start, idle", State::Start { index: 0, child: Child::Idle(NOW), deadline }),
        ("start, asked", State::Start { index: 0, child: Child::Asked, deadline }),
        ("start", State::Start { index: 0, child: Child::Alive(MAIN), deadline }),
        ("start, late", State::Start { index: 0, child: Child::Alive(MAIN), deadline: PASSED }),
        ("start, adopted", State::Start { index: 0, child: Child::Adopted(MAIN), deadline }),
        ("forked", State::Forked { look_at: NOW, deadline }),
        ("forked, late", State::Forked { look_at: NOW, deadline: PASSED }),
        ("start-post", helper(Helper::StartPost, main, alive, deadline)),
        ("start-post, late", helper(Helper::StartPost, None, alive, PASSED)),
        ("running", State::Running { main }),
        ("running, adopted", State::Running { main: Some(Main::Adopted(MAIN)) }),
        ("running, unknown", State::Running { main: None }),
        ("exited", State::Exited),
        ("reload", helper(Helper::Reload, main, alive, deadline)),
        ("reload, late", helper(Helper::Reload, main, alive, PASSED)),
        ("reload-signal", reloading(Some(NOW), deadline)),
        ("reload-notify", reloading(None, deadline)),
        ("reload-notify, late", reloading(None, PASSED)),
        ("reload-post", helper(Helper::ReloadPost, main, alive, deadline)),
        ("stop", helper(Helper::Stop, main, alive, deadline)),
        ("stop, late", helper(Helper::Stop, None, alive, PASSED)),
        ("stop-watchdog", signaled(Step::Watchdog, main, None)),
        ("stop-sigterm, main", signaled(Step::Sigterm, main, None)),
        ("stop-sigterm, others", signaled(Step::Sigterm, None, None)),
        ("stop-sigkill, main", signaled(Step::Sigkill, main, None)),
        ("stop-sigkill, others", signaled(Step::Sigkill, None, None)),
        ("stop-post", helper(Helper::StopPost, None, alive, deadline)),
        ("stop-post, late", helper(Helper::StopPost, None, alive, PASSED)),
        ("final-watchdog", signaled(Step::FinalWatchdog, None, Some(CONTROL))),
        ("final-sigterm", signaled(Step::FinalSigterm, None, Some(CONTROL))),
        ("final-sigterm, others", signaled(Step::FinalSigterm, None, None)),
        ("final-sigkill", signaled(Step::FinalSigkill, None, Some(CONTROL))),
        ("auto-restart", State::AutoRestart { at: Some(NOW) }),
        ("failed", State::Failed { until: None }),
        ("failed, barred", State::Failed { until: PASSED }),
    ]
}

fn reloading(asked_at: Option<Instant>, deadline: Option<Instant>) -> service::State {
    service::State::Reloading { main: Main::Child(MAIN), asked_at, deadline }
}

fn service_inputs() -> Vec<(&'static str, service::Input<'static>)> {
    use service::Input;
    let error = |stage, errno| SpawnError { stage, errno: Errno(errno) };
    let said = Notification::default;
    let begun = Notification { reloading: true, since: Some(NOW), ..said() };
    vec![
        ("start", Input::Start { auto: false }),
        ("start refused", Input::StartRefused),
        ("quiet", Input::Quiet),
        ("stop", Input::Stop(StopAsked::Stop)),
        ("reload", Input::Reload),
        ("main spawned", Input::MainSpawned(MAIN)),
        ("control spawned", Input::ControlSpawned(CONTROL)),
        ("spawn failed EAGAIN", Input::SpawnFailed(error(Stage::Clone, 11))),
        ("spawn failed E2BIG", Input::SpawnFailed(error(Stage::Arguments, 7))),
        ("executed", Input::Executed),
        ("main exited 0", Input::MainExited(Exit::Code(0), None)),
        ("main exited 1", Input::MainExited(Exit::Code(1), None)),
        ("main killed TERM", Input::MainExited(Exit::Signal(15), None)),
        ("main killed SEGV", Input::MainExited(Exit::Core(11), None)),
        ("main without program", Input::MainExited(Exit::Code(203), Some(error(Stage::Exec, 2)))),
        ("control exited 0", Input::ControlExited(Exit::Code(0))),
        ("control exited 1", Input::ControlExited(Exit::Code(1))),
        ("READY=1", Input::Notified(Notification { ready: true, ..said() })),
        ("RELOADING=1", Input::Notified(Notification { reloading: true, ..said() })),
        ("RELOADING=1 now", Input::Notified(begun)),
        ("WATCHDOG=1", Input::Notified(Notification { watchdog: Some(Ping::Alive), ..said() })),
        (
            "WATCHDOG=trigger",
            Input::Notified(Notification { watchdog: Some(Ping::Trigger), ..said() }),
        ),
        (
            "EXTEND_TIMEOUT_USEC=",
            Input::Notified(Notification { extend_us: Some(120_000_000), ..said() }),
        ),
        ("STOPPING=1", Input::Notified(Notification { stopping: true, ..said() })),
        ("main adopted", Input::MainAdopted(Pid(300))),
        ("main missing", Input::MainMissing { gone: false }),
        ("all gone", Input::MainMissing { gone: true }),
        ("group empty", Input::GroupEmpty),
        ("group populated", Input::GroupPopulated),
        ("elapsed", Input::Elapsed),
        ("reset-failed", Input::ResetFailed),
    ]
}

fn service_table(config: &unit::Service<'_>) -> String {
    let mut table = String::new();
    for (state_name, state) in service_states() {
        writeln!(table, "{state_name}").unwrap();
        for (input_name, input) in service_inputs() {
            let line = outcome(|| {
                let mut service = Service { state, ..Service::NEW };
                let out = service.step(UNIT, config, input, NOW);
                let mut line = if service.state == state && out.actions.is_empty() && !out.start {
                    String::from("-")
                } else {
                    format!("{:?}", service.state)
                };
                if service.result != UnitResult::Success {
                    write!(line, " result {:?}", service.result).unwrap();
                }
                for action in &out.actions {
                    write!(line, "\n{:26}{action:?}", "").unwrap();
                }
                if out.emergency != Emergency::None {
                    write!(line, "\n{:26}{:?}", "", out.emergency).unwrap();
                }
                if out.start {
                    write!(line, "\n{:26}start job", "").unwrap();
                }
                line
            });
            writeln!(table, "    {input_name:<21} {line}").unwrap();
        }
    }
    table
}

fn golden(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "expect", prepend_module_to_snapshot => false,
                            omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn service_notify() {
    let one = commands(1);
    golden("service-notify", &service_table(&config(ServiceType::Notify, &one)));
}

#[test]
fn service_simple_without_commands_around_it() {
    let one = commands(1);
    let config = unit::Service {
        exec_start_pre: Seq::EMPTY,
        exec_reload: Seq::EMPTY,
        exec_stop: Seq::EMPTY,
        kill_mode: KillMode::Process,
        restart: Restart::Always,
        ..config(ServiceType::Simple, &one)
    };
    golden("service-simple", &service_table(&config));
}

#[test]
fn service_exec_mixed() {
    let one = commands(1);
    let config = unit::Service {
        kill_mode: KillMode::Mixed,
        exec_stop: Seq::EMPTY,
        ..config(ServiceType::Exec, &one)
    };
    golden("service-exec", &service_table(&config));
}

/// A service that says everything that few say.
fn full<'a>(one: &'a [u8], delays: &'a [u8]) -> Vec<u8> {
    let one = Seq::from_bytes(one);
    let more = ServiceMore {
        exec_condition: one,
        exec_start_post: one,
        exec_reload_post: one,
        exec_stop_post: one,
        remain_after_exit: true,
        pid_file: "/run/x.pid\0",
        runtime_max: Some(Millis(3_600_000)),
        restart_delays: Seq::from_bytes(delays),
        restart_prevent: ExitStatuses { codes: &[3], signals: &[] },
        timeout_abort: Some(Some(Millis(20_000))),
        timeout_start_failure: TimeoutMode::Abort,
        timeout_stop_failure: TimeoutMode::Abort,
        failure_action: Emergency::RebootForce,
        success_action: Emergency::Poweroff,
        ..ServiceMore::DEFAULT
    };
    postcard::to_extend(&more, Vec::new()).unwrap()
}

#[test]
fn service_forking_with_everything() {
    let one = commands(1);
    let more = full(&one, &[]);
    let config = unit::Service { more: &more, ..config(ServiceType::Forking, &one) };
    golden("service-forking", &service_table(&config));
}

#[test]
fn service_forking_without_a_pidfile() {
    let one = commands(1);
    let config = unit::Service {
        exec_start_pre: Seq::EMPTY,
        exec_stop: Seq::EMPTY,
        restart: Restart::No,
        ..config(ServiceType::Forking, &one)
    };
    golden("service-forking-bare", &service_table(&config));
}

#[test]
fn service_notify_reload_and_idle() {
    let one = commands(1);
    let config = unit::Service { exec_stop: Seq::EMPTY, ..config(ServiceType::NotifyReload, &one) };
    golden("service-notify-reload", &service_table(&config));
    let idle = unit::Service { type_: ServiceType::Idle, ..config };
    golden("service-idle", &service_table(&idle));
}

/// The growing pauses before a restart, and the last of them for all that follow.
#[test]
fn restarts_come_after_growing_pauses() {
    let one = commands(1);
    let delays: Vec<u8> = [100u32, 1_000, 10_000]
        .iter()
        .flat_map(|&delay| postcard::to_extend(&Millis(delay), Vec::new()).unwrap())
        .collect();
    let more = full(&[], &delays);
    let config = unit::Service {
        more: &more,
        kill_mode: KillMode::Process,
        exec_stop: Seq::EMPTY,
        restart: Restart::Always,
        ..config(ServiceType::Simple, &one)
    };
    for (restarts, expected) in [(0, 100), (1, 1_000), (2, 10_000), (3, 10_000), (u32::MAX, 10_000)]
    {
        let state = service::State::Running { main: Some(Main::Child(MAIN)) };
        let mut service = Service { state, restarts, ..Service::NEW };
        let exit = service::Input::MainExited(Exit::Code(1), None);
        let _ = service.step(UNIT, &config, exit, NOW);
        let at = Some(NOW.after(Millis(expected)));
        assert_eq!(service.state, service::State::AutoRestart { at }, "restart {restarts}");
    }
}

#[test]
fn service_oneshot_with_two_commands() {
    let two = commands(2);
    let config = unit::Service { restart: Restart::No, ..config(ServiceType::Oneshot, &two) };
    golden("service-oneshot", &service_table(&config));
}

/// What becomes of a running service of that kind after that end.
fn after_end(config: &unit::Service<'_>, result: UnitResult, exit: Exit) -> &'static str {
    let state = service::State::Signaled {
        step: Step::Sigterm,
        main: Some(Main::Child(MAIN)),
        control: None,
        deadline: None,
    };
    let mut service = Service { state, result, ..Service::NEW };
    let _ = service.step(UNIT, config, service::Input::MainExited(exit, None), NOW);
    match service.active() {
        ActiveState::Activating => "restart",
        ActiveState::Failed => "failed",
        ActiveState::Inactive => "dead",
        ActiveState::Active | ActiveState::Reloading | ActiveState::Deactivating => "?",
    }
}

/// `Restart=` against the ends of a service: the table of systemd.service(5), then the lists of
/// exit statuses, which come before it.
#[test]
fn restart_matrix() {
    let one = commands(1);
    let clean = UnitResult::Success;
    let ends = [
        ("exit 0", clean, Exit::Code(0)),
        ("exit 1", clean, Exit::Code(1)),
        ("SIGTERM", clean, Exit::Signal(15)),
        ("SIGHUP", clean, Exit::Signal(1)),
        ("SIGUSR1", clean, Exit::Signal(10)),
        ("SIGSEGV core", clean, Exit::Core(11)),
        ("timeout", UnitResult::Timeout, Exit::Signal(9)),
        ("watchdog", UnitResult::Watchdog, Exit::Signal(6)),
        ("protocol", UnitResult::Protocol, Exit::Code(0)),
        ("resources", UnitResult::Resources, Exit::Code(0)),
        ("condition", UnitResult::ExecCondition, Exit::Code(0)),
        ("start limit", UnitResult::StartLimitHit, Exit::Code(0)),
        ("exit 75", clean, Exit::Code(75)),
        ("SIGKILL", clean, Exit::Signal(9)),
    ];
    let statuses = |codes, signals| ExitStatuses { codes, signals };
    let some = statuses(&[75], &[9]);
    let lists = [
        ("", ServiceMore::DEFAULT),
        ("success 75 KILL", ServiceMore { success: some, ..ServiceMore::DEFAULT }),
        ("prevent 75 KILL", ServiceMore { restart_prevent: some, ..ServiceMore::DEFAULT }),
        ("force 75 KILL", ServiceMore { restart_force: some, ..ServiceMore::DEFAULT }),
    ];
    let mut table = String::new();
    for (title, more) in lists {
        let more = postcard::to_extend(&more, Vec::new()).unwrap();
        writeln!(table, "{title}").unwrap();
        for restart in [
            Restart::No,
            Restart::Always,
            Restart::OnSuccess,
            Restart::OnFailure,
            Restart::OnAbnormal,
            Restart::OnAbort,
            Restart::OnWatchdog,
        ] {
            write!(table, "{:<12}", format!("{restart:?}")).unwrap();
            let config = unit::Service {
                restart,
                more: &more,
                kill_mode: KillMode::Process,
                ..config(ServiceType::Simple, &one)
            };
            for (name, result, exit) in ends {
                write!(table, " {name}: {:<8}", after_end(&config, result, exit)).unwrap();
            }
            table = table.trim_end().to_owned() + "\n";
        }
    }
    golden("restart-matrix", &table);
}

#[test]
fn a_start_limit_bars_starts_until_its_interval_is_over() {
    let one = commands(1);
    let config = unit::Service {
        start_limit: RateLimit { interval: Millis(10_000), burst: 2 },
        start_limit_action: Emergency::Reboot,
        ..config(ServiceType::Notify, &one)
    };
    let mut service = Service::NEW;
    let start = service::Input::Start { auto: false };
    for _ in 0..2 {
        let out = service.step(UNIT, &config, start, NOW);
        assert_eq!(out.emergency, Emergency::None);
        service.state = service::State::Dead;
    }
    let out = service.step(UNIT, &config, start, NOW);
    assert_eq!(out.emergency, Emergency::Reboot);
    assert!(out.actions.is_empty());
    assert_eq!(service.result, UnitResult::StartLimitHit);
    let until = NOW.after(Millis(10_000));
    assert_eq!(service.state, service::State::Failed { until: Some(until) });

    let out = service.step(UNIT, &config, service::Input::Elapsed, until);
    assert!(out.start, "Restart=on-failure goes on when the limit has healed");
    let out = service.step(UNIT, &config, start, until);
    assert_eq!(out.actions.len(), 1, "and may");
}

/// What a socket with a command of each kind has of them.
fn socket_commands(one: &[u8]) -> Vec<u8> {
    let commands = unit::SocketCommands {
        timeout: Some(Millis(90_000)),
        pass_fds: false,
        start_pre: Seq::from_bytes(one),
        start_post: Seq::from_bytes(one),
        stop_pre: Seq::from_bytes(one),
        stop_post: Seq::from_bytes(one),
        context: &[],
    };
    postcard::to_extend(&commands, Vec::new()).unwrap()
}

/// Those of a socket without commands come first.
fn socket_states() -> Vec<(&'static str, socket::State)> {
    use socket::{Child, Running, State};
    let why = Some(socket::OpenFailure { listener: ListenerId(0), errno: Errno(99) });
    let running = |child, deadline| Running { index: 0, child, deadline };
    let command = running(Child::Alive(CONTROL), AHEAD);
    let (late, lacking) = (running(command.child, PASSED), running(Child::Lacking(NOW), AHEAD));
    let (control, deadline, open) = (CONTROL, AHEAD, true);
    vec![
        ("dead", State::Dead),
        ("opening", State::Opening { attempt: 0, again: false }),
        ("opening, tenth time", State::Opening { attempt: 9, again: false }),
        ("opening, again", State::Opening { attempt: 0, again: true }),
        ("listening", State::Listening),
        ("running", State::Running),
        ("paused", State::Paused { until: NOW }),
        ("retrying", State::Retrying { at: AHEAD.unwrap(), attempt: 3, again: false, why }),
        ("retrying, broken", State::Retrying { at: NOW, attempt: 1, again: true, why: None }),
        ("start-pre", State::StartPre { command }),
        ("start-pre, late", State::StartPre { command: late }),
        ("start-pre, lacking", State::StartPre { command: lacking }),
        ("start-post", State::StartPost { command }),
        ("start-post, late", State::StartPost { command: late }),
        ("stop-pre", State::StopPre { command, open }),
        ("stop-pre, late", State::StopPre { command: late, open: false }),
        ("stop-pre-sigterm", State::StopPreSigterm { control, deadline, open }),
        ("stop-pre-sigkill", State::StopPreSigkill { control, deadline, open }),
        ("stop-post", State::StopPost { command }),
        ("stop-post, late", State::StopPost { command: late }),
        ("final-sigterm", State::FinalSigterm { control: Some(control), deadline }),
        ("final-sigterm, others", State::FinalSigterm { control: None, deadline }),
        ("final-sigkill, others", State::FinalSigkill { control: None, deadline }),
        ("failed", State::Failed),
    ]
}

/// How many states a socket without commands can be in.
const WITHOUT_COMMANDS: usize = 9;

fn socket_table(one: &[u8]) -> String {
    use socket::Input;
    let commands = if one.is_empty() { Vec::new() } else { socket_commands(one) };
    let config = unit::Socket {
        service: UnitId(2),
        accept: false,
        first_listener: ListenerId(0),
        listeners: Seq::EMPTY,
        listener_count: 1,
        first_instance: 0,
        max_connections: 0,
        max_connections_per_source: 0,
        poll_limit: RateLimit { interval: Millis(2000), burst: 15 },
        trigger_limit: RateLimit { interval: Millis(2000), burst: 20 },
        allow: Seq::EMPTY,
        deny: Seq::EMPTY,
        fd_name: "x.socket",
        remove_on_stop: false,
        flush_pending: false,
        commands: &commands,
        setup: &[],
    };
    let later = NOW.after(Millis(5000));
    let failure = socket::OpenFailure { listener: ListenerId(0), errno: Errno(98) };
    let error = |errno| SpawnError { stage: Stage::Arguments, errno: Errno(errno) };
    let exited = |code| Input::ControlExited(Exit::Code(code), ServiceView::Idle);
    let inputs = [
        ("start", Input::Start),
        ("stop", Input::Stop),
        ("opened, idle", Input::Opened(ServiceView::Idle)),
        ("opened, busy", Input::Opened(ServiceView::Busy)),
        ("opened, barred", Input::Opened(ServiceView::Barred(later))),
        ("open failed", Input::OpenFailed(failure)),
        ("address appeared", Input::AddressAppeared),
        ("readable", Input::Readable),
        ("trigger limit", Input::TriggerLimitHit(later)),
        ("hung up", Input::HungUp),
        ("service idle", Input::ServiceChanged(ServiceView::Idle)),
        ("service busy", Input::ServiceChanged(ServiceView::Busy)),
        ("service barred", Input::ServiceChanged(ServiceView::Barred(later))),
        ("elapsed, idle", Input::Elapsed(ServiceView::Idle)),
        ("elapsed, busy", Input::Elapsed(ServiceView::Busy)),
        ("reset-failed", Input::ResetFailed),
        ("spawned", Input::ControlSpawned(CONTROL)),
        ("no spawn, EAGAIN", Input::SpawnFailed(error(11))),
        ("no spawn, E2BIG", Input::SpawnFailed(error(7))),
        ("exited 0", exited(0)),
        ("exited 1", exited(1)),
        ("group empty", Input::GroupEmpty),
        ("group populated", Input::GroupPopulated),
    ];
    let mut states = socket_states();
    let mut inputs = inputs.to_vec();
    if one.is_empty() {
        states.truncate(WITHOUT_COMMANDS);
        inputs.retain(|(name, _)| *name != "spawned");
        inputs.truncate(16);
    }
    let mut table = String::new();
    for (state_name, state) in states {
        writeln!(table, "{state_name}").unwrap();
        for &(input_name, input) in &inputs {
            let line = outcome(|| {
                let mut socket = Socket { state, ..Socket::NEW };
                let out = socket.step(UNIT, &config, input, NOW);
                let mut line = if socket.state == state && out.actions.is_empty() {
                    String::from("-")
                } else {
                    format!("{:?}", socket.state)
                };
                for action in &out.actions {
                    write!(line, " {action:?}").unwrap();
                }
                if socket.result != UnitResult::Success {
                    write!(line, " result {:?}", socket.result).unwrap();
                }
                if out.trigger {
                    line.push_str(" trigger");
                }
                line
            });
            writeln!(table, "    {input_name:<16} {line}").unwrap();
        }
    }
    table
}

/// Each state of a timer with each input, while its unit is down, up, and barred.
fn timer_table() -> String {
    use timer::{Input, State};
    let delay = |since, micros| Delay { since, micros };
    let delays = [delay(Since::Active, 60_000_000), delay(Since::UnitInactive, 5_000_000)];
    let mut bytes = Vec::new();
    for delay in &delays {
        bytes = postcard::to_extend(delay, bytes).unwrap();
    }
    let setup = &TimerSetup { delays: Seq::from_bytes(&bytes), ..PLAIN_TIMER };
    let view = |is_up, barred| View { is_up, barred };
    let views =
        [("down", view(false, None)), ("up", view(true, None)), ("barred", view(false, AHEAD))];
    let states = [
        ("dead", State::Dead),
        ("waiting", State::Waiting { at: NOW, wake: NOW }),
        ("running", State::Running),
        ("elapsed", State::Elapsed),
    ];
    let inputs = [
        ("start", Input::Start),
        ("stop", Input::Stop),
        ("elapsed", Input::Elapsed(true)),
        ("elapsed, stopping", Input::Elapsed(false)),
        ("unit changed", Input::UnitChanged),
        ("clock changed", Input::ClockChanged),
    ];
    let mut table = String::new();
    for (state_name, state) in states {
        for (view_name, view) in views {
            writeln!(table, "{state_name}, its unit {view_name}").unwrap();
            for (input_name, input) in inputs {
                let timer = Timer { state, unit_ended_at: PASSED, ..Timer::NEW };
                let line = outcome(|| timer_line(timer, setup, view, WALL_US, input));
                writeln!(table, "    {input_name:<18} {line}").unwrap();
            }
        }
    }
    table
}

const PLAIN_TIMER: TimerSetup<'static> = TimerSetup {
    delays: Seq::EMPTY,
    calendars: Seq::EMPTY,
    on_clock_change: false,
    defers: false,
    accuracy_us: 1_000_000,
    random_us: 0,
    random_is_fixed: false,
    remains: true,
    stamp: "",
};
/// A day of 2027, on the wall, in microseconds since 1970.
const WALL_US: i64 = 1_800_000_000_000_000;

/// What comes of one step of a timer.
fn timer_line(
    before: Timer,
    setup: &TimerSetup<'_>,
    view: View,
    wall_us: i64,
    input: timer::Input,
) -> String {
    let (startup, random_us, phase_us) = (Instant::at(1_000_000), 0, 250_000);
    let cx = Context { unit: UNIT, setup, view, startup, wall_us, random_us, phase_us, now: NOW };
    let mut timer = before;
    let outcome = timer.step(&cx, input);
    let same = timer.state == before.state;
    let mut line = if same { "-".to_owned() } else { format!("{:?}", timer.state) };
    if outcome.start {
        line.push_str(" start");
    }
    let kept = |timer: Timer| (timer.stamp, timer.writes_again);
    if kept(timer) != kept(before) {
        let again = if timer.writes_again { ", again" } else { "" };
        write!(line, "\n{:26}{:?}{again}, of {}", "", timer.stamp, timer.since_us).unwrap();
    }
    if let Some(action) = outcome.action {
        write!(line, "\n{:26}{action:?}", "").unwrap();
    }
    line
}

/// A timer with `Persistent=`, at midnight each day: what is read and written of it, with a clock
/// that is set and with one that never was.
fn stamp_table() -> String {
    use timer::{Input, Stamp, State};
    let midnight = postcard::to_extend(&Steps { from: 0, to: 0, step: 0 }, Vec::new()).unwrap();
    let daily = Calendar {
        weekdays: 0x7f,
        years: &[],
        months: 0x1ffe,
        days: !1,
        from_end: false,
        hours: 1,
        minutes: 1,
        seconds: Seq::from_bytes(&midnight),
        zone: Zone::UTC,
    };
    let calendars = postcard::to_extend(&daily, Vec::new()).unwrap();
    let setup = &TimerSetup {
        calendars: Seq::from_bytes(&calendars),
        stamp: "/var/stamp-x.timer\0",
        ..PLAIN_TIMER
    };
    let now_us = WALL_US as u64 + NOW.us();
    let hour_us = 3_600_000_000;
    let alive = worker(worker::State::Alive(MAIN), AHEAD);
    let writing = Stamp::Writing(alive);
    let waiting = State::Waiting { at: NOW, wake: NOW };
    let states = [
        ("dead, unread", State::Dead, Stamp::Unread, 0),
        ("dead, known", State::Dead, Stamp::Kept, now_us - 100 * hour_us),
        ("dead, missing", State::Dead, Stamp::Missing, 0),
        ("dead, being written", State::Dead, writing, now_us - hour_us),
        ("reading", State::Reading(alive), Stamp::Unread, now_us),
        ("waiting", waiting, Stamp::Kept, now_us - hour_us),
        ("waiting, missing", waiting, Stamp::Missing, 0),
        ("waiting, being written", waiting, writing, now_us - hour_us),
        ("running, being written", State::Running, writing, now_us - hour_us),
        ("running, to be written", State::Running, writing, now_us - hour_us),
    ];
    let inputs = [
        ("start", Input::Start),
        ("stop", Input::Stop),
        ("elapsed", Input::Elapsed(true)),
        ("unit changed", Input::UnitChanged),
        ("clock changed", Input::ClockChanged),
        ("gave up", Input::GaveUp),
        ("exited 0", Input::Exited(Exit::Code(0))),
        ("exited EROFS", Input::Exited(Exit::Code(30))),
        ("stamp of now", Input::Stamp(now_us)),
        ("stamp of last week", Input::Stamp(now_us - 168 * hour_us)),
        ("stamp to come", Input::Stamp(now_us + 168 * hour_us)),
        ("stamp of 1970", Input::Stamp(hour_us)),
        ("stamp of nonsense", Input::Stamp(u64::MAX)),
        ("no stamp", Input::Stamp(0)),
    ];
    let mut table = String::new();
    for (clock, wall_us) in [("set", WALL_US), ("never set", 0)] {
        for (state_name, state, stamp, since_us) in states {
            writeln!(table, "{state_name}, the clock {clock}").unwrap();
            for (input_name, input) in inputs {
                let writes_again = state_name.ends_with("to be written");
                let timer = Timer { state, stamp, writes_again, since_us, ..Timer::NEW };
                let view = View { is_up: false, barred: None };
                let line = outcome(|| timer_line(timer, setup, view, wall_us, input));
                writeln!(table, "    {input_name:<18} {line}").unwrap();
            }
        }
    }
    table
}

#[test]
fn timers() {
    golden("timer", &timer_table());
}

#[test]
fn stamps() {
    golden("timer-stamps", &stamp_table());
}

#[test]
fn sockets() {
    golden("socket", &socket_table(&[]));
}

#[test]
fn sockets_with_commands() {
    golden("socket-commands", &socket_table(&commands(1)));
}

const fn worker(state: worker::State, deadline: Option<Instant>) -> Worker {
    Worker { state, deadline }
}

/// The child that works for a mount, for a path unit, or looks at conditions.
#[test]
fn workers() {
    use worker::{Input, State};
    let states = [
        ("asked", worker(State::Asked, AHEAD)),
        ("alive", worker(State::Alive(MAIN), AHEAD)),
        ("alive, late", worker(State::Alive(MAIN), PASSED)),
        ("lacking", worker(State::Lacking(NOW), AHEAD)),
        ("lacking, for ever", worker(State::Lacking(NOW), None)),
        ("lacking, late", worker(State::Lacking(NOW), PASSED)),
    ];
    let error = |errno| SpawnError { stage: Stage::Clone, errno: Errno(errno) };
    let inputs = [
        ("spawned", Input::Spawned(MAIN)),
        ("spawn failed EAGAIN", Input::SpawnFailed(error(11))),
        ("spawn failed ENOSYS", Input::SpawnFailed(error(38))),
        ("elapsed", Input::Elapsed),
    ];
    let mut table = String::new();
    for (state_name, state) in states {
        writeln!(table, "{state_name}").unwrap();
        for (input_name, input) in inputs {
            let line = outcome(|| {
                let mut worker = state;
                let next = worker.step(input, NOW);
                let same = worker == state;
                let after = if same { "-".to_owned() } else { format!("{:?}", worker.state) };
                format!("{next:?} {after}, due {:?}", worker.due())
            });
            writeln!(table, "    {input_name:<21} {line}").unwrap();
        }
    }
    golden("worker", &table);
}

#[test]
fn mount() {
    use mount::{Input, State};
    let minute = Some(Millis(60_000));
    let config =
        unit::Mount { timeout_mount: minute, timeout_unmount: minute, is_swap: false, setup: &[] };
    let alive = worker(worker::State::Alive(MAIN), AHEAD);
    let states = [
        ("dead", State::Dead),
        ("mounting", State::Mounting(alive)),
        ("mounting, lacking", State::Mounting(worker(worker::State::Lacking(NOW), AHEAD))),
        ("giving up", State::Giving(alive)),
        ("mounted", State::Mounted),
        ("unmounting", State::Unmounting(alive)),
        ("failed", State::Failed),
    ];
    let inputs = [
        ("start", Input::Start),
        ("stop", Input::Stop),
        ("gave up", Input::GaveUp(UnitResult::Timeout)),
        ("exited 0", Input::Exited(Exit::Code(0))),
        ("exited EBUSY", Input::Exited(Exit::Code(16))),
        ("killed", Input::Exited(Exit::Signal(9))),
        ("reset-failed", Input::ResetFailed),
    ];
    let mut table = String::new();
    for (state_name, state) in states {
        writeln!(table, "{state_name}").unwrap();
        for (input_name, input) in inputs {
            let line = outcome(|| {
                let mut mount = Mount { state, ..Mount::new(false) };
                let actions = mount.step(UNIT, &config, input, NOW);
                let mut line = if mount.state == state && actions.is_empty() {
                    String::from("-")
                } else {
                    format!("{:?}", mount.state)
                };
                if mount.result != UnitResult::Success {
                    write!(line, " result {:?}", mount.result).unwrap();
                }
                for action in &actions {
                    write!(line, "\n{:26}{action:?}", "").unwrap();
                }
                line
            });
            writeln!(table, "    {input_name:<21} {line}").unwrap();
        }
    }
    writeln!(table, "sub states: of a mount, of a swap unit").unwrap();
    for (state_name, state) in states {
        let of = |is_swap| Mount { state, ..Mount::new(is_swap) }.sub();
        writeln!(table, "    {state_name:<21} {:?}, {:?}", of(false), of(true)).unwrap();
    }
    golden("mount", &table);
}

/// Each state of a path unit with each input, while its unit is down, up, and barred, and while
/// it is about to be stopped.
#[test]
fn paths() {
    use path::{Input, State, Why};
    let trigger_limit = unit::RateLimit { interval: Millis(2_000), burst: 2 };
    let config = &unit::PathUnit { unit: UNIT, trigger_limit, setup: &[] };
    let looking = |why, state| State::Looking { why, worker: worker(state, AHEAD) };
    let alive = worker::State::Alive(MAIN);
    let paused = |changed| State::Paused { until: NOW, changed };
    let states = [
        ("dead", State::Dead),
        ("starting", looking(Why::Started, alive)),
        ("starting, lacking", looking(Why::Started, worker::State::Lacking(NOW))),
        ("looking anew", looking(Why::Anew, alive)),
        ("looking again", looking(Why::Touched, alive)),
        ("waiting", State::Waiting { look_at: None }),
        ("about to look", State::Waiting { look_at: AHEAD }),
        ("running", State::Running),
        ("paused", paused(false)),
        ("paused, owes a start", paused(true)),
        ("failed", State::Failed),
    ];
    let view = |is_up, barred| View { is_up, barred };
    let (down, up, barred) = (view(false, None), view(true, None), view(false, AHEAD));
    let surroundings = [
        ("down", down, true),
        ("up", up, true),
        ("barred", barred, true),
        ("down, stopping", down, false),
    ];
    let inputs = [
        ("start", Input::Start),
        ("stop", Input::Stop),
        ("gave up", Input::GaveUp(UnitResult::Timeout)),
        ("found both", Input::Exited(Exit::Code(3))),
        ("found one", Input::Exited(Exit::Code(1))),
        ("good", Input::Exited(Exit::Code(path::LOOK_GOOD))),
        ("look again", Input::Exited(Exit::Code(path::LOOK_AGAIN))),
        ("no watches", Input::Exited(Exit::Code(path::LOOK_FAILED))),
        ("killed", Input::Exited(Exit::Signal(9))),
        ("touched", Input::Touched { changed: false }),
        ("changed", Input::Touched { changed: true }),
        ("unit changed", Input::UnitChanged),
        ("elapsed", Input::Elapsed),
        ("reset-failed", Input::ResetFailed),
    ];
    let mut table = String::new();
    for (state_name, state) in states {
        for (view_name, view, may_start) in surroundings {
            writeln!(table, "{state_name}, its unit {view_name}").unwrap();
            for (input_name, input) in inputs {
                let line = outcome(|| {
                    let cx = path::Context { unit: UNIT, config, view, may_start, now: NOW };
                    let mut path = Path { state, existed: 3, ..Path::NEW };
                    let outcome = path.step(&cx, input);
                    let same = path.state == state && outcome.actions.is_empty();
                    let mut line = if same { "-".to_owned() } else { format!("{:?}", path.state) };
                    if path.result != UnitResult::Success {
                        write!(line, " result {:?}", path.result).unwrap();
                    }
                    if outcome.start {
                        line.push_str(" start");
                    }
                    for action in &outcome.actions {
                        write!(line, "\n{:26}{action:?}", "").unwrap();
                    }
                    line
                });
                writeln!(table, "    {input_name:<21} {line}").unwrap();
            }
        }
    }
    golden("path", &table);
}
