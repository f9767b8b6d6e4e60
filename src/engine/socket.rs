//! One socket unit's life: systemd.socket(5), without a descriptor.
//!
//! A limit pauses a socket and lets it go on; nothing that traffic does can end it. What happens
//! to a connection once it is accepted is `instance`'s business.

use heapless::Vec;
use unit::control::{ActiveState, SubState, UnitResult};
use unit::{Millis, RateLimit, UnitId};

use super::action::Action;
use super::time::{Bucket, Instant};

/// Actions that one step of a socket can ask for.
pub const SOCKET_ACTIONS_MAX: usize = 3;
/// First pause before a listener that could not be opened is tried again; it doubles each time.
const RETRY_MIN: Millis = Millis(1_000);
/// Longest such pause.
const RETRY_MAX: Millis = Millis(300_000);
/// A listener may break that often before its socket is left alone for a while.
const REOPEN_LIMIT: RateLimit = RateLimit { interval: Millis(10_000), burst: 5 };

/// What the service behind the socket is doing, as far as the socket cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServiceView {
    /// It would take the listeners if it were started.
    Idle,
    /// It has them, or will have them without being triggered.
    Busy,
    /// It may not be started before then.
    Barred(Instant),
}

/// Where a socket is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not open.
    Dead,
    /// Asked to be opened for the `attempt`th time since it last was.
    Opening {
        /// Counted from 0.
        attempt: u8,
    },
    /// Open and watched.
    Listening,
    /// Open; its service has the listeners.
    Running,
    /// Open; not watched before then, because of a limit.
    Paused {
        /// When it heals.
        until: Instant,
    },
    /// Could not be opened; tried again then.
    Retrying {
        /// When.
        at: Instant,
        /// Counted from 1.
        attempt: u8,
    },
}

/// What happens to one socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// A start job runs.
    Start,
    /// A stop job runs.
    Stop,
    /// Its listeners are open. What does its service do?
    Opened(ServiceView),
    /// They could not be opened.
    OpenFailed,
    /// One of its listeners has traffic, within its own limit. `Accept=no` only.
    Readable,
    /// As many connections as the trigger limit allows were accepted. `Accept=yes` only.
    TriggerLimitHit(Instant),
    /// One of its listeners is broken.
    HungUp,
    /// Its service is doing this now.
    ServiceChanged(ServiceView),
    /// Time has passed. What does its service do?
    Elapsed(ServiceView),
    /// Its failure is forgotten.
    ResetFailed,
}

/// What a step asks for.
#[must_use]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// To be executed in this order.
    pub actions: Vec<Action, SOCKET_ACTIONS_MAX>,
    /// Its service is to be started.
    pub trigger: bool,
}

/// One socket unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Socket {
    /// Where it is.
    pub state: State,
    /// What went wrong last.
    pub result: UnitResult,
    /// How often it started its service.
    pub triggered: u32,
    /// Connections accepted.
    pub accepted: u32,
    /// Connections closed because of a limit.
    pub refused: u32,
    /// Instances alive.
    pub connections: u16,
    /// Against `TriggerLimit…=`.
    pub triggers: Bucket,
    /// Against listeners that break again and again.
    pub reopens: Bucket,
}

/// One listener: what its own limit knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listener {
    /// Against `PollLimit…=`.
    pub polls: Bucket,
    /// Not watched before then.
    pub paused_until: Option<Instant>,
}

impl Listener {
    /// A listener that has seen nothing.
    pub const NEW: Self = Self { polls: Bucket::NEW, paused_until: None };
}

impl Socket {
    /// A socket that has never been open.
    pub const NEW: Self = Self {
        state: State::Dead,
        result: UnitResult::Success,
        triggered: 0,
        accepted: 0,
        refused: 0,
        connections: 0,
        triggers: Bucket::NEW,
        reopens: Bucket::NEW,
    };

    /// Its state in general terms. A socket that a limit holds is active: its queue still takes
    /// connections.
    pub const fn active(&self) -> ActiveState {
        match self.state {
            State::Dead => ActiveState::Inactive,
            State::Opening { .. } => ActiveState::Activating,
            State::Listening | State::Running | State::Paused { .. } => ActiveState::Active,
            State::Retrying { .. } => ActiveState::Failed,
        }
    }

