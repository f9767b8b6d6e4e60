//! Services: systemd.service(5).

use serde::{Deserialize, Serialize};

use super::{Emergency, ExecContext, Millis, Preserve, RateLimit, UnitId};
use crate::decode;
use crate::seq::{Args, Ids, Seq};

/// `[Service]`: what the life cycle needs. What the child needs is behind `context`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Service<'a> {
    /// `Type=`.
    pub type_: ServiceType,
    /// `Restart=`.
    pub restart: Restart,
    /// `KillMode=`.
    pub kill_mode: KillMode,
    /// `KillSignal=`.
    pub kill_signal: u8,
    /// `RestartSec=`.
    pub restart_delay: Millis,
    /// `TimeoutStartSec=`; `None` waits for ever.
    pub timeout_start: Option<Millis>,
    /// `TimeoutStopSec=`; `None` waits for ever.
    pub timeout_stop: Option<Millis>,
    /// `StartLimitIntervalSec=` and `StartLimitBurst=`.
    pub start_limit: RateLimit,
    /// `StartLimitAction=`.
    pub start_limit_action: Emergency,
    /// The sockets that start this service (and whose listeners it is passed), by id.
    #[serde(borrow)]
    pub sockets: Ids<'a>,
    /// True for the template of an `Accept=yes` socket: it runs as instances only.
    pub per_connection: bool,
    /// `ExecStartPre=`.
    pub exec_start_pre: Seq<'a, Command<'a>>,
    /// `ExecStart=`: one command, or any number with [`ServiceType::Oneshot`].
    pub exec_start: Seq<'a, Command<'a>>,
    /// `ExecReload=`.
    pub exec_reload: Seq<'a, Command<'a>>,
    /// `ExecStop=`.
    pub exec_stop: Seq<'a, Command<'a>>,
    /// An [`ExecContext`] in postcard form: decoded only where a child is made.
    pub context: &'a [u8],
    /// A [`ServiceMore`] in postcard form; empty if every setting has its default.
    pub more: &'a [u8],
}

impl<'a> Service<'a> {
    /// What a child of this service is given before it executes its program.
    ///
    /// # Panics
    /// Never on a table that [`crate::Table::open`] accepted.
    pub fn exec_context(&self) -> ExecContext<'a> {
        let Some(context) = decode::from_bytes(self.context) else {
            panic!("the table was checked when it was opened");
        };
        context
    }

    /// The settings that few services have.
    ///
    /// # Panics
    /// Never on a table that [`crate::Table::open`] accepted.
    pub fn more(&self) -> ServiceMore<'a> {
        if self.more.is_empty() {
            return ServiceMore::DEFAULT;
        }
        let Some(more) = decode::from_bytes(self.more) else {
            panic!("the table was checked when it was opened");
        };
        more
    }
}

/// What few services say: a record of its own, decoded only where it counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ServiceMore<'a> {
    /// `ExecCondition=`.
    #[serde(borrow)]
    pub exec_condition: Seq<'a, Command<'a>>,
    /// `ExecStartPost=`.
    pub exec_start_post: Seq<'a, Command<'a>>,
    /// `ExecReloadPost=`.
    pub exec_reload_post: Seq<'a, Command<'a>>,
    /// `ExecStopPost=`.
    pub exec_stop_post: Seq<'a, Command<'a>>,
    /// `RemainAfterExit=`.
    pub remain_after_exit: bool,
    /// `PIDFile=`, below /run and NUL-terminated; empty (without NUL) if there is none.
    pub pid_file: &'a str,
    /// `NotifyAccess=`; `None`: the main process with [`ServiceType::Notify`] and its kin, else
    /// nobody.
    pub notify_access: Option<NotifyAccess>,
    /// `FileDescriptorStoreMax=`.
    pub store_max: u8,
    /// `FileDescriptorStorePreserve=`.
    pub store_preserve: Preserve,
    /// `GuessMainPID=`: without a pidfile the only child of PID 1 in the group is the main process.
    pub guess_main_pid: bool,
    /// `ReloadSignal=`, with [`ServiceType::NotifyReload`].
    pub reload_signal: u8,
    /// `SuccessExitStatus=`.
    pub success: ExitStatuses<'a>,
    /// `RestartPreventExitStatus=`.
    pub restart_prevent: ExitStatuses<'a>,
    /// `RestartForceExitStatus=`.
    pub restart_force: ExitStatuses<'a>,
    /// `RestartSteps=` and `RestartMaxDelaySec=`: the pause before each restart, the last one for
    /// all that follow; without items `RestartSec=` holds.
    pub restart_delays: Seq<'a, Millis>,
    /// `RuntimeMaxSec=`; `None` is no limit.
    pub runtime_max: Option<Millis>,
    /// `RuntimeRandomizedExtraSec=`.
    pub runtime_extra: Millis,
    /// `WatchdogSec=`; `None` is no limit.
    pub watchdog: Option<Millis>,
    /// `TimeoutAbortSec=`, where `Some(None)` waits for ever; `None` is `TimeoutStopSec=`.
    pub timeout_abort: Option<Option<Millis>>,
    /// `TimeoutStartFailureMode=`.
    pub timeout_start_failure: TimeoutMode,
    /// `TimeoutStopFailureMode=`.
    pub timeout_stop_failure: TimeoutMode,
    /// `RestartKillSignal=`; `None` is `KillSignal=`.
    pub restart_kill_signal: Option<u8>,
    /// `FinalKillSignal=`.
    pub final_kill_signal: u8,
    /// `WatchdogSignal=`.
    pub watchdog_signal: u8,
    /// `SendSIGHUP=`: SIGHUP follows the first signal.
    pub send_sighup: bool,
    /// `SendSIGKILL=`: `FinalKillSignal=` follows when the time is over.
    pub send_sigkill: bool,
    /// `FailureAction=`.
    pub failure_action: Emergency,
    /// `SuccessAction=`.
    pub success_action: Emergency,
    /// The only service that has this one in its `OnFailure=` or `OnSuccess=`: for `$MONITOR_…`.
    pub monitored: Option<UnitId>,
}

