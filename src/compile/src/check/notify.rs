//! Whether READY=1 can come: systemd.service(5), Type=notify and NotifyAccess=.

use unit::{NotifyAccess, ServiceType};

use super::Checked;
use super::service::type_of;
use crate::codes;
use crate::draft::Service;
use crate::grammar::{Arg, Command};
use crate::report::{Diagnostic, Report, Span};

/// Programs that read their commands from `-c`.
const SHELLS: [&str; 5] = ["sh", "ash", "bash", "dash", "ksh"];

pub(super) fn check(checked: &Checked, report: &mut Report) {
    let services = checked.units.iter().filter_map(|draft| draft.service());
    let waits = |service: &&Service| {
        matches!(type_of(service), ServiceType::Notify | ServiceType::NotifyReload)
    };
    for service in services.clone() {
        check_watchdog_is_heard(service, report);
    }
    for service in services.filter(waits) {
        check_ready_is_heard(service, report);
        check_no_shell_between(service, report);
    }
}

/// Where it says that nobody is listened to.
fn silence(service: &Service) -> Option<&Span> {
    let access = service.notify_access.given.as_ref()?;
    (access.value == NotifyAccess::None).then_some(&access.span)
}

fn check_ready_is_heard(service: &Service, report: &mut Report) {
    let (Some(access), Some(type_)) = (silence(service), &service.service_type.given) else {
        return;
    };
    let message = "the service waits for READY=1, and nobody may say it";
    let diagnostic =
        Diagnostic::new(codes::UNREACHABLE_READY, message, access, "nobody is listened to");
    report.push(diagnostic.and(&type_.span, "waits for READY=1").hint("leave NotifyAccess= out"));
}

fn check_watchdog_is_heard(service: &Service, report: &mut Report) {
    let (Some(access), Some(watchdog)) = (silence(service), &service.watchdog.given) else {
        return;
    };
    if service.watchdog.value.is_some() {
        let message = "the service must say WATCHDOG=1, and nobody may say it";
        let diagnostic =
            Diagnostic::new(codes::UNREACHABLE_READY, message, access, "nobody is listened to");
        report.push(diagnostic.and(watchdog, "waits for it").hint("leave NotifyAccess= out"));
    }
}

fn check_no_shell_between(service: &Service, report: &mut Report) {
    let Some(type_) = &service.service_type.given else { return };
    if service.notify_access.value() == Some(&NotifyAccess::All) {
        return;
    }
    for command in service.exec_start.items.iter().filter(|command| stays_shell(&command.value)) {
        let message = "the main process is a shell, and READY=1 counts only from the main process";
        let diagnostic =
            Diagnostic::new(codes::SHELL_NOTIFIES, message, &command.span, "the main process");
        let hint = "put `exec` before the program in the script, run it without a shell, or say \
                    NotifyAccess=all";
        report.push(diagnostic.and(&type_.span, "waits for READY=1").hint(hint));
    }
}

/// True for `sh -c` with a script that goes on after its program.
fn stays_shell(command: &Command) -> bool {
    let name = command.path.rsplit('/').next().unwrap_or_default();
    let mut words = command.args.iter().skip_while(|arg| **arg != Arg::Literal("-c".into()));
    let script = words.nth(1);
    let execs = match script {
        Some(Arg::Literal(script)) => script.contains("exec "),
        Some(Arg::Expand(_) | Arg::Split(_)) => true,
        None => return false,
    };
    SHELLS.contains(&name) && !execs
}
