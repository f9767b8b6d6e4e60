//! The words for states, results, settings and signals: systemd's, where it has one.

use unit::control::{ActiveState, JobKind, Order, SIGNALS, SubState, SystemState};
use unit::{
    BindIpv6Only, Emergency, JobMode, KillMode, NotifyAccess, Preserve, Restart, ServiceType,
    Stdio, TimeoutMode,
};

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
    Some(match word {
        "replace" => JobMode::Replace,
        "replace-irreversibly" => JobMode::ReplaceIrreversibly,
        "fail" => JobMode::Fail,
        "isolate" => JobMode::Isolate,
        "flush" => JobMode::Flush,
        "ignore-dependencies" => JobMode::IgnoreDependencies,
        "ignore-requirements" => JobMode::IgnoreRequirements,
        _ => return None,
    })
}

pub(super) const fn system(state: SystemState) -> &'static str {
    match state {
        SystemState::Starting => "starting",
        SystemState::Running => "running",
        SystemState::Degraded => "degraded",
        SystemState::Stopping => "stopping",
    }
}

pub(super) const fn service_type(kind: ServiceType) -> &'static str {
    match kind {
        ServiceType::Simple => "simple",
        ServiceType::Exec => "exec",
        ServiceType::Oneshot => "oneshot",
        ServiceType::Notify => "notify",
        ServiceType::NotifyReload => "notify-reload",
        ServiceType::Forking => "forking",
        ServiceType::Idle => "idle",
    }
}

pub(super) const fn restart(restart: Restart) -> &'static str {
    match restart {
        Restart::No => "no",
        Restart::Always => "always",
        Restart::OnSuccess => "on-success",
        Restart::OnFailure => "on-failure",
        Restart::OnAbnormal => "on-abnormal",
        Restart::OnAbort => "on-abort",
        Restart::OnWatchdog => "on-watchdog",
    }
}

pub(super) const fn kill_mode(mode: KillMode) -> &'static str {
    match mode {
        KillMode::ControlGroup => "control-group",
        KillMode::Mixed => "mixed",
        KillMode::Process => "process",
        KillMode::None => "none",
    }
}

pub(super) const fn preserve(preserve: Preserve) -> &'static str {
    match preserve {
        Preserve::No => "no",
        Preserve::Restart => "restart",
        Preserve::Yes => "yes",
    }
}

pub(super) const fn notify_access(access: NotifyAccess) -> &'static str {
    match access {
        NotifyAccess::None => "none",
        NotifyAccess::Main => "main",
        NotifyAccess::Exec => "exec",
        NotifyAccess::All => "all",
    }
}

pub(super) const fn timeout_mode(mode: TimeoutMode) -> &'static str {
    match mode {
        TimeoutMode::Terminate => "terminate",
        TimeoutMode::Abort => "abort",
        TimeoutMode::Kill => "kill",
    }
}

pub(super) const fn stdio(stream: Stdio) -> &'static str {
    match stream {
        Stdio::Null => "null",
        Stdio::Tty => "tty",
        Stdio::Socket => "socket",
        Stdio::Kmsg => "kmsg",
        Stdio::File => "file",
        Stdio::Append => "append",
        Stdio::Truncate => "truncate",
        Stdio::Named => "fd",
        Stdio::Data => "data",
        Stdio::Inherit => "inherit",
    }
}

pub(super) const fn bind_ipv6_only(setting: BindIpv6Only) -> &'static str {
    match setting {
        BindIpv6Only::Default => "default",
        BindIpv6Only::Both => "both",
        BindIpv6Only::Ipv6Only => "ipv6-only",
    }
}

pub(super) const fn emergency(action: Emergency) -> &'static str {
    match action {
        Emergency::None => "none",
        Emergency::Reboot => "reboot",
        Emergency::RebootForce => "reboot-force",
        Emergency::RebootImmediate => "reboot-immediate",
        Emergency::Poweroff => "poweroff",
        Emergency::PoweroffForce => "poweroff-force",
        Emergency::PoweroffImmediate => "poweroff-immediate",
        Emergency::Halt => "halt",
        Emergency::HaltForce => "halt-force",
        Emergency::HaltImmediate => "halt-immediate",
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

/// The last real-time signal.
const SIGNAL_MAX: u8 = 64;

/// The number of a signal given as `TERM`, `SIGTERM` or `15`.
pub(super) fn signal(text: &str) -> Option<u8> {
    if let Ok(number) = text.parse::<u8>() {
        return (1..=SIGNAL_MAX).contains(&number).then_some(number);
    }
    let name = text.strip_prefix("SIG").unwrap_or(text);
    (1..).zip(SIGNALS).find(|(_, known)| *known == name).map(|(number, _)| number)
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
