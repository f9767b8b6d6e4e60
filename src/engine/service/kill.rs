//! How a service is brought down: `KillMode=`, the signals, and who is left. systemd.kill(5).

use unit::KillMode;
use unit::control::SubState;

use super::helpers::Helper;
use super::{Context, Deadline, Main, Outcome, Service, State, StopAsked, push};
use crate::engine::action::{Action, CommandList, Target};
use crate::engine::event::Pid;
use crate::features;

const SIGHUP: u8 = 1;
pub(super) const SIGKILL: u8 = 9;
const SIGTERM: u8 = 15;
const SIGCONT: u8 = 18;

/// Which signal a service was sent last: before `ExecStopPost=`, or after it to whom that has
/// left behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// `WatchdogSignal=`: it is to leave a core.
    Watchdog,
    /// `KillSignal=`, or `RestartKillSignal=`.
    Sigterm,
    /// `FinalKillSignal=`.
    Sigkill,
    /// As [`Step::Watchdog`], after `ExecStopPost=`.
    FinalWatchdog,
    /// `KillSignal=`, after `ExecStopPost=`.
    FinalSigterm,
    /// `FinalKillSignal=`, after `ExecStopPost=`.
    FinalSigkill,
}

impl Step {
    pub(super) const fn sub(self) -> SubState {
        match self {
            Self::Watchdog => SubState::StopWatchdog,
            Self::Sigterm => SubState::StopSigterm,
            Self::Sigkill => SubState::StopSigkill,
            Self::FinalWatchdog => SubState::FinalWatchdog,
            Self::FinalSigterm => SubState::FinalSigterm,
            Self::FinalSigkill => SubState::FinalSigkill,
        }
    }

    /// The last one before, or after `ExecStopPost=`.
    const fn last(self) -> Self {
        match self {
            Self::Watchdog | Self::Sigterm | Self::Sigkill => Self::Sigkill,
            Self::FinalWatchdog | Self::FinalSigterm | Self::FinalSigkill => Self::FinalSigkill,
        }
    }

    const fn is_last(self) -> bool {
        matches!(self, Self::Sigkill | Self::FinalSigkill)
    }

    const fn is_first(self) -> bool {
        matches!(self, Self::Sigterm | Self::FinalSigterm)
    }

    fn deadline(self, context: &Context<'_, '_>) -> Deadline {
        let timeout = match self {
            Self::Watchdog | Self::FinalWatchdog => {
                context.more().timeout_abort.unwrap_or(context.config.timeout_stop)
            }
            Self::Sigterm | Self::Sigkill | Self::FinalSigterm | Self::FinalSigkill => {
                context.config.timeout_stop
            }
        };
        timeout.map(|timeout| context.now.after(timeout))
    }
}

impl Service {
    pub(super) fn on_stop(&mut self, context: &Context<'_, '_>, why: StopAsked, out: &mut Outcome) {
        self.stop_asked = Some(why);
        match self.state {
            State::Dead | State::Failed { .. } => {}
            State::AutoRestart { .. } => self.state = State::Dead,
            State::Helper { helper: Helper::Stop | Helper::StopPost, .. }
            | State::Signaled { .. } => {}
            State::Helper { main, child, .. } if features::HELPERS => {
                self.send(context, Step::Sigterm, main, child.pid(), out);
            }
            State::Start { child, .. } => {
                self.send(context, Step::Sigterm, child.main(), None, out);
            }
            State::Forked { .. } if features::FORKING => {
                self.send(context, Step::Sigterm, None, None, out);
            }
            State::Helper { .. } | State::Forked { .. } => {}
            State::Reloading { main, .. } => {
                self.send(context, Step::Sigterm, Some(main), None, out);
            }
            State::Running { main } => self.run(context, Some(Helper::Stop), main, out),
            State::Exited => self.run(context, Some(Helper::Stop), None, out),
        }
    }

    /// Sends the signal of a step to whom `KillMode=` names, and waits for their end.
    pub(super) fn send(
        &mut self,
        context: &Context<'_, '_>,
        step: Step,
        main: Option<Main>,
        control: Option<Pid>,
        out: &mut Outcome,
    ) {
        self.state = State::Signaled { step, main, control, deadline: step.deadline(context) };
        if context.config.kill_mode == KillMode::None {
            self.after_step(context, step, out);
        } else if main.is_some() || control.is_some() {
            self.signal(context, step, main, control, out);
        } else {
            self.settle(context, out);
        }
    }

    /// When both known processes are gone: looks for others of the unit, where they are its to
    /// end.
    pub(super) fn settle(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        let State::Signaled { step, main: None, control: None, .. } = self.state else { return };
        match context.config.kill_mode {
            KillMode::ControlGroup | KillMode::Mixed => {
                push(out, Action::WatchGroup(context.unit));
            }
            KillMode::Process | KillMode::None => self.after_step(context, step, out),
        }
    }

