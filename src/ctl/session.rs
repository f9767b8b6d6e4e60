//! One run of the client: the table, the link to PID 1, the two outputs, and what can go wrong.

use core::fmt::{self, Display, Write};

use unit::control::{
    ActiveState, FRAME_MAX, InstanceStatus, JobKind, ManagerStatus, Refusal, Reply, Request,
    SOCKET_PATH, SubState, UnitResult, UnitStatus, Verb,
};
use unit::{Table, UnitId, decode, encode};

use super::exit;
use super::names::Typed;
use super::text::Output;
use crate::features;
use crate::packed::{Packed, Told};

/// Room for one frame.
pub(super) type Frame = [u8; FRAME_MAX];
/// Longest request, in bytes: a checksum, a verb and its three operands as varints.
const REQUEST_MAX: usize = 24;

/// How the client reaches PID 1, and what it reads of a process by itself.
pub trait Link {
    /// Sends one frame, receives one, and returns its length. A `patient` request may be answered
    /// as late as it takes: a job.
    ///
    /// # Errors
    /// [`Unreachable`], and then the link is of no more use.
    fn exchange(
        &mut self,
        request: &[u8],
        patient: bool,
        reply: &mut [u8; FRAME_MAX],
    ) -> Result<usize, Unreachable>;

    /// The name of a process, as in proc_pid_comm(5); its length is returned, 0 for unknown.
    fn process_name(&mut self, pid: u32, name: &mut [u8; 16]) -> usize;

    /// What a file of a control group begins with; its length is returned, 0 if it is not there.
    fn group_file(&mut self, group: &dyn Display, file: &str, content: &mut [u8]) -> usize;

    /// Opens the file of `pilot-log`, before the first look into it.
    fn open_log(&mut self) -> LogAccess;

    /// Fills `bytes` with what stands in it from a place on. False if that is not there.
    fn read_log(&mut self, at: u64, bytes: &mut [u8]) -> bool;

    /// Waits until it has changed. False if nobody can tell.
    fn await_log(&mut self) -> bool;

    /// Microseconds that the clock on the wall is before that of the time since boot.
    fn wall_offset_us(&mut self) -> i64;
}

/// Whether the file of `pilot-log` can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogAccess {
    /// It is open.
    Open,
    /// There is none.
    Missing,
    /// It is not for this user.
    Denied,
}

/// Why PID 1 cannot be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unreachable {
    /// There is no control socket.
    NoSocket,
    /// Nobody listens on it.
    NobodyListens,
    /// The socket's mode or a sandbox does not let us.
    Denied,
    /// No answer in time.
    Silent,
    /// It closed the connection instead of an answer.
    Closed,
    /// Another errno.
    Errno(i32),
}

/// Why a verb ends early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    /// PID 1 cannot be asked.
    Unreachable(Unreachable),
    /// PID 1 will not.
    Refused(Refusal),
    /// PID 1's answer is none to our question.
    Confused,
}

impl Failure {
    /// What systemctl(1) ends with.
    pub(super) const fn exit_code(self) -> u8 {
        match self {
            Self::Refused(
                Refusal::NotPermitted
                | Refusal::NotByHand
                | Refusal::NotIsolated
                | Refusal::Destructive,
            ) => exit::NO_PERMISSION,
            Self::Refused(Refusal::NoSuchUnit) => exit::NOT_INSTALLED,
            Self::Refused(Refusal::NotSupported) => exit::NOT_IMPLEMENTED,
            Self::Unreachable(_) | Self::Refused(_) | Self::Confused => exit::FAILURE,
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, number) = match *self {
            Self::Unreachable(unreachable) => explain(unreachable),
            Self::Refused(refusal) => (reason(refusal), 0),
            Self::Confused => (
                packed!(
                    "its answer makes no sense here. \
                     Use the pilotctl of the image that is running."
                ),
                0,
            ),
        };
        Told(text, &[&SOCKET_PATH, &number]).fmt(f)
    }
}

