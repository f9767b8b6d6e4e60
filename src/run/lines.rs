//! What happened, in words: the engine's trace on the console.

use core::fmt;

use unit::control::{Exit, JobKind, JobResult, ShutdownKind, SubState, UnitResult};
use unit::{Address, ListenerId, Millis, Table, UnitId};

use crate::address::Printed;
use crate::engine::{
    Engine, Instant, Record, ShutdownStep, SpawnError, Stage, TRACE_RECORDS, Trace,
};
use crate::features;
use crate::log::{self, Level, write_line_at};
use crate::packed::Packed;
use crate::reason::Reason;

/// How long a line may wait. A console may be slower than all that is written about: what a
/// service needs comes first, and its child runs before its line.
const LAG: Millis = Millis(5);

/// How far the console has come.
pub(super) struct Lines {
    /// Trace records before this one are written, or not worth a line.
    cursor: u32,
    /// When those behind it must be.
    due: Option<Instant>,
}

impl Lines {
    pub(super) const fn new() -> Self {
        Self { cursor: 0, due: None }
    }

    /// When there is something to write.
    pub(super) fn due(&mut self, engine: &Engine<'_, '_>, now: Instant) -> Option<Instant> {
        let trace = engine.trace();
        if self.cursor != trace.written() && self.due.is_none() {
            let told = |record: &Record| log::is_said(level(engine, &record.trace));
            if trace.since(self.cursor).any(|record| told(&record)) {
                self.due = Some(now.after(LAG));
            } else {
                self.cursor = trace.written();
            }
        }
        self.due
    }

    /// Writes what is due by `now`.
    pub(super) fn write_due(&mut self, engine: &Engine<'_, '_>, now: Instant) {
        if self.due.is_some_and(|due| due <= now) {
            self.write(engine);
        }
    }

    /// Writes before the ring is full: a boot has more to tell than it holds.
    pub(super) fn write_crowded(&mut self, engine: &Engine<'_, '_>) {
        let untold = engine.trace().written().wrapping_sub(self.cursor);
        if untold as usize > TRACE_RECORDS / 2 {
            self.write(engine);
        }
    }

    /// Writes all there is.
    pub(super) fn write(&mut self, engine: &Engine<'_, '_>) {
        let trace = engine.trace();
        for record in trace.since(self.cursor) {
            if log::is_said(level(engine, &record.trace)) {
                let words = Words { engine, table: engine.table(), record: &record };
                write_line_at(record.at, format_args!("{words}"));
            }
        }
        self.cursor = trace.written();
        self.due = None;
    }
}

/// What connections bring is never worth a line of its own: a client could fill the console.
fn level(engine: &Engine<'_, '_>, trace: &Trace) -> Level {
    match trace {
        Trace::SpawnFailed { .. } | Trace::OpenFailed { .. } | Trace::WorkFailed { .. } => {
            Level::Error
        }
        Trace::State { sub: SubState::Failed | SubState::Retrying, .. }
        | Trace::Paused { .. }
        | Trace::Reopened { .. }
        | Trace::ServiceErrno { .. } => Level::Warn,
        // What its service says is enough.
        Trace::State { unit, sub: SubState::Running, .. } if engine.starts_others(*unit) => {
            Level::Debug
        }
        Trace::Job { unit, kind: JobKind::Start, result: JobResult::Done }
            if engine.is_socket(*unit) =>
        {
            Level::Info
        }
        Trace::State { sub, .. } => match sub {
            SubState::Running
            | SubState::Exited
            | SubState::Active
            | SubState::AutoRestart
            | SubState::Mounted
            | SubState::InUse => Level::Info,
            SubState::Dead
            | SubState::Failed
            | SubState::Condition
            | SubState::StartPre
            | SubState::Start
            | SubState::StartPost
            | SubState::Reload
            | SubState::ReloadSignal
            | SubState::ReloadNotify
            | SubState::ReloadPost
            | SubState::Stop
            | SubState::StopWatchdog
            | SubState::StopSigterm
            | SubState::StopSigkill
            | SubState::StopPre
            | SubState::StopPreSigterm
            | SubState::StopPreSigkill
            | SubState::StopPost
            | SubState::FinalWatchdog
            | SubState::FinalSigterm
            | SubState::FinalSigkill
            | SubState::Paused
            | SubState::Listening
            | SubState::Retrying
            | SubState::Waiting
            | SubState::Elapsed
            | SubState::Mounting
            | SubState::Unmounting
            | SubState::Activating
            | SubState::Deactivating => Level::Debug,
        },
        Trace::Job { result: JobResult::Done | JobResult::Skipped, .. } => Level::Debug,
        Trace::Job { .. } | Trace::JobRefused { .. } => Level::Warn,
        Trace::BootFinished | Trace::Shutdown { .. } | Trace::Unmet { .. } => Level::Info,
        Trace::Triggered { .. }
        | Trace::Exited { .. }
        | Trace::Connected { .. }
        | Trace::Refused { .. } => Level::Debug,
    }
}