    /// Nobody is left, or nobody is waited for any more: `ExecStopPost=`, then it is over.
    pub(super) fn after_step(&mut self, context: &Context<'_, '_>, step: Step, out: &mut Outcome) {
        let before = match step {
            Step::Watchdog | Step::Sigterm | Step::Sigkill => true,
            Step::FinalWatchdog | Step::FinalSigterm | Step::FinalSigkill => false,
        };
        if before && context.command(CommandList::StopPost, 0).is_some() {
            let deadline = context.stop_deadline();
            self.spawn_helper(context, Helper::StopPost, None, 0, deadline, out);
        } else {
            self.enter_dead(context, out);
        }
    }

    pub(super) fn on_group_empty(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        match self.state {
            State::Signaled { step, main: None, control: None, .. } => {
                self.after_step(context, step, out);
            }
            // A forking service whose main process nobody knows has ended.
            State::Running { main: None } => {
                let next = self.enter_exited(context);
                self.run(context, next, None, out);
            }
            // Ignored: an answer to a question of an earlier state.
            State::Running { main: Some(_) }
            | State::Signaled { .. }
            | State::Dead
            | State::Helper { .. }
            | State::Start { .. }
            | State::Forked { .. }
            | State::Exited
            | State::Reloading { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => {}
        }
    }

    pub(super) fn on_group_populated(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        match self.state {
            State::Signaled { mut step, main, control, .. } => {
                match context.config.kill_mode {
                    KillMode::ControlGroup => {}
                    // Whom the main process leaves behind is not asked.
                    KillMode::Mixed if context.more().send_sigkill => {
                        step = step.last();
                        let deadline = step.deadline(context);
                        self.state = State::Signaled { step, main, control, deadline };
                    }
                    KillMode::Mixed => return self.after_step(context, step, out),
                    KillMode::Process | KillMode::None => bug!("nobody asked who is left"),
                }
                let target = Target::Group { unit: context.unit, leaders: [None, None] };
                self.push_step(context, step, target, out);
            }
            // It lives.
            State::Running { main: None } => {}
            State::Running { main: Some(_) }
            | State::Dead
            | State::Helper { .. }
            | State::Start { .. }
            | State::Forked { .. }
            | State::Exited
            | State::Reloading { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => bug!("the answer comes before anything else happens"),
        }
    }

    /// Signals the processes that `KillMode=` names.
    fn signal(
        &self,
        context: &Context<'_, '_>,
        step: Step,
        main: Option<Main>,
        control: Option<Pid>,
        out: &mut Outcome,
    ) {
        let unit = context.unit;
        let everyone = match context.config.kill_mode {
            KillMode::ControlGroup => true,
            KillMode::Mixed => step.is_last(),
            KillMode::Process | KillMode::None => false,
        };
        if everyone {
            let leaders = [main.map(Main::pid), control];
            self.push_step(context, step, Target::Group { unit, leaders }, out);
        } else {
            if let Some(main) = main {
                self.push_step(context, step, main.target(unit), out);
            }
            if let Some(control) = control {
                let signal = if step.is_first() { SIGTERM } else { self.number(context, step) };
                push_end(out, Target::Child(control), signal);
            }
        }
        // The adopted main process may have left the group: a group it was never in cannot reach
        // it.
        if everyone && let Some(main @ Main::Adopted(_)) = main {
            self.push_step(context, step, main.target(unit), out);
        }
    }

    /// The signal of a step.
    fn number(&self, context: &Context<'_, '_>, step: Step) -> u8 {
        let (config, more) = (context.config, context.more());
        match (step, self.stop_asked) {
            (Step::Watchdog | Step::FinalWatchdog, _) => more.watchdog_signal,
            (Step::Sigkill | Step::FinalSigkill, _) => more.final_kill_signal,
            (Step::Sigterm, Some(StopAsked::Restart)) => {
                more.restart_kill_signal.unwrap_or(config.kill_signal)
            }
            (Step::Sigterm, Some(StopAsked::Stop) | None) | (Step::FinalSigterm, _) => {
                config.kill_signal
            }
        }
    }

    fn push_step(&self, context: &Context<'_, '_>, step: Step, target: Target, out: &mut Outcome) {
        let signal = self.number(context, step);
        if step.is_first() && context.more().send_sighup && signal != SIGHUP {
            push(out, Action::Kill { target, signal });
            push_end(out, target, SIGHUP);
        } else {
            push_end(out, target, signal);
        }
    }
}

/// Sends a signal that is to end somebody, who may be stopped and must go on to hear it.
fn push_end(out: &mut Outcome, target: Target, signal: u8) {
    push(out, Action::Kill { target, signal });
    if signal != SIGKILL {
        push(out, Action::Kill { target, signal: SIGCONT });
    }
}
