//! One mount's life: systemd.mount(5), without a kernel.
//!
//! What mounts and unmounts is a child, [`Work`], which may wait for a disk for as long as that
//! takes. What somebody else mounts or unmounts meanwhile is not noticed: mounting what is there
//! already, and unmounting what is gone, are done at once and well.

use heapless::Vec;
use unit::UnitId;
use unit::control::{ActiveState, Exit, SubState, UnitResult};

use super::action::{Action, Target};
use super::event::{Pid, SpawnError, Work};
use super::service::{SPAWN_RETRY, is_passing};
use super::time::Instant;

/// Actions that one step of a mount can ask for.
pub const MOUNT_ACTIONS_MAX: usize = 2;
const SIGKILL: u8 = 9;

/// The child that a state waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Worker {
    /// Asked for; the answer comes before anything else happens.
    Asked,
    /// It could not be made; it is asked for again then.
    Lacking(Instant),
    /// There.
    Alive(Pid),
}

/// When waiting ends; `None` is never.
type Deadline = Option<Instant>;

/// Where a mount is in its life.
#[allow(missing_docs, reason = "the fields mean the same in every state")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not mounted.
    Dead,
    /// It is being mounted, or its device is waited for.
    Mounting { worker: Worker, deadline: Deadline },
    /// It is to be unmounted; who mounts it is told to end, and what it has done is undone then.
    Giving { up: Pid, deadline: Deadline },
    /// In its place.
    Mounted,
    /// It is being unmounted.
    Unmounting { worker: Worker, deadline: Deadline },
    /// It could not be mounted.
    Failed,
}

/// What happens to one mount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// A start job runs.
    Start,
    /// A stop job runs.
    Stop,
    /// The child exists.
    Spawned(Pid),
    /// It could not be made.
    SpawnFailed(SpawnError),
    /// It ended: with an error number if it could not do its work.
    Exited(Exit),
    /// Time has passed.
    Elapsed,
    /// Its failure is forgotten.
    ResetFailed,
}

/// One mount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mount {
    /// Where it is.
    pub state: State,
    /// How what was last done with it ended.
    pub result: UnitResult,
}

/// What a step may look at.
struct Context<'c, 't> {
    unit: UnitId,
    config: &'c unit::Mount<'t>,
    now: Instant,
}

/// What a step asks for, in this order.
type Actions = Vec<Action, MOUNT_ACTIONS_MAX>;

impl Mount {
    /// A mount that nothing has happened to.
    pub const NEW: Self = Self { state: State::Dead, result: UnitResult::Success };

    /// Its state in general terms.
    pub const fn active(&self) -> ActiveState {
        match self.state {
            State::Dead => ActiveState::Inactive,
            State::Mounting { .. } => ActiveState::Activating,
            State::Mounted => ActiveState::Active,
            State::Giving { .. } | State::Unmounting { .. } => ActiveState::Deactivating,
            State::Failed => ActiveState::Failed,
        }
    }

    /// Its state in a mount's terms.
    pub const fn sub(&self) -> SubState {
        match self.state {
            State::Dead => SubState::Dead,
            State::Mounting { .. } => SubState::Mounting,
            State::Mounted => SubState::Mounted,
            State::Giving { .. } | State::Unmounting { .. } => SubState::Unmounting,
            State::Failed => SubState::Failed,
        }
    }

    /// Mounted, although it was to be unmounted: somebody uses it.
    pub const fn stays(&self) -> bool {
        matches!(self.state, State::Mounted) && !matches!(self.result, UnitResult::Success)
    }

    /// The child at work.
    pub const fn worker(&self) -> Option<Pid> {
        match self.state {
            State::Mounting { worker: Worker::Alive(pid), .. }
            | State::Unmounting { worker: Worker::Alive(pid), .. }
            | State::Giving { up: pid, .. } => Some(pid),
            State::Mounting { worker: Worker::Asked | Worker::Lacking(_), .. }
            | State::Unmounting { worker: Worker::Asked | Worker::Lacking(_), .. }
            | State::Dead
            | State::Mounted
            | State::Failed => None,
        }
    }

    /// When it wants [`Input::Elapsed`].
    pub fn deadline(&self) -> Deadline {
        match self.state {
            State::Mounting { worker, deadline } | State::Unmounting { worker, deadline } => {
                match worker {
                    Worker::Lacking(at) => Some(deadline.map_or(at, |deadline| deadline.min(at))),
                    Worker::Asked | Worker::Alive(_) => deadline,
                }
            }
            State::Giving { deadline, .. } => deadline,
            State::Dead | State::Mounted | State::Failed => None,
        }
    }

    /// Takes one step.
    #[must_use]
    pub fn step(
        &mut self,
        unit: UnitId,
        config: &unit::Mount<'_>,
        input: Input,
        now: Instant,
    ) -> Actions {
        let context = &Context { unit, config, now };
        let mut out = Actions::new();
        match input {
            Input::Start => self.on_start(context, &mut out),
            Input::Stop => self.on_stop(context, &mut out),
            Input::Spawned(pid) => self.on_spawned(pid),
            Input::SpawnFailed(error) => self.on_spawn_failed(error, now),
            Input::Exited(exit) => self.on_exited(context, exit, &mut out),
            Input::Elapsed => self.on_elapsed(context, &mut out),
            Input::ResetFailed => {
                if self.state == State::Failed {
                    self.state = State::Dead;
                }
                self.result = UnitResult::Success;
            }
        }
        out
    }

