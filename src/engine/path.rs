//! One path unit's life: systemd.path(5), without a file system.
//!
//! Looking at a path may wait for a disk, and so may watching it: both is done by a child,
//! [`Work::Look`], which leaves the watches to PID 1 and says by its exit code what it found. It
//! watches first and looks then, so that nothing falls between. What the watches tell either is a
//! change that was waited for, or a reason to look again.

use heapless::Vec;
use unit::UnitId;
use unit::control::{ActiveState, Exit, SubState, UnitResult};
use unit::{CHANGES_MAX, Millis, PathUnit};

use super::action::{Action, Target};
use super::event::Work;
use super::time::{Bucket, Instant};
use super::timer::View;
use super::worker::Worker;

/// Actions that one step of a path unit can ask for.
pub const PATH_ACTIONS_MAX: usize = 2;
/// Exit code of a look: what is waited for is so.
pub const LOOK_GOOD: u8 = 255;
/// Exit code of a look: a path came to be while the child set its watches; it must look again.
pub const LOOK_AGAIN: u8 = 254;
/// Exit code of a look: the kernel gives no more watches.
pub const LOOK_FAILED: u8 = 253;
/// Below it an exit code is a bit for each path that is watched for changes: it is there.
const LOOK_FOUND_END: u8 = 1 << CHANGES_MAX;

/// How long the first look may take, for which a start job waits.
const FIRST_LOOK_TIMEOUT: Millis = Millis(90_000);
/// Between two looks that watches asked for there is that much at least.
const LOOK_PAUSE: Millis = Millis(5);
const SIGKILL: u8 = 9;

/// Why a child looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// The unit starts.
    Started,
    /// What it starts is down, or a limit has healed.
    Anew,
    /// A watch told of something on the way to a path.
    Touched,
}

/// Where a path unit is in its life.
#[allow(missing_docs, reason = "each field is explained where its type is")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not started.
    Dead,
    /// A child sets the watches and looks.
    Looking { why: Why, worker: Worker },
    /// The watches are set. If `look_at`, something was told of, and a child is to look then.
    Waiting { look_at: Option<Instant> },
    /// What it starts is up.
    Running,
    /// A limit holds it until then. If `changed`, it owes a start.
    Paused { until: Instant, changed: bool },
    /// It cannot look.
    Failed,
}

/// What happens to one path unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// A start job runs.
    Start,
    /// A stop job runs.
    Stop,
    /// The child could not be made, or did not end in time.
    GaveUp(UnitResult),
    /// It ended.
    Exited(Exit),
    /// The watches tell of something: a change that was waited for, or not.
    Touched {
        /// It was.
        changed: bool,
    },
    /// Something happened to the unit that it starts.
    UnitChanged,
    /// Time has passed.
    Elapsed,
    /// Its failure is forgotten.
    ResetFailed,
}

/// One path unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Path {
    /// Where it is.
    pub state: State,
    /// What went wrong last.
    pub result: UnitResult,
    /// Which of the paths that are watched for changes were there: a bit each.
    pub existed: u8,
    /// When a look last ended.
    pub looked_at: Instant,
    /// Against `TriggerLimit…=`.
    pub triggers: Bucket,
}

/// What a step may look at.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c, 't> {
    /// The path unit.
    pub unit: UnitId,
    /// Its settings.
    pub config: &'c PathUnit<'t>,
    /// What the unit that it starts is doing.
    pub view: View,
    /// False if it is about to be stopped.
    pub may_start: bool,
    /// The time.
    pub now: Instant,
}

/// What a step asks for.
#[must_use]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// To be executed in this order.
    pub actions: Vec<Action, PATH_ACTIONS_MAX>,
    /// Its unit is to be started.
    pub start: bool,
}

impl Path {
    /// A path unit that has never been started.
    pub const NEW: Self = Self {
        state: State::Dead,
        result: UnitResult::Success,
        existed: 0,
        looked_at: Instant::BOOT,
        triggers: Bucket::NEW,
    };

    /// Its state in general terms.
    pub const fn active(&self) -> ActiveState {
        match self.state {
            State::Dead => ActiveState::Inactive,
            State::Looking { why: Why::Started, .. } => ActiveState::Activating,
            State::Looking { why: Why::Anew | Why::Touched, .. }
            | State::Waiting { .. }
            | State::Running
            | State::Paused { .. } => ActiveState::Active,
            State::Failed => ActiveState::Failed,
        }
    }

