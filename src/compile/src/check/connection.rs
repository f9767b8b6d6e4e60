//! What the template of an Accept=yes socket may say: its instances live in small fixed slots.

use unit::{Emergency, NotifyAccess, Restart, ServiceType, TimeoutMode};

use super::Checked;
use super::service::type_of;
use crate::codes;
use crate::draft::{One, Service};
use crate::grammar::EmergencyName;
use crate::report::{Diagnostic, Report, Span};

/// What a connection's instance cannot have, for the manual, and what to do instead.
pub(crate) const REFUSED: &[(&str, &str)] = &[
    ("ExecCondition=", IN_PROGRAM),
    ("ExecStartPre=", IN_PROGRAM),
    ("ExecStartPost=", IN_PROGRAM),
    ("ExecReload=", IN_PROGRAM),
    ("ExecReloadPost=", IN_PROGRAM),
    ("ExecStop=", IN_PROGRAM),
    ("ExecStopPost=", IN_PROGRAM),
    ("Condition…=, Assert…=", IN_SOCKET),
    ("Type= other than simple, exec and idle", NOT_WAITED_FOR),
    ("Restart= other than no", "leave Restart= out"),
    ("RemainAfterExit=yes", LEAVE_OUT),
    ("RuntimeMaxSec=", LEAVE_OUT),
    ("RestartKillSignal=", LEAVE_OUT),
    ("FinalKillSignal=", LEAVE_OUT),
    ("SendSIGHUP=yes", LEAVE_OUT),
    ("SendSIGKILL=no", LEAVE_OUT),
    ("TimeoutStopFailureMode= other than terminate", LEAVE_OUT),
    ("FailureAction=", LEAVE_OUT),
    ("SuccessAction=", LEAVE_OUT),
    ("RestartForceExitStatus=", LEAVE_OUT),
    ("MemoryMax=, CPUQuota=, OOMPolicy=kill and their kin", IN_SLICE),
];
/// All connections of one socket are in one control group.
const IN_SLICE: &str = "limit all together: write it into a slice, and Slice= here";
const IN_PROGRAM: &str = "do it inside the program, or in a unit of its own";
const IN_SOCKET: &str = "write them into the socket";
const NOT_WAITED_FOR: &str = "nobody waits for it: leave Type= out";
const LEAVE_OUT: &str = "leave it out";

pub(super) fn check(checked: &Checked, report: &mut Report) {
    for &(socket, service) in &checked.triggers {
        let Some(accept) = checked.units[socket].socket() else { continue };
        if accept.accept.value {
            let because = accept.accept.given.as_ref();
            check_template_is_small(checked, service, because, report);
        }
    }
}

fn check_template_is_small(
    checked: &Checked,
    unit: usize,
    because: Option<&Span>,
    report: &mut Report,
) {
    let Some(service) = checked.units[unit].service() else { return };
    let list = [
        (&service.exec_condition, "ExecCondition="),
        (&service.exec_start_pre, "ExecStartPre="),
        (&service.exec_start_post, "ExecStartPost="),
        (&service.exec_reload, "ExecReload="),
        (&service.exec_reload_post, "ExecReloadPost="),
        (&service.exec_stop, "ExecStop="),
        (&service.exec_stop_post, "ExecStopPost="),
    ];
    let mut refuse = |message: String, span: &Span, hint: &str| {
        let mut diagnostic =
            Diagnostic::new(codes::CONNECTION_TEMPLATE, message, span, "not for a connection");
        if let Some(accept) = because {
            diagnostic = diagnostic.and(accept, "each connection gets an instance");
        }
        report.push(diagnostic.hint(hint));
    };
    for (commands, name) in list {
        if let Some(command) = commands.items.first() {
            let message = format!("a connection's instance runs one command, no {name}");
            refuse(message, &command.span, IN_PROGRAM);
        }
    }
    let common = &checked.units[unit].unit;
    if let Some(check) = common.conditions.items.iter().chain(&common.asserts.items).next() {
        let message = "a connection's instance starts without conditions".into();
        refuse(message, &check.span, IN_SOCKET);
    }
    let exec = &checked.units[unit].exec;
    let credentials = [&exec.load_credential.given, &exec.set_credential.given];
    if let Some(span) = credentials.into_iter().flatten().next() {
        let message = "connections of one service cannot have credentials of their own".into();
        refuse(message, span, "let the program read the file");
    }
    let oom = service.oom_policy.given.as_ref().filter(|_| service.oom_policy.value);
    if let Some(span) = oom.or(checked.units[unit].resources.first_limit()) {
        let message = "connections of one service share a control group".into();
        refuse(message, span, IN_SLICE);
    }
    let waited_for = match type_of(service) {
        ServiceType::Simple | ServiceType::Exec | ServiceType::Idle => false,
        ServiceType::Oneshot
        | ServiceType::Notify
        | ServiceType::NotifyReload
        | ServiceType::Forking => true,
    };
    if let (true, Some(given)) = (waited_for, &service.service_type.given) {
        let message = "a connection's instance is Type=simple or exec".into();
        refuse(message, &given.span, NOT_WAITED_FOR);
    }
    if let (false, Some(span)) = (service.restart.value == Restart::No, &service.restart.given) {
        let message = "a connection's instance ends with its connection".into();
        refuse(message, span, "leave Restart= out");
    }
    for (given, name) in of_a_longer_life(checked, unit, service) {
        if let Some(span) = given {
            let message = format!("a connection's instance lives no longer than it: no {name}");
            refuse(message, span, LEAVE_OUT);
        }
    }
}

/// Directives of a life that an instance does not have, where they are given.
fn of_a_longer_life<'a>(
    checked: &'a Checked,
    unit: usize,
    service: &'a Service,
) -> [(Option<&'a Span>, &'static str); 13] {
    let common = &checked.units[unit].unit;
    let access = service.notify_access.given.as_ref();
    let set = |is_set: bool, span: &'a Option<Span>| span.as_ref().filter(|_| is_set);
    let restart_signal = service.restart_kill_signal.given.as_ref();
    let acts = |action: &'a One<EmergencyName>| set(action.value != Emergency::None, &action.given);
    [
        (
            set(service.remain_after_exit.value, &service.remain_after_exit.given),
            "RemainAfterExit=",
        ),
        (set(service.runtime_max.value.is_some(), &service.runtime_max.given), "RuntimeMaxSec="),
        (
            access.filter(|given| given.value != NotifyAccess::None).map(|given| &given.span),
            "NotifyAccess=",
        ),
        (set(service.store_max.value > 0, &service.store_max.given), "FileDescriptorStoreMax="),
        (set(service.watchdog.value.is_some(), &service.watchdog.given), "WatchdogSec="),
        (restart_signal.map(|given| &given.span), "RestartKillSignal="),
        (
            set(service.final_kill_signal.value != 9, &service.final_kill_signal.given),
            "FinalKillSignal=",
        ),
        (set(service.send_sighup.value, &service.send_sighup.given), "SendSIGHUP="),
        (set(!service.send_sigkill.value, &service.send_sigkill.given), "SendSIGKILL="),
        (
            set(
                service.timeout_stop_failure.value != TimeoutMode::Terminate,
                &service.timeout_stop_failure.given,
            ),
            "TimeoutStopFailureMode=",
        ),
        (acts(&common.failure_action), "FailureAction="),
        (acts(&common.success_action), "SuccessAction="),
        (service.restart_force_status.given.as_ref(), "RestartForceExitStatus="),
    ]
}
