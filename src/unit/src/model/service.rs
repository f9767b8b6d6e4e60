//! Services: systemd.service(5).

use serde::{Deserialize, Serialize};

use super::{Emergency, ExecContext, Millis, RateLimit};
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
    /// The program: an absolute path, or a name that is looked for in [`EXEC_PATH`].
    /// NUL-terminated (the NUL is the last character).
    pub path: &'a str,
    /// argv, argv\[0\] first.
    #[serde(borrow)]
    pub args: Args<'a>,
    /// Prefix `-`: a failure counts as success.
    pub ignore_failure: bool,
    /// Prefix `+` or `!`: `User=` and `Group=` are not applied.
    pub privileged: bool,
}

/// Where a program without a slash is looked for, in this order.
pub const EXEC_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