/// A text whose values are the socket's path and a number, and that number.
fn explain(unreachable: Unreachable) -> (Packed, i32) {
    let text = match unreachable {
        Unreachable::NoSocket => packed!(
            "there is no {}. Either pilot is not PID 1 here (see /proc/1/exe), \
             or /run is another one than PID 1's."
        ),
        Unreachable::NobodyListens => {
            packed!("nobody listens on {}. PID 1 is about to start or to end: try again.")
        }
        Unreachable::Denied => packed!("no permission to open {}. Try as root."),
        Unreachable::Silent => packed!("it did not answer in time. Look at the console."),
        Unreachable::Closed => {
            packed!("it closed the connection. Too many clients may be waiting: try again.")
        }
        Unreachable::Errno(number) => return (packed!("{}: errno {}"), number),
    };
    (text, 0)
}

fn reason(refusal: Refusal) -> Packed {
    packed_of!(refusal, Refusal {
        Malformed => "PID 1 does not understand this pilotctl. \
                      Use the one of the image that is running.",
        OtherTable => "PID 1 runs with another table than this pilotctl has. \
                       Use the pilotctl of the image that is running, or reboot into the new one.",
        NotPermitted => "only root may. Try as root.",
        NoSuchUnit => "PID 1 has no such unit.",
        NotSupported => "its unit file says of no way to do that.",
        Busy => "not in its present state. See 'pilotctl status'.",
        ShuttingDown => "the board is shutting down.",
        NoProcess => "it has no such process.",
        TooManyClients => "too many clients are waiting. Try again.",
        Contradiction => "it needs what it would stop. See 'pilotctl show'.",
        Destructive => "another job is in its way. See 'pilotctl list-jobs'.",
        NotByHand if features::MANUAL_REFUSALS || features::ISOLATE =>
                      "its unit file lets it be started or stopped by others only.",
        Masked if features::COMMAND_LINE => "the kernel's command line masks it.",
        NoJob => "it has no job.",
        NotIsolated => "its unit file does not say AllowIsolate=yes.",
    })
}

/// What most verbs want of a unit's [`UnitStatus`].
pub(super) struct State {
    pub(super) active: ActiveState,
    pub(super) sub: SubState,
    pub(super) result: UnitResult,
    pub(super) job: Option<JobKind>,
    pub(super) job_running: bool,
}

/// What a verb ends with: an exit code, unless it ends early.
pub(super) type Outcome = Result<u8, Failure>;

/// One run of the client.
pub(super) struct Session<'s, 't> {
    pub(super) table: Table<'t>,
    pub(super) link: &'s mut dyn Link,
    pub(super) out: Output<'s>,
    err: Output<'s>,
}

impl<'s, 't> Session<'s, 't> {
    pub(super) fn new(
        table: Table<'t>,
        link: &'s mut dyn Link,
        out: &'s mut dyn Write,
        err: &'s mut dyn Write,
    ) -> Self {
        Self { table, link, out: Output::new(out), err: Output::new(err) }
    }

    /// Says on the error output what went wrong.
    pub(super) fn complain(&mut self, sentence: Packed, values: &[&dyn Display]) {
        self.err.tell(sentence, values);
        self.err.text("\n");
    }

    /// Says that there is no such unit, and which one may have been meant; an attempt that fails
    /// for it is a verb that the unit's name follows.
    pub(super) fn complain_of_name(&mut self, name: Typed<'_>, attempt: &str) {
        if !attempt.is_empty() {
            self.err.tell(packed!("Failed to {} {}: "), &[&attempt, &name]);
        }
        let meant = name.suggestion(&self.table);
        let sentence = if name.is_masked(&self.table) {
            packed!("Unit {} is masked.")
        } else if name.is_pattern() {
            packed!("No unit matches {}.")
        } else if meant.is_some() {
            packed!("Unit {} not found. Did you mean {}?")
        } else {
            packed!("Unit {} not found. See 'pilotctl list-units --all'.")
        };
        self.complain(sentence, &[&name, &meant.unwrap_or_default()]);
    }

