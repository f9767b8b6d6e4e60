//! The words for states, results, settings and signals: systemd's, where it has one.

use unit::control::{ActiveState, JobKind, Order, SIGRTMAX, SubState, SystemState, signal_number};
use unit::{JobMode, Stdio};

use crate::text::number;

pub(super) const fn active(state: ActiveState) -> &'static str {
    match state {
        ActiveState::Inactive => "inactive",
        ActiveState::Activating => "activating",
        ActiveState::Active => "active",
        ActiveState::Reloading => "reloading",
        ActiveState::Deactivating => "deactivating",
        ActiveState::Failed => "failed",
    }
}

/// The dot before a unit's name.
pub(super) const fn dot(state: ActiveState) -> &'static str {
    match state {
        ActiveState::Inactive => "○",
        ActiveState::Activating | ActiveState::Active | ActiveState::Deactivating => "●",
        ActiveState::Reloading => "↻",
        ActiveState::Failed => "×",
    }
}

pub(super) const fn sub(state: SubState) -> &'static str {
    match state {
        SubState::Dead => "dead",
        SubState::Failed => "failed",
        SubState::Active => "active",
        SubState::Condition => "condition",
        SubState::StartPre => "start-pre",
        SubState::Start => "start",
        SubState::StartPost => "start-post",
        SubState::Running => "running",
        SubState::Exited => "exited",
        SubState::Reload => "reload",
        SubState::ReloadSignal => "reload-signal",
        SubState::ReloadNotify => "reload-notify",
        SubState::ReloadPost => "reload-post",
        SubState::Stop => "stop",
        SubState::StopWatchdog => "stop-watchdog",
        SubState::StopSigterm => "stop-sigterm",
        SubState::StopSigkill => "stop-sigkill",
        SubState::StopPre => "stop-pre",
        SubState::StopPreSigterm => "stop-pre-sigterm",
        SubState::StopPreSigkill => "stop-pre-sigkill",
        SubState::StopPost => "stop-post",
        SubState::FinalWatchdog => "final-watchdog",
        SubState::FinalSigterm => "final-sigterm",
        SubState::FinalSigkill => "final-sigkill",
        SubState::AutoRestart => "auto-restart",
        SubState::Paused => "paused",
        SubState::Listening => "listening",
        SubState::Retrying => "retrying",
        SubState::Waiting => "waiting",
        SubState::Elapsed => "elapsed",
        SubState::Mounting => "mounting",
        SubState::Mounted => "mounted",
        SubState::Unmounting => "unmounting",
        SubState::Activating => "activating",
        SubState::InUse => "active",
        SubState::Deactivating => "deactivating",
    }
}

pub(super) const fn job(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Start => "start",
        JobKind::Stop => "stop",
        JobKind::Restart => "restart",
        JobKind::Reload => "reload",
    }
}

pub(super) const fn order(order: Order) -> &'static str {
    match order {
        Order::Start => "start",
        Order::Stop => "stop",
        Order::Restart | Order::TryRestart => "restart",
        Order::Reload | Order::ReloadOrRestart | Order::TryReloadOrRestart => "reload",
    }
}

/// `--job-mode=`.
pub(super) fn job_mode(word: &str) -> Option<JobMode> {
    JobMode::WORDS.iter().find(|(known, _)| *known == word).map(|(_, mode)| *mode)
}

pub(super) const fn system(state: SystemState) -> &'static str {
    match state {
        SystemState::Starting => "starting",
        SystemState::Running => "running",
        SystemState::Degraded => "degraded",
        SystemState::Stopping => "stopping",
    }
}

pub(super) const fn stdio(stream: Stdio) -> &'static str {
    match stream {
        Stdio::Null => "null",
        Stdio::Tty => "tty",
        Stdio::TtyForce => "tty-force",
        Stdio::TtyFail => "tty-fail",
        Stdio::Socket => "socket",
        Stdio::Kmsg => "kmsg",
        Stdio::Log => "log",
        Stdio::File => "file",
        Stdio::Append => "append",
        Stdio::Truncate => "truncate",
        Stdio::Named => "fd",
        Stdio::Data => "data",
        Stdio::Inherit => "inherit",
    }
}

/// What `status=` adds to an exit code: the names of systemd.exec(5), "Process Exit Codes". From
/// 200 on, it is the step on the way to the program that failed.
pub(super) const fn exit_code(code: u8) -> &'static str {
    match code {
        0 => "SUCCESS",
        1 => "FAILURE",
        2 => "INVALIDARGUMENT",
        3 => "NOTIMPLEMENTED",
        4 => "NOPERMISSION",
        5 => "NOTINSTALLED",
        6 => "NOTCONFIGURED",
        7 => "NOTRUNNING",
        200 => "CHDIR",
        202 => "FDS",
        203 => "EXEC",
        204 => "MEMORY",
        205 => "LIMITS",
        207 => "SIGNAL_MASK",
        208 => "STDIN",
        209 => "STDOUT",
        216 => "GROUP",
        217 => "USER",
        220 => "SETSID",
        222 => "STDERR",
        _ => "",
    }
}

/// The number of a signal given as `TERM`, `SIGTERM` or `15`.
pub(super) fn signal(text: &str) -> Option<u8> {
    match number(text) {
        Some(number) => (1..=SIGRTMAX).contains(&number).then_some(number),
        None => signal_number(text),
    }
}

/// The name of a signal, without `SIG`.
pub(super) fn signal_name(number: u8) -> &'static str {
    match unit::control::signal_name(number) {
        "" => "n/a",
        name => name,
    }
}

/// `SocketProtocol=`.
pub(super) const fn protocol(number: u16) -> &'static str {
    match number {
        132 => "sctp",
        136 => "udplite",
        262 => "mptcp",
        _ => "",
    }
}
