//! What happened, in words: the engine's trace on the console.

use core::fmt;

use unit::control::{Exit, JobKind, JobResult, ShutdownKind, SubState, UnitResult};
use unit::{Address, ListenerId, Millis, Table, UnitId, VSOCK_ANY};

use crate::engine::{
    Engine, Instant, Record, ShutdownStep, SpawnError, Stage, TRACE_RECORDS, Trace,
};
use crate::features;
use crate::log::{self, Level, write_line_at};
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
    fn name(&self, unit: UnitId) -> &str {
        self.table.name(unit)
    }
}

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record.trace {
            Trace::State { unit, sub, result } => {
                write!(f, "{}: {}", self.name(unit), sub_state(sub))?;
                if result == UnitResult::Success {
                    Ok(())
                } else {
                    write!(f, " ({})", result.name())
                }
            }
            Trace::Job { unit, kind: JobKind::Start, result: JobResult::Done }
                if self.engine.is_socket(unit) =>
            {
                write!(f, "{}: listening at", self.name(unit))?;
                let listeners = super::socket_config(self.table, unit).listeners;
                listeners
                    .iter()
                    .try_for_each(|listener| write!(f, " {}", AddressWords(Some(listener.address))))
            }
            Trace::Job { unit, kind, result } => {
                let (kind, result) = (job(kind), job_result(result));
                write!(f, "{}: {kind} job: {result}", self.name(unit))
            }
            Trace::JobRefused { unit, kind, refusal: _ } => {
                write!(f, "{}: {} refused, it contradicts others", self.name(unit), job(kind))
            }
            Trace::WorkFailed { unit, errno } if features::MOUNTS || features::STAMPS => {
                write!(f, "{}: {}", self.name(unit), Reason(errno.0))
            }
            Trace::Unmet { unit, check } if features::CONDITIONS => {
                let check = self.table.checks(unit).get(check.into());
                let text = check.map_or("", |check| check.text);
                write!(f, "{}: not started: {text} does not hold", self.name(unit))
            }
            Trace::Unmet { .. } | Trace::WorkFailed { .. } => Ok(()),
            Trace::Triggered { listener, unit } => {
                write!(f, "{}: started by traffic at {}", self.name(unit), self.address(listener))
            }
            Trace::Exited { unit, pid, exit } => {
                write!(f, "{}: process {} ", self.name(unit), pid.0)?;
                match exit {
                    Exit::Code(code) => write!(f, "exited with {code}"),
                    Exit::Signal(signal) => write!(f, "was killed by signal {signal}"),
                    Exit::Core(signal) => write!(f, "dumped core by signal {signal}"),
                }
            }
            Trace::SpawnFailed { unit, error } => {
                let SpawnError { stage, errno } = error;
                write!(f, "{}: {}: {}", self.name(unit), step(stage), Reason(errno.0))
            }
            Trace::Connected { unit, instance } => {
                write!(f, "{}: connection in slot {}", self.name(unit), instance.0)
            }
            Trace::Refused { unit } => write!(f, "{}: connection refused", self.name(unit)),
            Trace::Paused { unit, until } => {
                let seconds = until.millis_from(self.record.at).div_ceil(1000);
                write!(f, "{}: over its limit, paused for {seconds} s", self.name(unit))
            }
            Trace::OpenFailed { listener, unit, errno } => {
                let (name, address) = (self.name(unit), self.address(listener));
                write!(f, "{name}: cannot listen at {address}: {}", Reason(errno.0))
            }
            Trace::Reopened { listener, unit } => {
                let (name, address) = (self.name(unit), self.address(listener));
                write!(f, "{name}: {address} was shut down or removed, opened again")
            }
            Trace::ServiceErrno { unit, errno } => {
                write!(f, "{}: reports {}", self.name(unit), Reason(errno.0))
            }
            Trace::BootFinished => {
                write!(f, "{}: reached, the board is up", self.name(self.engine.boot_target()))
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
            Some(Address::V4(address, port)) => write!(f, "{address}:{port}"),
            Some(Address::V6(address, port, "")) => write!(f, "[{address}]:{port}"),
            Some(Address::V6(address, port, interface)) => {
                write!(f, "[{address}%{interface}]:{port}")
            }
            Some(Address::Path(path)) => f.write_str(path),
            Some(Address::Abstract(name)) => write!(f, "@{name}"),
            Some(Address::Netlink(family, groups)) => write!(f, "netlink {family} {groups}"),
            Some(Address::MessageQueue(name)) => write!(f, "/{name}"),
            Some(Address::Vsock(VSOCK_ANY, port)) => write!(f, "vsock::{port}"),
            Some(Address::Vsock(context, port)) => write!(f, "vsock:{context}:{port}"),
            None => f.write_str("nowhere"),
        }
    }
}

