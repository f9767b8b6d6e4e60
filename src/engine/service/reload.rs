//! Reading its configuration again, and what a service says of itself.

use unit::ServiceType;
use unit::control::UnitResult;

use super::helpers::Helper;
use super::kill::Step;
use super::{Context, Main, Outcome, Service, State, push};
use crate::engine::action::Action;
use crate::engine::notify::Notification;
use crate::features;

impl Service {
    pub(super) fn on_reload(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        if !features::RELOADS {
            return;
        }
        self.reload_result = UnitResult::Success;
        match self.state {
            State::Running { main } => self.run(context, Some(Helper::Reload), main, out),
            State::Exited => self.run(context, Some(Helper::Reload), None, out),
            State::Dead
            | State::Helper { .. }
            | State::Start { .. }
            | State::Forked { .. }
            | State::Reloading { .. }
            | State::Signaled { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => bug!("a reload job runs only on a running service"),
        }
    }

    /// `ExecReload=` is done: a service of `Type=notify-reload` is sent its signal, and says when
    /// it is ready again.
    pub(super) fn ask_to_reload(
        &mut self,
        context: &Context<'_, '_>,
        main: Option<Main>,
        out: &mut Outcome,
    ) -> Option<Helper> {
        if !features::RELOADS {
            return None;
        }
        let (Some(main), ServiceType::NotifyReload) = (main, context.config.type_) else {
            return Some(Helper::ReloadPost);
        };
        let signal = context.more().reload_signal;
        push(out, Action::Kill { target: main.target(context.unit), signal });
        let (asked_at, deadline) = (Some(context.now), context.start_deadline());
        self.state = State::Reloading { main, asked_at, deadline };
        None
    }

    pub(super) fn on_notified(
        &mut self,
        context: &Context<'_, '_>,
        said: Notification<'_>,
        out: &mut Outcome,
    ) {
        self.extend(context, said.extend_us);
        if self.heard_watchdog(context, &said, out) {
            return;
        }
        match self.state {
            State::Start { child, .. } => {
                if said.ready && context.notifies() && child.main().is_some() {
                    self.run(context, Some(Helper::StartPost), child.main(), out);
                }
            }
            State::Running { main: Some(main) } if said.stopping => self.let_go(context, main),
            State::Running { main: Some(main) } => {
                if said.reloading && !said.ready {
                    let deadline = context.start_deadline();
                    self.state = State::Reloading { main, asked_at: None, deadline };
                }
            }
            State::Reloading { main, .. } if said.stopping => {
                self.reload_result = UnitResult::Protocol;
                self.let_go(context, main);
            }
            State::Reloading { main, asked_at, deadline } => {
                // What it says of a reload that it began before it was asked is old news.
                let begun = |at| {
                    features::RELOADS
                        && said.reloading
                        && said.since.is_some_and(|since| since >= at)
                };
                let asked_at = asked_at.filter(|&at| !begun(at));
                if asked_at.is_none() && said.ready {
                    self.run(context, Some(Helper::ReloadPost), Some(main), out);
                } else {
                    self.state = State::Reloading { main, asked_at, deadline };
                }
            }
            // Ignored: nothing that it can say changes what happens next.
            State::Running { main: None }
            | State::Dead
            | State::Helper { .. }
            | State::Forked { .. }
            | State::Exited
            | State::Signaled { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => {}
        }
    }

    /// It goes by itself: it is given the time that a stop has.
    fn let_go(&mut self, context: &Context<'_, '_>, main: Main) {
        let (step, deadline) = (Step::Sigterm, context.stop_deadline());
        self.state = State::Signaled { step, main: Some(main), control: None, deadline };
    }
}
