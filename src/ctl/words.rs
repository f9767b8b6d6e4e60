//! The words for states, results, settings and signals: systemd's, where it has one.

use unit::control::{
    ActiveState, Order, SIGRTMAX, SubState, SystemState, WatchdogState, signal_number,
};
use unit::{JobMode, Stdio, text_of};

use crate::features;
use crate::packed::Packed;
use crate::text::number;

pub(super) fn active(state: ActiveState) -> Packed {
    packed_of!(state, ActiveState {
        Inactive => "inactive",
        Activating => "activating",
        Active => "active",
        Reloading => "reloading",
        Deactivating => "deactivating",
        Failed => "failed",
    })
}

/// The dot before a unit's name.
pub(super) fn dot(state: ActiveState) -> &'static str {
    text_of!(state, ActiveState {
        Inactive => "○",
        Activating | Active | Deactivating => "●",
        Reloading => "↻",
        Failed => "×",
    })
}

pub(super) fn sub(state: SubState) -> Packed {
    packed_of!(state, SubState {
        Dead => "dead",
        Failed => "failed",
        Active => "active",
        Condition if features::SERVICE_MORE => "condition",
        StartPre => "start-pre",
        Start => "start",
        StartPost if features::SERVICE_MORE || features::SOCKET_COMMANDS => "start-post",
        Running => "running",
        Exited => "exited",
        Reload => "reload",
        ReloadSignal => "reload-signal",
        ReloadNotify => "reload-notify",
        ReloadPost if features::SERVICE_MORE => "reload-post",
        Stop => "stop",
        StopWatchdog if features::SERVICE_MORE => "stop-watchdog",
        StopSigterm => "stop-sigterm",
        StopSigkill => "stop-sigkill",
        StopPre if features::SOCKET_COMMANDS => "stop-pre",
        StopPreSigterm if features::SOCKET_COMMANDS => "stop-pre-sigterm",
        StopPreSigkill if features::SOCKET_COMMANDS => "stop-pre-sigkill",
        StopPost => "stop-post",
        FinalWatchdog if features::SERVICE_MORE => "final-watchdog",
        FinalSigterm => "final-sigterm",
        FinalSigkill => "final-sigkill",
        AutoRestart => "auto-restart",
        Paused => "paused",
        Listening => "listening",
        Retrying => "retrying",
        Waiting if features::TIMERS || features::PATHS => "waiting",
        Elapsed if features::TIMERS => "elapsed",
        Mounting if features::MOUNTS => "mounting",
        Mounted if features::MOUNTS => "mounted",
        Unmounting if features::MOUNTS => "unmounting",
        Activating if features::SWAPS => "activating",
        InUse if features::SWAPS => "active",
        Deactivating if features::SWAPS => "deactivating",
    })
}

pub(super) fn order(order: Order) -> &'static str {
    text_of!(order, Order {
        Start => "start",
        Stop => "stop",
        Restart | TryRestart => "restart",
        Reload | ReloadOrRestart | TryReloadOrRestart => "reload",
    })
}

/// `--job-mode=`.
pub(super) fn job_mode(word: &str) -> Option<JobMode> {
    JobMode::WORDS.iter().find(|(known, _)| *known == word).map(|(_, mode)| *mode)
}

pub(super) fn system(state: SystemState) -> Packed {
    packed_of!(state, SystemState {
        Starting => "starting",
        Running => "running",
        Degraded => "degraded",
        Stopping => "stopping",
    })
}

pub(super) fn watchdog(state: WatchdogState) -> Packed {
    packed_of!(state, WatchdogState {
        None => "none",
        Missing => "device missing",
        Fed => "fed",
        Withheld => "not fed, a unit has failed",
    })
}

pub(super) fn stdio(stream: Stdio) -> Packed {
    packed_of!(stream, Stdio {
        Null => "null",
        Tty => "tty",
        TtyForce => "tty-force",
        TtyFail => "tty-fail",
        Socket => "socket",
        Kmsg => "kmsg",
        Log => "log",
        File if features::STREAMS => "file",
        Append if features::STREAMS => "append",
        Truncate if features::STREAMS => "truncate",
        Named if features::STREAMS => "fd",
        Data if features::STREAMS => "data",
        Inherit => "inherit",
    })
}

/// What `status=` adds to an exit code: the names of systemd.exec(5), "Process Exit Codes". From
/// 200 on, it is the step on the way to the program that failed.
pub(super) fn exit_code(code: u8) -> Packed {
    packed_of!(code, {
        0 => "SUCCESS";
        1 => "FAILURE";
        2 => "INVALIDARGUMENT";
        3 => "NOTIMPLEMENTED";
        4 => "NOPERMISSION";
        5 => "NOTINSTALLED";
        6 => "NOTCONFIGURED";
        7 => "NOTRUNNING";
        200 => "CHDIR";
        202 => "FDS";
        203 => "EXEC";
        204 => "MEMORY";
        205 => "LIMITS";
        207 => "SIGNAL_MASK";
        208 => "STDIN";
        209 => "STDOUT";
        216 => "GROUP";
        217 => "USER";
        220 => "SETSID";
        222 => "STDERR";
    })
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