const fn step(stage: Stage) -> &'static str {
    match stage {
        Stage::Slot => "no place for another child",
        Stage::Arguments => "arguments and environment",
        Stage::ControlGroup => "control group",
        Stage::Clone => "clone",
        Stage::Session => "new session",
        Stage::Stdin => "standard input",
        Stage::Stdout => "standard output",
        Stage::Stderr => "standard error",
        Stage::Sockets => "passing sockets",
        Stage::OomScore => "OOM score",
        Stage::Nice => "nice level",
        Stage::Scheduler => "scheduling policy",
        Stage::Affinity => "processors",
        Stage::IoPriority => "IO priority",
        Stage::TimerSlack => "timer slack",
        Stage::Personality => "personality",
        Stage::RuntimeDirectory => "runtime folder",
        Stage::StateDirectory => "state folder",
        Stage::CacheDirectory => "cache folder",
        Stage::LogsDirectory => "logs folder",
        Stage::ConfigurationDirectory => "configuration folder",
        Stage::OpenFile => "open file",
        Stage::Credentials => "credentials",
        Stage::EnvironmentFile => "environment file",
        Stage::Limits => "limits",
        Stage::Group => "group",
        Stage::Capabilities => "capabilities",
        Stage::User => "user",
        Stage::NoNewPrivileges => "no new privileges",
        Stage::Root => "root directory",
        Stage::WorkingDirectory => "working directory",
        Stage::Signals => "signal mask",
        Stage::Exec => "cannot execute the program",
    }
}

const fn sub_state(sub: SubState) -> &'static str {
    match sub {
        SubState::Dead => "stopped",
        SubState::Failed => "failed",
        SubState::Active => "reached",
        SubState::Condition | SubState::StartPre | SubState::Start | SubState::StartPost => {
            "starting"
        }
        SubState::Running => "running",
        SubState::Exited => "done",
        SubState::Reload
        | SubState::ReloadSignal
        | SubState::ReloadNotify
        | SubState::ReloadPost => "reloading",
        SubState::Stop
        | SubState::StopSigterm
        | SubState::StopPre
        | SubState::StopPreSigterm
        | SubState::StopPost
        | SubState::FinalSigterm => "stopping",
        SubState::StopWatchdog | SubState::FinalWatchdog => "aborting",
        SubState::StopSigkill | SubState::StopPreSigkill | SubState::FinalSigkill => "killing",
        SubState::AutoRestart => "waiting to restart",
        SubState::Paused => "paused",
        SubState::Listening => "listening",
        SubState::Mounting => "mounting",
        SubState::Mounted => "mounted",
        SubState::Unmounting => "unmounting",
        SubState::Activating => "taken into use",
        SubState::InUse => "in use",
        SubState::Deactivating => "taken out of use",
        SubState::Retrying => "will be tried again",
        SubState::Waiting => "waiting",
        SubState::Elapsed => "elapsed",
    }
}

const fn job(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Start => "start",
        JobKind::Stop => "stop",
        JobKind::Restart => "restart",
        JobKind::Reload => "reload",
    }
}

const fn job_result(result: JobResult) -> &'static str {
    match result {
        JobResult::Done => "done",
        JobResult::Canceled => "canceled",
        JobResult::Failed => "failed",
        JobResult::Dependency => "a unit it requires failed",
        JobResult::Timeout => "took too long",
        JobResult::Skipped => "nothing to do",
        JobResult::Assert => "an assert does not hold",
    }
}

const fn shutdown(kind: ShutdownKind) -> &'static str {
    match kind {
        ShutdownKind::Poweroff => "power-off",
        ShutdownKind::Reboot => "reboot",
        ShutdownKind::Halt => "halt",
        ShutdownKind::Kexec => "kexec",
        ShutdownKind::SwitchRoot => "switch-root",
    }
}

const fn shutdown_step(step: ShutdownStep) -> &'static str {
    match step {
        ShutdownStep::StopUnits => "stopping units",
        ShutdownStep::Terminate => "terminating what is left",
        ShutdownStep::Kill => "killing what is left",
        ShutdownStep::Finish => "leaving file systems",
        ShutdownStep::Off => "now",
    }
}