struct Words<'a> {
    engine: &'a Engine<'a, 'a>,
    table: &'a Table<'a>,
    record: &'a Record,
}

impl Words<'_> {
    /// Writes what is told of a unit.
    fn tell(
        &self,
        f: &mut fmt::Formatter<'_>,
        unit: UnitId,
        what: fmt::Arguments<'_>,
    ) -> fmt::Result {
        write!(f, "{}: {what}", self.table.name(unit))
    }
}

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record.trace {
            Trace::State { unit, sub, result: UnitResult::Success } => {
                self.tell(f, unit, format_args!("{}", sub_state(sub)))
            }
            Trace::State { unit, sub, result } => {
                self.tell(f, unit, format_args!("{} ({})", sub_state(sub), result.name()))
            }
            Trace::Job { unit, kind: JobKind::Start, result: JobResult::Done }
                if self.engine.is_socket(unit) =>
            {
                self.tell(f, unit, format_args!("listening at"))?;
                let listeners = self.table.socket(unit).listeners;
                listeners
                    .iter()
                    .try_for_each(|listener| write!(f, " {}", AddressWords(Some(listener.address))))
            }
            Trace::Job { unit, kind, result } => {
                self.tell(f, unit, format_args!("{} job: {}", kind.word(), job_result(result)))
            }
            Trace::JobRefused { unit, kind, refusal: _ } => {
                self.tell(f, unit, format_args!("{} refused, it contradicts others", kind.word()))
            }
            Trace::WorkFailed { unit, errno } if features::MOUNTS || features::STAMPS => {
                self.tell(f, unit, format_args!("{}", Reason(errno.0)))
            }
            Trace::Unmet { unit, check } if features::CONDITIONS => {
                let check = self.table.checks(unit).get(check.into());
                let text = check.map_or("", |check| check.text);
                self.tell(f, unit, format_args!("not started: {text} does not hold"))
            }
            Trace::Unmet { .. } | Trace::WorkFailed { .. } => Ok(()),
            Trace::Triggered { listener, unit } => {
                self.tell(f, unit, format_args!("started by traffic at {}", self.address(listener)))
            }
            Trace::Exited { unit, pid, exit } => {
                let (how, number) = match exit {
                    Exit::Code(code) => ("exited with", code),
                    Exit::Signal(signal) => ("was killed by signal", signal),
                    Exit::Core(signal) => ("dumped core by signal", signal),
                };
                self.tell(f, unit, format_args!("process {} {how} {number}", pid.0))
            }
            Trace::SpawnFailed { unit, error } => {
                let SpawnError { stage, errno } = error;
                self.tell(f, unit, format_args!("{}: {}", step(stage), Reason(errno.0)))
            }
            Trace::Connected { unit, instance } => {
                self.tell(f, unit, format_args!("connection in slot {}", instance.0))
            }
            Trace::Refused { unit } => self.tell(f, unit, format_args!("connection refused")),
            Trace::Paused { unit, until } => {
                let pause_us = until.us().saturating_sub(self.record.at.us());
                let seconds = pause_us.div_ceil(1_000_000);
                self.tell(f, unit, format_args!("over its limit, paused for {seconds} s"))
            }
            Trace::OpenFailed { listener, unit, errno } => {
                let (address, reason) = (self.address(listener), Reason(errno.0));
                self.tell(f, unit, format_args!("cannot listen at {address}: {reason}"))
            }
            Trace::Reopened { listener, unit } => {
                let address = self.address(listener);
                self.tell(f, unit, format_args!("{address} was shut down or removed, opened again"))
            }
            Trace::ServiceErrno { unit, errno } => {
                self.tell(f, unit, format_args!("reports {}", Reason(errno.0)))
            }
            Trace::BootFinished => {
                self.tell(f, self.engine.boot_target(), format_args!("reached, the board is up"))
            }
            Trace::Shutdown { kind, step } => {
                write!(f, "{}: {}", shutdown(kind), shutdown_step(step))
            }
        }
    }
}