    /// Its state in a path unit's terms.
    pub const fn sub(&self) -> SubState {
        match self.state {
            State::Dead => SubState::Dead,
            State::Looking { why: Why::Started, .. } => SubState::Start,
            State::Looking { why: Why::Anew | Why::Touched, .. } | State::Waiting { .. } => {
                SubState::Waiting
            }
            State::Running => SubState::Running,
            State::Paused { .. } => SubState::Paused,
            State::Failed => SubState::Failed,
        }
    }

    /// Who looks.
    pub const fn worker(&self) -> Option<&Worker> {
        match &self.state {
            State::Looking { worker, .. } => Some(worker),
            State::Dead
            | State::Waiting { .. }
            | State::Running
            | State::Paused { .. }
            | State::Failed => None,
        }
    }

    /// Likewise.
    pub const fn worker_mut(&mut self) -> Option<&mut Worker> {
        match &mut self.state {
            State::Looking { worker, .. } => Some(worker),
            State::Dead
            | State::Waiting { .. }
            | State::Running
            | State::Paused { .. }
            | State::Failed => None,
        }
    }

    /// When it wants [`Input::Elapsed`].
    pub const fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { look_at } => look_at,
            State::Paused { until, .. } => Some(until),
            State::Looking { .. } | State::Dead | State::Running | State::Failed => None,
        }
    }

    /// Takes one step.
    pub fn step(&mut self, cx: &Context<'_, '_>, input: Input) -> Outcome {
        let mut out = Outcome { actions: Vec::new(), start: false };
        match input {
            Input::Start => self.on_start(cx, &mut out),
            Input::Stop => self.on_stop(cx, &mut out),
            Input::GaveUp(result) => self.fail(cx, result, &mut out),
            Input::Exited(exit) => self.on_exited(cx, exit, &mut out),
            Input::Touched { changed } => self.on_touched(cx, changed, &mut out),
            Input::UnitChanged => self.on_unit_changed(cx, &mut out),
            Input::Elapsed => self.on_elapsed(cx, &mut out),
            Input::ResetFailed => {
                if self.state == State::Failed {
                    self.state = State::Dead;
                }
                self.result = UnitResult::Success;
            }
        }
        out
    }

    fn look(&mut self, cx: &Context<'_, '_>, why: Why, out: &mut Outcome) {
        let timeout = (why == Why::Started).then_some(FIRST_LOOK_TIMEOUT);
        self.state = State::Looking { why, worker: Worker::asked(timeout, cx.now) };
        push(out, Action::Work(Work::Look(cx.unit)));
    }

    fn fail(&mut self, cx: &Context<'_, '_>, result: UnitResult, out: &mut Outcome) {
        push(out, Action::UnwatchPath(cx.unit));
        self.result = result;
        self.state = State::Failed;
    }

    /// What was waited for is so. `changed`: it will not be found by looking again.
    fn trigger(&mut self, cx: &Context<'_, '_>, changed: bool, out: &mut Outcome) {
        self.state = match cx.view.barred {
            // If it is not stopped after all, it is asked to look again.
            _ if cx.view.is_up || !cx.may_start => State::Running,
            Some(until) => State::Paused { until, changed },
            None => match self.triggers.take(cx.config.trigger_limit, cx.now) {
                Err(until) => State::Paused { until, changed },
                Ok(()) => {
                    out.start = true;
                    State::Running
                }
            },
        };
    }

    fn on_start(&mut self, cx: &Context<'_, '_>, out: &mut Outcome) {
        match self.state {
            State::Dead | State::Failed => {
                self.result = UnitResult::Success;
                if cx.view.is_up {
                    self.state = State::Running;
                } else {
                    self.look(cx, Why::Started, out);
                }
            }
            State::Looking { .. }
            | State::Waiting { .. }
            | State::Running
            | State::Paused { .. } => {
                bug!("a start job runs only on a path unit that is not started")
            }
        }
    }

    fn on_stop(&mut self, cx: &Context<'_, '_>, out: &mut Outcome) {
        match self.state {
            State::Looking { worker, .. } => {
                // Nobody waits for it: a disk may hold it for long.
                if let Some(pid) = worker.pid() {
                    push(out, Action::Kill { target: Target::Child(pid), signal: SIGKILL });
                }
                push(out, Action::UnwatchPath(cx.unit));
                self.state = State::Dead;
            }
            State::Waiting { .. } => {
                push(out, Action::UnwatchPath(cx.unit));
                self.state = State::Dead;
            }
            State::Running | State::Paused { .. } => self.state = State::Dead,
            // Down already.
            State::Dead | State::Failed => {}
        }
    }

    fn on_exited(&mut self, cx: &Context<'_, '_>, exit: Exit, out: &mut Outcome) {
        let State::Looking { why, worker } = self.state else {
            bug!("it is known by its state");
        };
        self.looked_at = cx.now;
        let code = match exit {
            Exit::Code(code) => code,
            Exit::Signal(_) | Exit::Core(_) => LOOK_FAILED,
        };
        let before = self.existed;
        if code < LOOK_FOUND_END {
            self.existed = code;
        }
        let has_changed = why == Why::Touched && self.existed != before;
        match code {
            LOOK_AGAIN => {
                self.state = State::Looking { why, worker: worker.another() };
                push(out, Action::Work(Work::Look(cx.unit)));
            }
            LOOK_GOOD => {
                push(out, Action::UnwatchPath(cx.unit));
                self.trigger(cx, false, out);
            }
            ..LOOK_FOUND_END if cx.view.is_up || has_changed => {
                push(out, Action::UnwatchPath(cx.unit));
                self.trigger(cx, has_changed, out);
            }
            ..LOOK_FOUND_END => {
                self.state = State::Waiting { look_at: None };
                let targets = code.count_ones() as u8;
                push(out, Action::WatchPath { unit: cx.unit, targets });
            }
            LOOK_FOUND_END..=LOOK_FAILED => self.fail(cx, UnitResult::Resources, out),
        }
    }

    fn on_touched(&mut self, cx: &Context<'_, '_>, changed: bool, out: &mut Outcome) {
        match self.state {
            State::Waiting { .. } if changed => {
                push(out, Action::UnwatchPath(cx.unit));
                self.trigger(cx, true, out);
            }
            State::Waiting { look_at: None } => {
                let at = self.looked_at.after(LOOK_PAUSE);
                if at <= cx.now {
                    self.look(cx, Why::Touched, out);
                } else {
                    self.state = State::Waiting { look_at: Some(at) };
                }
            }
            // It will look anyway.
            State::Waiting { look_at: Some(_) } => {}
            State::Dead
            | State::Looking { .. }
            | State::Running
            | State::Paused { .. }
            | State::Failed => bug!("nothing is watched in these states"),
        }
    }

    fn on_unit_changed(&mut self, cx: &Context<'_, '_>, out: &mut Outcome) {
        match self.state {
            State::Waiting { .. } if cx.view.is_up => {
                push(out, Action::UnwatchPath(cx.unit));
                self.state = State::Running;
            }
            State::Running if !cx.view.is_up && cx.may_start => match cx.view.barred {
                Some(until) => self.state = State::Paused { until, changed: false },
                None => self.look(cx, Why::Anew, out),
            },
            // Looks at its unit before it does anything.
            State::Looking { .. } | State::Paused { .. } | State::Waiting { .. } => {}
            // It is to be stopped, or its unit is up still; or it is not started.
            State::Running | State::Dead | State::Failed => {}
        }
    }

    fn on_elapsed(&mut self, cx: &Context<'_, '_>, out: &mut Outcome) {
        match self.state {
            State::Waiting { look_at: Some(_) } => self.look(cx, Why::Touched, out),
            State::Paused { changed: true, .. } => self.trigger(cx, true, out),
            State::Paused { changed: false, .. } if cx.view.is_up || !cx.may_start => {
                self.state = State::Running;
            }
            State::Paused { changed: false, .. } => self.look(cx, Why::Anew, out),
            State::Looking { .. }
            | State::Waiting { look_at: None }
            | State::Dead
            | State::Running
            | State::Failed => bug!("these states have no deadline"),
        }
    }
}

fn push(out: &mut Outcome, action: Action) {
    let pushed = out.actions.push(action);
    ensure!(pushed.is_ok(), "a step asks for PATH_ACTIONS_MAX actions at most");
}