    /// Asks PID 1.
    pub(super) fn ask<'f>(
        &mut self,
        verb: Verb,
        frame: &'f mut Frame,
    ) -> Result<Reply<'f>, Failure> {
        let patient = matches!(verb, Verb::Job { wait: true, .. });
        let mut request = [0; REQUEST_MAX];
        let request = encode::to_slice(&Request { table: self.table.crc(), verb }, &mut request)
            .ok_or(Failure::Confused)?;
        let length = self.link.exchange(request, patient, frame).map_err(Failure::Unreachable)?;
        let reply = frame.get(..length).ok_or(Failure::Confused)?;
        match decode::from_bytes(reply).ok_or(Failure::Confused)? {
            Reply::Refused(refusal) => Err(Failure::Refused(refusal)),
            reply @ (Reply::Done
            | Reply::Failed(_)
            | Reply::Unit(_)
            | Reply::Instance(_)
            | Reply::Manager(_)) => Ok(reply),
        }
    }

    /// Tells PID 1 what to do, where there is no more to hear than that it does.
    pub(super) fn tell(&mut self, verb: Verb) -> Result<(), Failure> {
        let mut frame = [0; FRAME_MAX];
        match self.ask(verb, &mut frame)? {
            Reply::Done => Ok(()),
            Reply::Failed(_)
            | Reply::Refused(_)
            | Reply::Unit(_)
            | Reply::Instance(_)
            | Reply::Manager(_) => Err(Failure::Confused),
        }
    }

    /// The state of a unit.
    pub(super) fn status<'f>(
        &mut self,
        unit: UnitId,
        frame: &'f mut Frame,
    ) -> Result<UnitStatus<'f>, Failure> {
        match self.ask(Verb::Unit(unit), frame)? {
            Reply::Unit(status) if status.unit == unit => Ok(status),
            Reply::Unit(_)
            | Reply::Done
            | Reply::Failed(_)
            | Reply::Refused(_)
            | Reply::Instance(_)
            | Reply::Manager(_) => Err(Failure::Confused),
        }
    }

    /// The state of a unit in short.
    pub(super) fn state(&mut self, unit: UnitId) -> Result<State, Failure> {
        let mut frame = [0; FRAME_MAX];
        let UnitStatus { active, sub, result, job, job_running, .. } =
            self.status(unit, &mut frame)?;
        Ok(State { active, sub, result, job, job_running })
    }

    /// The state of the whole.
    pub(super) fn manager(&mut self) -> Result<ManagerStatus, Failure> {
        let mut frame = [0; FRAME_MAX];
        match self.ask(Verb::Manager, &mut frame)? {
            Reply::Manager(status) => Ok(status),
            Reply::Done
            | Reply::Failed(_)
            | Reply::Refused(_)
            | Reply::Unit(_)
            | Reply::Instance(_) => Err(Failure::Confused),
        }
    }

    /// Hands every live instance to `each`, in the order of the slots.
    pub(super) fn instances(
        &mut self,
        each: &mut dyn FnMut(&mut Self, InstanceStatus) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut frame = [0; FRAME_MAX];
        let mut slot = 0;
        loop {
            match self.ask(Verb::Instance(slot), &mut frame)? {
                Reply::Done => return Ok(()),
                Reply::Instance(instance) if instance.slot >= slot => {
                    each(self, instance)?;
                    let Some(next) = instance.slot.checked_add(1) else { return Ok(()) };
                    slot = next;
                }
                Reply::Instance(_)
                | Reply::Failed(_)
                | Reply::Refused(_)
                | Reply::Unit(_)
                | Reply::Manager(_) => return Err(Failure::Confused),
            }
        }
    }
}