    fn on_start(&mut self, context: &Context<'_, '_>, out: &mut Actions) {
        match self.state {
            State::Dead | State::Failed => {
                self.result = UnitResult::Success;
                let deadline = context.config.timeout_mount.map(|time| context.now.after(time));
                self.state = State::Mounting { worker: Worker::Asked, deadline };
                push(out, Action::Work(Work::Mount(context.unit)));
            }
            State::Mounting { .. }
            | State::Giving { .. }
            | State::Mounted
            | State::Unmounting { .. } => bug!("a start job runs only when nothing else does"),
        }
    }

    fn on_stop(&mut self, context: &Context<'_, '_>, out: &mut Actions) {
        match self.state {
            State::Mounted => {
                self.result = UnitResult::Success;
                self.unmount(context, out);
            }
            State::Mounting { worker: Worker::Alive(pid), .. } => {
                push(out, Action::Kill { target: Target::Child(pid), signal: SIGKILL });
                let deadline = context.config.timeout_unmount.map(|time| context.now.after(time));
                self.state = State::Giving { up: pid, deadline };
            }
            State::Mounting { worker: Worker::Asked | Worker::Lacking(_), .. } => {
                self.state = State::Dead;
            }
            State::Dead | State::Failed | State::Giving { .. } | State::Unmounting { .. } => {}
        }
    }

    fn unmount(&mut self, context: &Context<'_, '_>, out: &mut Actions) {
        let deadline = context.config.timeout_unmount.map(|time| context.now.after(time));
        self.state = State::Unmounting { worker: Worker::Asked, deadline };
        push(out, Action::Work(Work::Unmount(context.unit)));
    }

    fn on_spawned(&mut self, pid: Pid) {
        match &mut self.state {
            State::Mounting { worker, .. } | State::Unmounting { worker, .. } => {
                ensure!(*worker == Worker::Asked, "one child at a time");
                *worker = Worker::Alive(pid);
            }
            State::Dead | State::Giving { .. } | State::Mounted | State::Failed => {
                bug!("a spawn is answered before anything else happens")
            }
        }
    }

    /// A passing lack of resources is waited out, under the state's own deadline.
    fn on_spawn_failed(&mut self, error: SpawnError, now: Instant) {
        match &mut self.state {
            State::Mounting { worker, .. } | State::Unmounting { worker, .. }
                if is_passing(error) =>
            {
                *worker = Worker::Lacking(now.after(SPAWN_RETRY));
            }
            State::Mounting { .. } => self.fail(UnitResult::Resources),
            State::Unmounting { .. } => self.stay(UnitResult::Resources),
            State::Dead | State::Giving { .. } | State::Mounted | State::Failed => {
                bug!("a spawn is answered before anything else happens")
            }
        }
    }

    fn on_exited(&mut self, context: &Context<'_, '_>, exit: Exit, out: &mut Actions) {
        let end = match exit {
            Exit::Code(0) => UnitResult::Success,
            Exit::Code(_) => UnitResult::ExitCode,
            Exit::Signal(_) => UnitResult::Signal,
            Exit::Core(_) => UnitResult::CoreDump,
        };
        match self.state {
            State::Mounting { .. } if end == UnitResult::Success => self.state = State::Mounted,
            State::Mounting { .. } => self.fail(end),
            State::Giving { .. } => self.unmount(context, out),
            State::Unmounting { .. } if end == UnitResult::Success => self.state = State::Dead,
            State::Unmounting { .. } => self.stay(end),
            State::Dead | State::Mounted | State::Failed => bug!("nobody is at work"),
        }
    }

    fn on_elapsed(&mut self, context: &Context<'_, '_>, out: &mut Actions) {
        let over = |deadline: Deadline| deadline.is_some_and(|deadline| deadline <= context.now);
        match self.state {
            State::Mounting { worker, deadline } if over(deadline) => {
                kill(worker, out);
                self.fail(UnitResult::Timeout);
            }
            State::Unmounting { worker, deadline } if over(deadline) => {
                kill(worker, out);
                self.stay(UnitResult::Timeout);
            }
            State::Mounting { deadline, .. } => {
                self.state = State::Mounting { worker: Worker::Asked, deadline };
                push(out, Action::Work(Work::Mount(context.unit)));
            }
            State::Unmounting { deadline, .. } => {
                self.state = State::Unmounting { worker: Worker::Asked, deadline };
                push(out, Action::Work(Work::Unmount(context.unit)));
            }
            // It was killed before: it waits for a disk, and nobody can help that.
            State::Giving { .. } => self.fail(UnitResult::Timeout),
            State::Dead | State::Mounted | State::Failed => bug!("they have no deadline"),
        }
    }

    fn fail(&mut self, result: UnitResult) {
        self.result = result;
        self.state = State::Failed;
    }

    /// What cannot be unmounted stays.
    fn stay(&mut self, result: UnitResult) {
        self.result = result;
        self.state = State::Mounted;
    }
}

fn kill(worker: Worker, out: &mut Actions) {
    if let Worker::Alive(pid) = worker {
        push(out, Action::Kill { target: Target::Child(pid), signal: SIGKILL });
    }
}

fn push(out: &mut Actions, action: Action) {
    ensure!(out.push(action).is_ok(), "a step asks for MOUNT_ACTIONS_MAX actions at most");
}
