//! What the template of an Accept=yes socket may say: its instances live in small fixed slots.

use unit::{Restart, ServiceType};

use super::Checked;
use super::service::type_of;
use crate::codes;
use crate::report::{Diagnostic, Report, Span};

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
        (&service.exec_start_pre, "ExecStartPre="),
        (&service.exec_reload, "ExecReload="),
        (&service.exec_stop, "ExecStop="),
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
            refuse(message, &command.span, "do it inside the program, or in a unit of its own");
        }
    }
    let unit = &checked.units[unit].unit;
    if let Some(check) = unit.conditions.items.iter().chain(&unit.asserts.items).next() {
        let message = "a connection's instance starts without conditions".into();
        refuse(message, &check.span, "write them into the socket");
    }
    if let (ServiceType::Oneshot | ServiceType::Notify, Some(given)) =
        (type_of(service), &service.service_type.given)
    {
        let message = "a connection's instance is Type=simple or exec".into();
        refuse(message, &given.span, "nobody waits for it: leave Type= out");
    }
    if let (false, Some(span)) = (service.restart.value == Restart::No, &service.restart.given) {
        let message = "a connection's instance ends with its connection".into();
        refuse(message, span, "leave Restart= out");
    }
}
