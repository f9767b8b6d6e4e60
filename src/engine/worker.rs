//! A child that works for a unit ([`Work`](super::Work)), from when it is asked for until its end
//! is told: that of a mount or a path unit, or the look at conditions.
//!
//! A passing lack of resources is waited out, under the deadline of the work. What comes of the
//! work, and what is to be done if it is not done in time, is for the state to say that holds it.

use unit::Millis;
use unit::control::UnitResult;

use super::event::{Pid, SpawnError};
use super::service::spawn_retry;
use super::time::Instant;

/// Where the child is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Asked for; the answer comes before anything else happens.
    Asked,
    /// It could not be made; it is asked for again then.
    Lacking(Instant),
    /// There.
    Alive(Pid),
}

/// The child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Worker {
    /// Where it is.
    pub state: State,
    /// When waiting ends; `None` is never.
    pub deadline: Option<Instant>,
}

/// What happens to it, but its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// It exists.
    Spawned(Pid),
    /// It could not be made.
    SpawnFailed(SpawnError),
    /// Time has passed.
    Elapsed,
}

/// What comes next.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Nothing.
    Wait,
    /// It is to be asked for again.
    Ask,
    /// The work will not be done; this is why. A child that is there is to be killed.
    Over(UnitResult),
}

impl Worker {
    /// One that has just been asked for.
    pub fn asked(timeout: Option<Millis>, now: Instant) -> Self {
        Self { state: State::Asked, deadline: timeout.map(|timeout| now.after(timeout)) }
    }

    /// The same work by another child, under the deadline of the first.
    #[must_use]
    pub const fn another(self) -> Self {
        Self { state: State::Asked, ..self }
    }

    /// The child, if it is there.
    pub const fn pid(&self) -> Option<Pid> {
        match self.state {
            State::Alive(pid) => Some(pid),
            State::Asked | State::Lacking(_) => None,
        }
    }

    /// When it wants [`Input::Elapsed`].
    pub fn due(&self) -> Option<Instant> {
        match self.state {
            State::Lacking(at) => Some(self.deadline.map_or(at, |deadline| deadline.min(at))),
            State::Asked | State::Alive(_) => self.deadline,
        }
    }

    /// Takes one step.
    pub fn step(&mut self, input: Input, now: Instant) -> Next {
        match input {
            Input::Spawned(pid) => {
                ensure!(self.state == State::Asked, "nobody asked for a child");
                self.state = State::Alive(pid);
                Next::Wait
            }
            Input::SpawnFailed(error) => {
                ensure!(self.state == State::Asked, "nobody asked for a child");
                let Some(pause) = spawn_retry(error) else {
                    return Next::Over(UnitResult::Resources);
                };
                self.state = State::Lacking(now.after(pause));
                Next::Wait
            }
            Input::Elapsed if self.deadline.is_some_and(|deadline| deadline <= now) => {
                Next::Over(UnitResult::Timeout)
            }
            Input::Elapsed => {
                ensure!(matches!(self.state, State::Lacking(_)), "it is not due");
                self.state = State::Asked;
                Next::Ask
            }
        }
    }
}
