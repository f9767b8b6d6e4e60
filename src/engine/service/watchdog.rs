//! A service that must say that it is alive, and one that asks for more time: sd_notify(3).

use unit::control::UnitResult;

use super::kill::Step;
use super::{Context, Deadline, Main, Outcome, Service, State};
use crate::engine::notify::{Notification, Ping};
use crate::features;

impl Service {
    /// It has `WatchdogSec=` again.
    pub(super) fn is_alive(&mut self, context: &Context<'_, '_>) {
        if !features::WATCHDOG {
            return;
        }
        let own = context.more().watchdog.map(|limit| u64::from(limit.0) * 1000);
        let limit_us = self.watchdog_us.or(own).filter(|&limit| limit > 0);
        self.alive_by = limit_us.map(|limit| context.now.later(limit));
    }

    /// What it says to its watchdog; true if that is the end of it.
    pub(super) fn heard_watchdog(
        &mut self,
        context: &Context<'_, '_>,
        said: &Notification<'_>,
        out: &mut Outcome,
    ) -> bool {
        if !features::WATCHDOG {
            return false;
        }
        if said.watchdog_us.is_some() {
            self.watchdog_us = said.watchdog_us;
        }
        let is_up = match self.state {
            State::Running { .. } | State::Reloading { .. } => true,
            // What a helper does is under its own deadline.
            State::Helper { .. }
            | State::Dead
            | State::Start { .. }
            | State::Forked { .. }
            | State::Exited
            | State::Signaled { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => false,
        };
        match said.watchdog {
            Some(Ping::Trigger) if is_up => {
                self.bite(context, self.main(), out);
                return true;
            }
            Some(Ping::Alive | Ping::Trigger) => self.is_alive(context),
            None if said.watchdog_us.is_some() => self.is_alive(context),
            None => {}
        }
        false
    }

    /// It is hung: it is to leave a core.
    pub(super) fn bite(
        &mut self,
        context: &Context<'_, '_>,
        main: Option<Main>,
        out: &mut Outcome,
    ) {
        if features::WATCHDOG {
            self.fail(UnitResult::Watchdog);
            self.send(context, Step::Watchdog, main, None, out);
        }
    }

    /// Puts off the end of what it is doing. The end of the board's shutdown is not its own.
    pub(super) fn extend(&mut self, context: &Context<'_, '_>, by_us: Option<u64>) {
        let Some(until) = by_us.map(|by_us| context.now.later(by_us)) else { return };
        let put_off = |at: &mut Deadline| *at = at.map(|at| at.max(until));
        match &mut self.state {
            State::Helper { deadline, .. }
            | State::Start { deadline, .. }
            | State::Forked { deadline, .. }
            | State::Reloading { deadline, .. }
            | State::Signaled { deadline, .. } => put_off(deadline),
            State::Running { .. } => put_off(&mut self.runtime_end),
            State::Dead | State::Exited | State::AutoRestart { .. } | State::Failed { .. } => {}
        }
    }
}
