//! From a start to the moment at which the service counts as started: `Type=`.

use unit::control::UnitResult;
use unit::{Millis, ServiceType};

use super::helpers::Helper;
use super::kill::Step;
use super::{
    Child, Context, Deadline, IDLE_TIMEOUT, LOOK_AGAIN, Main, Outcome, Service, State, push,
};
use crate::engine::action::{Action, CommandList, CommandRef};
use crate::engine::event::{Pid, Process};
use crate::engine::prng;
use crate::engine::time::Instant;
use crate::features;

impl Service {
    pub(super) fn on_start(&mut self, context: &Context<'_, '_>, auto: bool, out: &mut Outcome) {
        match self.state {
            State::Dead | State::AutoRestart { .. } | State::Failed { .. } => {}
            State::Helper { .. }
            | State::Start { .. }
            | State::Forked { .. }
            | State::Running { .. }
            | State::Exited
            | State::Reloading { .. }
            | State::Signaled { .. } => bug!("a start job runs only when nothing else does"),
        }
        self.stop_asked = None;
        if let Err(until) = self.starts.take(context.config.start_limit, context.now) {
            self.result = UnitResult::StartLimitHit;
            self.state = State::Failed { until: Some(until) };
            self.over_limit(context, out);
            return;
        }
        self.restarts = if auto { self.restarts.saturating_add(1) } else { 0 };
        self.result = UnitResult::Success;
        self.exit = None;
        self.runtime_end = None;
        (self.alive_by, self.watchdog_us) = (None, None);
        self.run(context, Some(Helper::Condition), None, out);
    }

    /// What waited for its restart waits in vain.
    pub(super) fn on_start_refused(&mut self) {
        match self.state {
            State::AutoRestart { at: None } => self.enter_rest(),
            State::AutoRestart { at: Some(_) }
            | State::Dead
            | State::Helper { .. }
            | State::Start { .. }
            | State::Forked { .. }
            | State::Running { .. }
            | State::Exited
            | State::Reloading { .. }
            | State::Signaled { .. }
            | State::Failed { .. } => {}
        }
    }

    /// All that comes before the program is done. A service without one is up then, if that is
    /// what it says; else it has only its end.
    pub(super) fn begin_main(
        &mut self,
        context: &Context<'_, '_>,
        out: &mut Outcome,
    ) -> Option<Helper> {
        if features::NO_PROGRAM && context.command(CommandList::Start, 0).is_none() {
            return Some(Helper::StartPost);
        }
        let deadline = context.start_deadline();
        if features::IDLE && context.config.type_ == ServiceType::Idle {
            let child = Child::Idle(context.now.after(IDLE_TIMEOUT));
            self.state = State::Start { index: 0, child, deadline };
        } else {
            self.spawn_main(context, 0, deadline, out);
        }
        None
    }

    /// The board is quiet: who has waited for that begins.
    pub(super) fn on_quiet(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        if self.waits_for_quiet() {
            self.spawn_main(context, 0, context.start_deadline(), out);
        }
    }

    pub(super) fn spawn_main(
        &mut self,
        context: &Context<'_, '_>,
        index: u8,
        deadline: Deadline,
        out: &mut Outcome,
    ) {
        let command = CommandRef { unit: context.unit, list: CommandList::Start, index };
        let process = Process::Main(context.unit);
        push(out, Action::Spawn { process, command, main_pid: None });
        self.state = State::Start { index, child: Child::Asked, deadline };
    }

