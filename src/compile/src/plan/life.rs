//! The settings that few services have: [`unit::ServiceMore`] with text of its own.

use unit::{
    Emergency, ExitStatuses, Millis, NotifyAccess, Preserve, Seq, ServiceMore, TimeoutMode, UnitId,
};

use super::{KindPlan, UnitPlan};
use crate::check::type_of;
use crate::draft;
use crate::emit::{commands, encode};
use crate::grammar::{Command, Status};

/// [`unit::ServiceMore`] with text of its own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::ServiceMore`")]
pub struct LifePlan {
    pub exec_condition: Vec<Command>,
    pub exec_start_post: Vec<Command>,
    pub exec_reload_post: Vec<Command>,
    pub exec_stop_post: Vec<Command>,
    pub remain_after_exit: bool,
    /// Empty if there is none.
    pub pid_file: String,
    pub notify_access: Option<NotifyAccess>,
    pub store_max: u8,
    pub store_preserve: Preserve,
    pub guess_main_pid: bool,
    pub reload_signal: u8,
    pub success: Vec<Status>,
    pub restart_prevent: Vec<Status>,
    pub restart_force: Vec<Status>,
    pub restart_delays: Vec<Millis>,
    pub runtime_max: Option<Millis>,
    pub runtime_extra: Millis,
    pub watchdog: Option<Millis>,
    pub timeout_abort: Option<Option<Millis>>,
    pub timeout_start_failure: TimeoutMode,
    pub timeout_stop_failure: TimeoutMode,
    pub restart_kill_signal: Option<u8>,
    pub final_kill_signal: u8,
    pub watchdog_signal: u8,
    pub send_sighup: bool,
    pub send_sigkill: bool,
    pub failure_action: Emergency,
    pub success_action: Emergency,
    /// Set when all units are there.
    pub monitored: Option<u16>,
}

/// What a service has from elsewhere than its own section.
pub(super) struct FromElsewhere {
    pub(super) failure_action: Emergency,
    pub(super) success_action: Emergency,
    pub(super) restart_delay: Millis,
}

/// Who is listened to, where it is not what `Type=` says.
pub(crate) fn notify_access(service: &draft::Service) -> Option<NotifyAccess> {
    let given = service.notify_access.value().copied();
    let says_more = service.watchdog.value.is_some() || service.store_max.value > 0;
    given
        .or_else(|| says_more.then_some(NotifyAccess::Main))
        .filter(|access| *access != type_of(service).notify_access())
}

/// When the store is emptied; without one it does not matter.
fn store_preserve(service: &draft::Service) -> Preserve {
    let is_there = service.store_max.value > 0;
    if is_there { service.store_preserve.value } else { Preserve::Restart }
}

impl LifePlan {
    /// Spends the rows that have their place there.
    pub(super) fn of(service: &draft::Service, elsewhere: &FromElsewhere) -> Self {
        let FromElsewhere { failure_action, success_action, restart_delay } = *elsewhere;
        let runtime_max = service.runtime_max.value;
        Self {
            exec_condition: service.exec_condition.cloned(),
            exec_start_post: service.exec_start_post.cloned(),
            exec_reload_post: service.exec_reload_post.cloned(),
            exec_stop_post: service.exec_stop_post.cloned(),
            remain_after_exit: service.remain_after_exit.value,
            pid_file: service.pid_file.value().cloned().unwrap_or_default(),
            notify_access: notify_access(service),
            store_max: u8::try_from(service.store_max.value).expect("checked to be at most 128"),
            store_preserve: store_preserve(service),
            guess_main_pid: service.guess_main_pid.value,
            reload_signal: service.reload_signal.value,
            success: service.success_exit_status.cloned(),
            restart_prevent: service.restart_prevent_status.cloned(),
            restart_force: service.restart_force_status.cloned(),
            restart_delays: restart_delays(
                service.restart_delay.value().copied().unwrap_or(restart_delay),
                service.restart_max_delay.value,
                service.restart_steps.value,
            ),
            runtime_max,
            runtime_extra: runtime_max.map_or(Millis(0), |_| service.runtime_extra.value),
            watchdog: service.watchdog.value,
            timeout_abort: service.timeout_abort.value().copied(),
            timeout_start_failure: service.timeout_start_failure.value,
            timeout_stop_failure: service.timeout_stop_failure.value,
            restart_kill_signal: service.restart_kill_signal.value().copied(),
            final_kill_signal: service.final_kill_signal.value,
            watchdog_signal: service.watchdog_signal.value,
            send_sighup: service.send_sighup.value,
            send_sigkill: service.send_sigkill.value,
            failure_action,
            success_action,
            monitored: None,
        }
    }

    /// True if the record is empty: every setting has its default.
    pub fn is_default(&self) -> bool {
        let mut is_default = false;
        self.with(&mut |more| is_default = more == ServiceMore::DEFAULT);
        is_default
    }