    /// Its state in a socket's terms.
    pub const fn sub(&self) -> SubState {
        match self.state {
            State::Dead => SubState::Dead,
            State::Opening { .. } => SubState::Start,
            State::Listening => SubState::Listening,
            State::Running => SubState::Running,
            State::Paused { .. } => SubState::Paused,
            State::Retrying { .. } => SubState::Retrying,
        }
    }

    /// When it wants [`Input::Elapsed`].
    pub const fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Paused { until } => Some(until),
            State::Retrying { at, .. } => Some(at),
            State::Dead | State::Opening { .. } | State::Listening | State::Running => None,
        }
    }

    /// Whether its listeners exist.
    pub const fn is_open(&self) -> bool {
        match self.state {
            State::Listening | State::Running | State::Paused { .. } => true,
            State::Dead | State::Opening { .. } | State::Retrying { .. } => false,
        }
    }

    /// Takes one step.
    pub fn step(
        &mut self,
        unit: UnitId,
        config: &unit::Socket<'_>,
        input: Input,
        now: Instant,
    ) -> Outcome {
        let mut out = Outcome { actions: Vec::new(), trigger: false };
        match input {
            Input::Start => self.on_start(unit, &mut out),
            Input::Stop => self.on_stop(unit, &mut out),
            Input::Opened(service) => self.on_opened(unit, config, service, &mut out),
            Input::OpenFailed => self.on_open_failed(now),
            Input::Readable => self.on_readable(unit, config, now, &mut out),
            Input::TriggerLimitHit(until) => self.on_trigger_limit_hit(unit, until, &mut out),
            Input::HungUp => self.on_hung_up(unit, now, &mut out),
            Input::ServiceChanged(service) => {
                self.on_service_changed(unit, config, service, &mut out);
            }
            Input::Elapsed(service) => self.on_elapsed(unit, config, service, &mut out),
            Input::ResetFailed => self.on_reset_failed(),
        }
        out
    }

    fn on_start(&mut self, unit: UnitId, out: &mut Outcome) {
        match self.state {
            State::Dead | State::Retrying { .. } => {
                self.result = UnitResult::Success;
                self.open(unit, 0, out);
            }
            State::Opening { .. } | State::Listening | State::Running | State::Paused { .. } => {
                bug!("a start job runs only on a socket that is not open")
            }
        }
    }

    fn on_stop(&mut self, unit: UnitId, out: &mut Outcome) {
        match self.state {
            State::Listening | State::Running | State::Paused { .. } => {
                push(out, Action::CloseSocket(unit));
            }
            State::Dead | State::Opening { .. } | State::Retrying { .. } => {}
        }
        self.state = State::Dead;
        self.result = UnitResult::Success;
    }

    fn on_opened(
        &mut self,
        unit: UnitId,
        config: &unit::Socket<'_>,
        service: ServiceView,
        out: &mut Outcome,
    ) {
        match self.state {
            State::Opening { .. } => {
                self.result = UnitResult::Success;
                self.settle(unit, config, service, out);
            }
            State::Dead
            | State::Listening
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. } => bug!("opening is answered before anything else happens"),
        }
    }

    fn on_open_failed(&mut self, now: Instant) {
        match self.state {
            State::Opening { attempt } => {
                self.result = UnitResult::Resources;
                let pause = RETRY_MIN.0.saturating_mul(1 << attempt.min(9)).min(RETRY_MAX.0);
                let attempt = attempt.saturating_add(1);
                self.state = State::Retrying { at: now.after(Millis(pause)), attempt };
            }
            State::Dead
            | State::Listening
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. } => bug!("opening is answered before anything else happens"),
        }
    }

    fn on_readable(
        &mut self,
        unit: UnitId,
        config: &unit::Socket<'_>,
        now: Instant,
        out: &mut Outcome,
    ) {
        match self.state {
            State::Listening => {
                push(out, Action::Unwatch(unit));
                match self.triggers.take(config.trigger_limit, now) {
                    Ok(()) => {
                        self.triggered = self.triggered.saturating_add(1);
                        self.state = State::Running;
                        out.trigger = true;
                    }
                    Err(until) => self.pause(until),
                }
            }
            // Ignored: reported before it was no longer watched.
            State::Dead
            | State::Opening { .. }
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. } => {}
        }
    }

    fn on_trigger_limit_hit(&mut self, unit: UnitId, until: Instant, out: &mut Outcome) {
        match self.state {
            State::Listening => {
                push(out, Action::Unwatch(unit));
                self.pause(until);
            }
            State::Dead
            | State::Opening { .. }
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. } => bug!("only a watched socket accepts"),
        }
    }

    fn on_hung_up(&mut self, unit: UnitId, now: Instant, out: &mut Outcome) {
        match self.state {
            State::Listening | State::Running | State::Paused { .. } => {
                push(out, Action::CloseSocket(unit));
                match self.reopens.take(REOPEN_LIMIT, now) {
                    Ok(()) => self.open(unit, 0, out),
                    Err(until) => {
                        self.result = UnitResult::Resources;
                        self.state = State::Retrying { at: until, attempt: 1 };
                    }
                }
            }
            // Ignored: reported before it was closed.
            State::Dead | State::Opening { .. } | State::Retrying { .. } => {}
        }
    }

    fn on_service_changed(
        &mut self,
        unit: UnitId,
        config: &unit::Socket<'_>,
        service: ServiceView,
        out: &mut Outcome,
    ) {
        match (self.state, service) {
            (State::Listening, ServiceView::Busy) => {
                push(out, Action::Unwatch(unit));
                self.state = State::Running;
            }
            (State::Running, ServiceView::Idle | ServiceView::Barred(_)) => {
                self.settle(unit, config, service, out);
            }
            (State::Running, ServiceView::Busy)
            | (State::Listening, ServiceView::Idle | ServiceView::Barred(_))
            | (
                State::Dead | State::Opening { .. } | State::Paused { .. } | State::Retrying { .. },
                ServiceView::Idle | ServiceView::Busy | ServiceView::Barred(_),
            ) => {}
        }
    }

    fn on_elapsed(
        &mut self,
        unit: UnitId,
        config: &unit::Socket<'_>,
        service: ServiceView,
        out: &mut Outcome,
    ) {
        match self.state {
            State::Paused { .. } => {
                self.result = UnitResult::Success;
                self.settle(unit, config, service, out);
            }
            State::Retrying { attempt, .. } => self.open(unit, attempt, out),
            State::Dead | State::Opening { .. } | State::Listening | State::Running => {
                bug!("these states have no deadline")
            }
        }
    }

    fn on_reset_failed(&mut self) {
        self.triggers = Bucket::NEW;
        self.reopens = Bucket::NEW;
        match self.state {
            State::Retrying { .. } => {
                self.state = State::Dead;
                self.result = UnitResult::Success;
            }
            State::Dead
            | State::Opening { .. }
            | State::Listening
            | State::Running
            | State::Paused { .. } => {}
        }
    }

    fn open(&mut self, unit: UnitId, attempt: u8, out: &mut Outcome) {
        push(out, Action::OpenSocket(unit));
        self.state = State::Opening { attempt };
    }

    fn pause(&mut self, until: Instant) {
        self.result = UnitResult::TriggerLimitHit;
        self.state = State::Paused { until };
    }

    /// Open and not watched: the state that fits what the service does.
    fn settle(
        &mut self,
        unit: UnitId,
        config: &unit::Socket<'_>,
        service: ServiceView,
        out: &mut Outcome,
    ) {
        self.state = match service {
            ServiceView::Idle => {
                if config.flush_pending {
                    push(out, Action::Flush(unit));
                }
                push(out, Action::Watch(unit));
                State::Listening
            }
            ServiceView::Busy => State::Running,
            ServiceView::Barred(until) => State::Paused { until },
        };
    }
}

fn push(out: &mut Outcome, action: Action) {
    let pushed = out.actions.push(action);
    ensure!(pushed.is_ok(), "a step asks for SOCKET_ACTIONS_MAX actions at most");
}