impl Words<'_> {
    fn address(&self, id: ListenerId) -> AddressWords<'_> {
        let address = self.table.ids().find_map(|unit| match self.table.kind(unit) {
            unit::Kind::Socket(socket) => {
                let place = id.0.checked_sub(socket.first_listener.0)?;
                let own = place < socket.listener_count;
                own.then(|| socket.listeners.get(place.into())).flatten()
            }
            unit::Kind::Target
            | unit::Kind::Slice
            | unit::Kind::Service(_)
            | unit::Kind::Timer(_)
            | unit::Kind::Path(_)
            | unit::Kind::Mount(_) => None,
        });
        AddressWords(address.map(|listener| listener.address))
    }
}

struct AddressWords<'a>(Option<Address<'a>>);

impl fmt::Display for AddressWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Address::Port(port)) => write!(f, "port {port}"),
            Some(address) => Printed(address).fmt(f),
            None => f.write_str("nowhere"),
        }
    }
}

fn step(stage: Stage) -> Packed {
    packed_of!(stage, Stage {
        Slot => "no place for another child",
        Arguments => "arguments and environment",
        ControlGroup => "control group",
        Clone => "clone",
        Session => "new session",
        Stdin => "standard input",
        Stdout => "standard output",
        Stderr => "standard error",
        Sockets => "passing sockets",
        OomScore if features::OOM_SCORE => "OOM score",
        Nice if features::SCHEDULING => "nice level",
        Scheduler if features::SCHEDULING => "scheduling policy",
        Affinity if features::SCHEDULING => "processors",
        IoPriority if features::SCHEDULING => "IO priority",
        TimerSlack if features::SCHEDULING => "timer slack",
        Personality if features::SCHEDULING => "personality",
        RuntimeDirectory if features::DIRECTORIES => "runtime folder",
        StateDirectory if features::DIRECTORIES => "state folder",
        CacheDirectory if features::DIRECTORIES => "cache folder",
        LogsDirectory if features::DIRECTORIES => "logs folder",
        ConfigurationDirectory if features::DIRECTORIES => "configuration folder",
        OpenFile if features::OPEN_FILES => "open file",
        Credentials if features::CREDENTIALS => "credentials",
        EnvironmentFile if features::VARIABLES => "environment file",
        Limits => "limits",
        Group => "group",
        Capabilities if features::CAPABILITIES => "capabilities",
        User => "user",
        NoNewPrivileges if features::CAPABILITIES => "no new privileges",
        Root if features::ROOT_DIRECTORY => "root directory",
        Namespace if features::NAMESPACES => "namespaces",
        WorkingDirectory => "working directory",
        Signals => "signal mask",
        Exec => "cannot execute the program",
    })
}

fn sub_state(sub: SubState) -> Packed {
    packed_of!(sub, SubState {
        Dead => "stopped",
        Failed => "failed",
        Active => "reached",
        Condition | StartPre | Start | StartPost => "starting",
        Running => "running",
        Exited => "done",
        Reload
        | ReloadSignal
        | ReloadNotify
        | ReloadPost => "reloading",
        Stop
        | StopSigterm
        | StopPre
        | StopPreSigterm
        | StopPost
        | FinalSigterm => "stopping",
        StopWatchdog | FinalWatchdog if features::SERVICE_MORE => "aborting",
        StopSigkill | StopPreSigkill | FinalSigkill => "killing",
        AutoRestart => "waiting to restart",
        Paused => "paused",
        Listening => "listening",
        Mounting if features::MOUNTS => "mounting",
        Mounted if features::MOUNTS => "mounted",
        Unmounting if features::MOUNTS => "unmounting",
        Activating if features::SWAPS => "taken into use",
        InUse if features::SWAPS => "in use",
        Deactivating if features::SWAPS => "taken out of use",
        Retrying => "will be tried again",
        Waiting if features::TIMERS || features::PATHS => "waiting",
        Elapsed if features::TIMERS => "elapsed",
    })
}

fn job_result(result: JobResult) -> Packed {
    packed_of!(result, JobResult {
        Done => "done",
        Canceled => "canceled",
        Failed => "failed",
        Dependency => "a unit it requires failed",
        Timeout => "took too long",
        Skipped => "nothing to do",
        Assert if features::CONDITIONS => "an assert does not hold",
    })
}

fn shutdown(kind: ShutdownKind) -> Packed {
    packed_of!(kind, ShutdownKind {
        Poweroff => "power-off",
        Reboot => "reboot",
        Halt => "halt",
        Kexec => "kexec",
        SwitchRoot => "switch-root",
    })
}

fn shutdown_step(step: ShutdownStep) -> Packed {
    packed_of!(step, ShutdownStep {
        StopUnits => "stopping units",
        Terminate => "terminating what is left",
        Kill => "killing what is left",
        Finish => "leaving file systems",
        Off => "now",
    })
}