    /// Lends it in the table's form.
    pub fn with(&self, then: &mut dyn FnMut(ServiceMore<'_>)) {
        let [condition, start_post, reload_post, stop_post] = [
            commands(&self.exec_condition),
            commands(&self.exec_start_post),
            commands(&self.exec_reload_post),
            commands(&self.exec_stop_post),
        ];
        let pid_file = match self.pid_file.as_str() {
            "" => String::new(),
            path => format!("{path}\0"),
        };
        let [success, prevent, force] =
            [&self.success, &self.restart_prevent, &self.restart_force].map(|list| split(list));
        let delays: Vec<u8> = self.restart_delays.iter().flat_map(encode).collect();
        then(ServiceMore {
            exec_condition: Seq::from_bytes(&condition),
            exec_start_post: Seq::from_bytes(&start_post),
            exec_reload_post: Seq::from_bytes(&reload_post),
            exec_stop_post: Seq::from_bytes(&stop_post),
            remain_after_exit: self.remain_after_exit,
            pid_file: &pid_file,
            notify_access: self.notify_access,
            store_max: self.store_max,
            store_preserve: self.store_preserve,
            guess_main_pid: self.guess_main_pid,
            reload_signal: self.reload_signal,
            success: ExitStatuses { codes: &success.0, signals: &success.1 },
            restart_prevent: ExitStatuses { codes: &prevent.0, signals: &prevent.1 },
            restart_force: ExitStatuses { codes: &force.0, signals: &force.1 },
            restart_delays: Seq::from_bytes(&delays),
            runtime_max: self.runtime_max,
            runtime_extra: self.runtime_extra,
            watchdog: self.watchdog,
            timeout_abort: self.timeout_abort,
            timeout_start_failure: self.timeout_start_failure,
            timeout_stop_failure: self.timeout_stop_failure,
            restart_kill_signal: self.restart_kill_signal,
            final_kill_signal: self.final_kill_signal,
            watchdog_signal: self.watchdog_signal,
            send_sighup: self.send_sighup,
            send_sigkill: self.send_sigkill,
            failure_action: self.failure_action,
            success_action: self.success_action,
            monitored: self.monitored.map(UnitId),
        });
    }
}

/// Tells each service of the only one that has it in its `OnFailure=` or `OnSuccess=`: of several
/// nobody knows which one it was, as with systemd.
pub(super) fn tell_monitors(units: &mut [UnitPlan]) {
    for number in 0..units.len() {
        let names = |unit: &UnitPlan| {
            let more = &unit.edges.more;
            let own = u16::try_from(number).unwrap_or(u16::MAX);
            more.on_failure.contains(&own) || more.on_success.contains(&own)
        };
        let mut naming = units.iter().enumerate().filter(|(_, unit)| names(unit));
        let (Some((only, monitored)), None) = (naming.next(), naming.next()) else { continue };
        if let KindPlan::Service(service) = &monitored.kind
            && !service.per_connection
            && let KindPlan::Service(service) = &mut units[number].kind
        {
            service.life.monitored = u16::try_from(only).ok();
        }
    }
}

/// Exit codes and signals, each in their own list.
fn split(statuses: &[Status]) -> (Vec<u8>, Vec<u8>) {
    let (mut codes, mut signals) = (Vec::new(), Vec::new());
    for status in statuses {
        match *status {
            Status::Code(code) => codes.push(code),
            Status::Signal(signal) => signals.push(signal),
        }
    }
    (codes, signals)
}

/// The pause before each restart, from `first` by the same factor each time to `longest`, which
/// is that of all that follow. Nothing if it does not grow. As systemd reckons.
fn restart_delays(first: Millis, longest: Option<Millis>, steps: u32) -> Vec<Millis> {
    let Some(longest) = longest.filter(|longest| first.0 > 0 && first != *longest && steps > 0)
    else {
        return Vec::new();
    };
    if longest < first {
        return vec![longest];
    }
    let factor = f64::from(longest.0) / f64::from(first.0);
    let delay = |step: u32| {
        let share = f64::from(step) / f64::from(steps);
        Millis((f64::from(first.0) * factor.powf(share)).round() as u32)
    };
    (0..steps).map(delay).chain([longest]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_by_a_factor_and_stay_at_the_longest() {
        let delays = |first, longest, steps| restart_delays(Millis(first), longest, steps);
        let expected = [100, 1_000, 10_000, 100_000].map(Millis);
        assert_eq!(delays(100, Some(Millis(100_000)), 3), expected);
        assert_eq!(delays(100, Some(Millis(100)), 3), []);
        assert_eq!(delays(200, Some(Millis(100)), 3), [Millis(100)]);
        assert_eq!(delays(0, Some(Millis(100)), 3), []);
        assert_eq!(delays(100, None, 3), []);
        assert_eq!(delays(100, Some(Millis(1_000)), 0), []);
    }
}
