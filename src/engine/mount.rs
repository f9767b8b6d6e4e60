//! One mount's life: systemd.mount(5), without a kernel. That of a swap unit is the same:
//! systemd.swap(5).
//!
//! What mounts and unmounts is a child, [`Work`], which may wait for a disk for as long as that
//! takes. What somebody else mounts or unmounts meanwhile is not noticed: mounting what is there
//! already, and unmounting what is gone, are done at once and well.

use heapless::Vec;
use unit::UnitId;
use unit::control::{ActiveState, Exit, SubState, UnitResult};

use super::action::{Action, Target};
use super::event::Work;
use super::time::Instant;
use super::worker::Worker;
use crate::features;

/// Actions that one step of a mount can ask for.
pub const MOUNT_ACTIONS_MAX: usize = 2;
const SIGKILL: u8 = 9;

/// Where a mount is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not mounted.
    Dead,
    /// It is being mounted, or its device is waited for.
    Mounting(Worker),
    /// It is to be unmounted; who mounts it is told to end, and what it has done is undone then.
    Giving(Worker),
    /// In its place.
    Mounted,
    /// It is being unmounted.
    Unmounting(Worker),
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
    /// The child could not be made, or did not end in time.
    GaveUp(UnitResult),
    /// It ended: with an error number if it could not do its work.
    Exited(Exit),
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
    /// It is a swap unit.
    pub is_swap: bool,
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
    pub const fn new(is_swap: bool) -> Self {
        Self { state: State::Dead, result: UnitResult::Success, is_swap }
    }

    /// Its state in general terms.
    pub const fn active(&self) -> ActiveState {
        match self.state {
            State::Dead => ActiveState::Inactive,
            State::Mounting(_) => ActiveState::Activating,
            State::Mounted => ActiveState::Active,
            State::Giving(_) | State::Unmounting(_) => ActiveState::Deactivating,
            State::Failed => ActiveState::Failed,
        }
    }

    /// Its state in a mount's terms, or in those of a swap unit.
    pub const fn sub(&self) -> SubState {
        let is_swap = features::SWAPS && self.is_swap;
        match self.state {
            State::Dead => SubState::Dead,
            State::Mounting(_) if is_swap => SubState::Activating,
            State::Mounted if is_swap => SubState::InUse,
            State::Giving(_) | State::Unmounting(_) if is_swap => SubState::Deactivating,
            State::Mounting(_) => SubState::Mounting,
            State::Mounted => SubState::Mounted,
            State::Giving(_) | State::Unmounting(_) => SubState::Unmounting,
            State::Failed => SubState::Failed,
        }
    }

    /// Mounted, although it was to be unmounted: somebody uses it.
    pub const fn stays(&self) -> bool {
        matches!(self.state, State::Mounted) && !matches!(self.result, UnitResult::Success)
    }

    /// Who works at it.
    pub const fn worker(&self) -> Option<&Worker> {
        match &self.state {
            State::Mounting(worker) | State::Giving(worker) | State::Unmounting(worker) => {
                Some(worker)
            }
            State::Dead | State::Mounted | State::Failed => None,
        }
    }

    /// Likewise.
    pub const fn worker_mut(&mut self) -> Option<&mut Worker> {
        match &mut self.state {
            State::Mounting(worker) | State::Giving(worker) | State::Unmounting(worker) => {
                Some(worker)
            }
            State::Dead | State::Mounted | State::Failed => None,
        }
    }

    /// What they do.
    pub fn work(&self, unit: UnitId) -> Work {
        match self.state {
            State::Mounting(_) => Work::Mount(unit),
            State::Unmounting(_) => Work::Unmount(unit),
            State::Giving(_) | State::Dead | State::Mounted | State::Failed => {
                bug!("nobody is asked for in these states")
            }
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
            Input::GaveUp(result) => self.on_gave_up(result),
            Input::Exited(exit) => self.on_exited(context, exit, &mut out),
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
                self.state =
                    State::Mounting(Worker::asked(context.config.timeout_mount, context.now));
                push(out, Action::Work(self.work(context.unit)));
            }
            State::Mounting(_) | State::Giving(_) | State::Mounted | State::Unmounting(_) => {
                bug!("a start job runs only when nothing else does")
            }
        }
    }

    fn on_stop(&mut self, context: &Context<'_, '_>, out: &mut Actions) {
        match self.state {
            State::Mounted => {
                self.result = UnitResult::Success;
                self.unmount(context, out);
            }
            State::Mounting(worker) => match worker.pid() {
                Some(pid) => {
                    push(out, Action::Kill { target: Target::Child(pid), signal: SIGKILL });
                    let timeout = context.config.timeout_unmount;
                    let deadline = Worker::asked(timeout, context.now).deadline;
                    self.state = State::Giving(Worker { deadline, ..worker });
                }
                None => self.state = State::Dead,
            },
            State::Dead | State::Failed | State::Giving(_) | State::Unmounting(_) => {}
        }
    }

    fn unmount(&mut self, context: &Context<'_, '_>, out: &mut Actions) {
        self.state = State::Unmounting(Worker::asked(context.config.timeout_unmount, context.now));
        push(out, Action::Work(self.work(context.unit)));
    }

    fn on_exited(&mut self, context: &Context<'_, '_>, exit: Exit, out: &mut Actions) {
        let end = match exit {
            Exit::Code(0) => UnitResult::Success,
            Exit::Code(_) => UnitResult::ExitCode,
            Exit::Signal(_) => UnitResult::Signal,
            Exit::Core(_) => UnitResult::CoreDump,
        };
        match self.state {
            State::Mounting(_) if end == UnitResult::Success => self.state = State::Mounted,
            State::Mounting(_) => self.fail(end),
            State::Giving(_) => self.unmount(context, out),
            State::Unmounting(_) if end == UnitResult::Success => self.state = State::Dead,
            State::Unmounting(_) => self.stay(end),
            State::Dead | State::Mounted | State::Failed => bug!("nobody is at work"),
        }
    }

    fn on_gave_up(&mut self, result: UnitResult) {
        match self.state {
            // Who gives up was killed before: it waits for a disk, and nobody can help that.
            State::Mounting(_) | State::Giving(_) => self.fail(result),
            State::Unmounting(_) => self.stay(result),
            State::Dead | State::Mounted | State::Failed => bug!("nobody is at work"),
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

fn push(out: &mut Actions, action: Action) {
    ensure!(out.push(action).is_ok(), "a step asks for MOUNT_ACTIONS_MAX actions at most");
}