impl ServiceMore<'_> {
    /// What a service has that says nothing of it.
    pub const DEFAULT: Self = Self {
        exec_condition: Seq::EMPTY,
        exec_start_post: Seq::EMPTY,
        exec_reload_post: Seq::EMPTY,
        exec_stop_post: Seq::EMPTY,
        remain_after_exit: false,
        pid_file: "",
        notify_access: None,
        store_max: 0,
        store_preserve: Preserve::Restart,
        guess_main_pid: true,
        reload_signal: 1,
        success: ExitStatuses::NONE,
        restart_prevent: ExitStatuses::NONE,
        restart_force: ExitStatuses::NONE,
        restart_delays: Seq::EMPTY,
        runtime_max: None,
        runtime_extra: Millis(0),
        watchdog: None,
        timeout_abort: None,
        timeout_start_failure: TimeoutMode::Terminate,
        timeout_stop_failure: TimeoutMode::Terminate,
        restart_kill_signal: None,
        final_kill_signal: 9,
        watchdog_signal: 6,
        send_sighup: false,
        send_sigkill: true,
        failure_action: Emergency::None,
        success_action: Emergency::None,
        monitored: None,
    };
}

/// Exit codes and signals: `SuccessExitStatus=` and its kin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExitStatuses<'a> {
    /// Exit codes.
    pub codes: &'a [u8],
    /// Numbers of signals.
    pub signals: &'a [u8],
}

impl ExitStatuses<'_> {
    /// None.
    pub const NONE: Self = Self { codes: &[], signals: &[] };
}

/// `NotifyAccess=`: who is listened to, each with those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum NotifyAccess {
    /// Nobody.
    None,
    /// The main process.
    Main,
    /// The commands around it.
    Exec,
    /// Every process of the service's control group.
    All,
}

/// `TimeoutStartFailureMode=` and its kin: which signal comes when time is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum TimeoutMode {
    /// `KillSignal=`.
    Terminate,
    /// `WatchdogSignal=`.
    Abort,
    /// `FinalKillSignal=`.
    Kill,
}

/// `Type=`: when a service counts as started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ServiceType {
    /// As soon as the process exists.
    Simple,
    /// As soon as it has executed its program.
    Exec,
    /// When the last command has ended successfully.
    Oneshot,
    /// When it says READY=1.
    Notify,
    /// As [`ServiceType::Notify`], and it is reloaded by a signal.
    NotifyReload,
    /// When the process has ended and left another one behind.
    Forking,
    /// As [`ServiceType::Simple`], but the process comes when the board is quiet.
    Idle,
}

impl ServiceType {
    /// `NotifyAccess=` of a service that says nothing of it.
    pub const fn notify_access(self) -> NotifyAccess {
        match self {
            Self::Notify | Self::NotifyReload => NotifyAccess::Main,
            Self::Simple | Self::Exec | Self::Oneshot | Self::Forking | Self::Idle => {
                NotifyAccess::None
            }
        }
    }
}

/// `Restart=`: after which ends a service is started again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Restart {
    /// Never.
    No,
    /// After any end.
    Always,
    /// After a clean exit.
    OnSuccess,
    /// After an unclean exit code, signal, timeout or watchdog.
    OnFailure,
    /// After an unclean signal, timeout or watchdog.
    OnAbnormal,
    /// After an unclean signal.
    OnAbort,
    /// After a watchdog timeout.
    OnWatchdog,
}

/// `KillMode=`: who is signalled when a service stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum KillMode {
    /// Every process of the unit.
    ControlGroup,
    /// SIGTERM to the main process, SIGKILL to all.
    Mixed,
    /// The main process only.
    Process,
    /// Nobody.
    None,
}

/// One command line of an `Exec…=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Command<'a> {
    /// The program and argv. The program is an absolute path, or a name that is looked for in
    /// [`EXEC_PATH`].
    #[serde(borrow)]
    pub args: Args<'a>,
    /// [`Command::IGNORE_FAILURE`] and its kin.
    pub prefixes: u8,
}

impl Command<'_> {
    /// Prefix `-`: a failure counts as success.
    pub const IGNORE_FAILURE: u8 = 1;
    /// Prefix `+` or `!`: `User=` and `Group=` are not applied.
    pub const PRIVILEGED: u8 = 2;
    /// Prefix `+`: it has the board's own view of the file system, too.
    pub const UNCONFINED: u8 = 4;

    /// True if it has one of those prefixes.
    pub const fn has(&self, prefixes: u8) -> bool {
        self.prefixes & prefixes != 0
    }
}

/// Where a program without a slash is looked for, in this order.
pub const EXEC_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