    pub(super) fn on_main_spawned(
        &mut self,
        context: &Context<'_, '_>,
        pid: Pid,
        out: &mut Outcome,
    ) {
        match self.state {
            State::Start { index, child: Child::Asked, deadline } => match context.config.type_ {
                ServiceType::Simple | ServiceType::Idle => {
                    let main = Some(Main::Child(pid));
                    self.run(context, Some(Helper::StartPost), main, out);
                }
                ServiceType::Exec
                | ServiceType::Notify
                | ServiceType::NotifyReload
                | ServiceType::Forking
                | ServiceType::Oneshot => {
                    self.state = State::Start { index, child: Child::Alive(pid), deadline };
                }
            },
            State::Start {
                child: Child::Idle(_) | Child::Alive(_) | Child::Adopted(_) | Child::Lacking(_),
                ..
            }
            | State::Dead
            | State::Helper { .. }
            | State::Forked { .. }
            | State::Running { .. }
            | State::Exited
            | State::Reloading { .. }
            | State::Signaled { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => bug!("a spawn is answered before anything else happens"),
        }
    }

    pub(super) fn on_executed(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        match self.state {
            State::Start { child: Child::Alive(pid), .. }
                if context.config.type_ == ServiceType::Exec =>
            {
                let main = Some(Main::Child(pid));
                self.run(context, Some(Helper::StartPost), main, out);
            }
            // Ignored: the service was stopped, or has ended, before this was looked at.
            State::Start { .. }
            | State::Dead
            | State::Helper { .. }
            | State::Forked { .. }
            | State::Running { .. }
            | State::Exited
            | State::Reloading { .. }
            | State::Signaled { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => {}
        }
    }

    /// Started. If nothing is there that could run, it is over already: what to run then.
    pub(super) fn enter_up(
        &mut self,
        context: &Context<'_, '_>,
        main: Option<Main>,
        out: &mut Outcome,
    ) -> Option<Helper> {
        if self.runtime_end.is_none() {
            self.runtime_end = runtime_end(context);
        }
        if self.alive_by.is_none() {
            self.is_alive(context);
        }
        if main.is_some() {
            self.state = State::Running { main };
        } else if context.is_forking() && self.exit.is_none() {
            // Nobody knows its main process: it is over when nobody is left.
            self.state = State::Running { main };
            push(out, Action::WatchGroup(context.unit));
        } else {
            return self.enter_exited(context);
        }
        None
    }

    /// Nothing of it runs any more: with `RemainAfterExit=` it is there all the same.
    pub(super) fn enter_exited(&mut self, context: &Context<'_, '_>) -> Option<Helper> {
        if self.result == UnitResult::Success && context.more().remain_after_exit {
            self.state = State::Exited;
            return None;
        }
        Some(Helper::Stop)
    }

    /// What was started for a forking service has ended well.
    pub(super) fn enter_forked(
        &mut self,
        context: &Context<'_, '_>,
        deadline: Deadline,
        out: &mut Outcome,
    ) {
        let look_at = context.now.after(LOOK_AGAIN);
        self.state = State::Forked { look_at, deadline };
        push(out, Action::FindMain(context.unit));
    }

    pub(super) fn on_main_adopted(
        &mut self,
        context: &Context<'_, '_>,
        pid: Pid,
        out: &mut Outcome,
    ) {
        // A helper is PID 1's own to wait for, whatever the service says of it.
        if self.control() == Some(pid) {
            return;
        }
        let adopted = Main::Adopted(pid);
        match &mut self.state {
            State::Running { main } => {
                *main = Some(adopted);
                self.exit = None;
            }
            State::Helper {
                helper: Helper::StartPost | Helper::Reload | Helper::ReloadPost,
                main,
                ..
            } => *main = Some(adopted),
            State::Reloading { main, .. } => *main = adopted,
            State::Start { child: child @ (Child::Alive(_) | Child::Adopted(_)), .. }
                if context.notifies() =>
            {
                *child = Child::Adopted(pid);
            }
            State::Forked { .. } => {
                self.run(context, Some(Helper::StartPost), Some(adopted), out);
            }
            // Ignored: but for Type=notify a start is the matter of the process that was started,
            // and on the way down another one would escape the signals already sent.
            State::Helper {
                helper: Helper::Condition | Helper::StartPre | Helper::Stop | Helper::StopPost,
                ..
            }
            | State::Start { .. }
            | State::Dead
            | State::Exited
            | State::Signaled { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => {}
        }
    }

    /// No main process is found: a pidfile may still be written; without one it is done without.
    pub(super) fn on_main_missing(
        &mut self,
        context: &Context<'_, '_>,
        gone: bool,
        out: &mut Outcome,
    ) {
        if !features::FORKING {
            return;
        }
        match self.state {
            State::Forked { .. } if !context.has_pid_file() => {
                self.run(context, Some(Helper::StartPost), None, out);
            }
            State::Forked { .. } if gone => {
                self.fail(UnitResult::Protocol);
                self.send(context, Step::Sigterm, None, None, out);
            }
            State::Running { main: None } => {
                // The main process has ended, and none has taken its place.
                if let Some(exit) = self.exit {
                    self.note_main_end(context, exit);
                    let next = self.enter_exited(context);
                    self.run(context, next, None, out);
                }
            }
            // Ignored: it is looked for again, or whom it had it has.
            State::Forked { .. }
            | State::Running { .. }
            | State::Dead
            | State::Helper { .. }
            | State::Start { .. }
            | State::Exited
            | State::Reloading { .. }
            | State::Signaled { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => {}
        }
    }
}

/// `RuntimeMaxSec=` from now on, with a share of `RuntimeRandomizedExtraSec=` that is another one
/// for each unit and each moment.
fn runtime_end(context: &Context<'_, '_>) -> Option<Instant> {
    let more = context.more();
    let longest = more.runtime_max?;
    let Millis(extra) = more.runtime_extra;
    let seed = prng::mix(context.now.us() ^ u64::from(context.unit.0) << 48);
    let share = (u64::from(extra) * (seed >> 32)) >> 32;
    Some(context.now.after(longest).after(Millis(share as u32)))
}
