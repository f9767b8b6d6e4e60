//! Rules about one service.

use unit::{Emergency, Restart, ServiceType, Stdio, Terminal};

use super::Checked;
use crate::codes;
use crate::draft::{Draft, Exec, Service};
use crate::plan::terminal_of;
use crate::report::{Diagnostic, Report, Spanned};

pub(super) fn check(checked: &Checked, report: &mut Report) {
    for (unit, draft) in checked.units.iter().enumerate() {
        let Some(service) = draft.service() else { continue };
        check_has_command(draft, service, report);
        check_one_command(service, report);
        check_oneshot_ends(service, report);
        check_socket_streams(checked, unit, service, report);
        check_named_streams(checked, unit, service, report);
        check_stream_settings(service, &draft.exec, report);
        check_non_blocking(checked, unit, service, report);
        check_variables_are_set(service, &draft.exec, report);
        check_sockets_are_own(checked, unit, service, report);
    }
}

/// A service is passed the listeners of the sockets that start it, and of no others.
fn check_sockets_are_own(checked: &Checked, unit: usize, service: &Service, report: &mut Report) {
    for Spanned { value: name, span } in &service.sockets.items {
        let found = checked.units.iter().position(|draft| draft.name == *name);
        let Some(socket) = found.filter(|&socket| checked.service_of(socket) != Some(unit)) else {
            continue;
        };
        let own = checked.name(unit);
        let message = format!("`{name}` does not start `{own}`, which is to be passed it");
        let mut diagnostic = Diagnostic::new(codes::FOREIGN_SOCKETS, message, span, "");
        diagnostic = diagnostic.and(&checked.units[socket].head, "starts another service");
        report.push(diagnostic.hint(format!("write Service={own} there")));
    }
}

/// `Type=`, or what systemd takes without it.
pub(crate) fn type_of(service: &Service) -> ServiceType {
    let default = match service.exec_start.given {
        Some(_) => ServiceType::Simple,
        None => ServiceType::Oneshot,
    };
    service.service_type.value().copied().unwrap_or(default)
}

/// As in systemd a oneshot may have only an end, or only what comes of its success.
fn check_has_command(draft: &Draft, service: &Service, report: &mut Report) {
    if service.exec_start.given.is_some() {
        return;
    }
    // What it is to do may have been refused already.
    let refused = report.tells(codes::UNSUPPORTED_VALUE, &draft.file);
    let acts = refused || draft.unit.success_action.value != Emergency::None;
    let ends = service.remain_after_exit.value && !service.exec_stop.items.is_empty();
    if type_of(service) == ServiceType::Oneshot && (ends || acts) {
        return;
    }
    let message = format!("`{}` has no ExecStart=", draft.name);
    let diagnostic = Diagnostic::new(codes::NO_COMMAND, message, &draft.head, "nothing to run");
    report.push(diagnostic.hint(
        "only Type=oneshot does without, if it has RemainAfterExit=yes and ExecStop=, or \
         SuccessAction=",
    ));
}

fn check_one_command(service: &Service, report: &mut Report) {
    let [first, second, ..] = service.exec_start.items.as_slice() else { return };
    // What its type is to be may have been refused already.
    if type_of(service) != ServiceType::Oneshot && !service.service_type.refused {
        let message = "only Type=oneshot takes more than one command";
        let diagnostic =
            Diagnostic::new(codes::SEVERAL_COMMANDS, message, &second.span, "the second command");
        report.push(
            diagnostic
                .and(&first.span, "the first command")
                .hint("what comes before belongs into ExecStartPre="),
        );
    }
}

fn check_oneshot_ends(service: &Service, report: &mut Report) {
    let Some(restart) = &service.restart.given else { return };
    let endless = matches!(service.restart.value, Restart::Always | Restart::OnSuccess);
    if endless && type_of(service) == ServiceType::Oneshot {
        let message = "Type=oneshot ends by itself: restarting it after success never ends";
        let mut diagnostic =
            Diagnostic::new(codes::ONESHOT_RESTART, message, restart, "restarts after success");
        if let Some(given) = &service.service_type.given {
            diagnostic = diagnostic.and(&given.span, "ends after success");
        }
        report.push(diagnostic.hint("use Restart=on-failure, or Type=simple"));
    }
}

fn check_socket_streams(checked: &Checked, unit: usize, service: &Service, report: &mut Report) {
    let streams = [
        (service.standard_input.value.to, service.standard_input.given.clone()),
        given_stream(&service.standard_output),
        given_stream(&service.standard_error),
    ];
    let span = streams.into_iter().find(|(stream, _)| *stream == Stdio::Socket);
    let Some((_, Some(span))) = span else { return };
    let sockets: Vec<usize> = checked.sockets_of(unit).collect();
    let sections = || sockets.iter().filter_map(|&socket| checked.units[socket].socket());
    if !sockets.is_empty() && sections().all(|socket| socket.accept.value) {
        return;
    }
    let listeners: usize = sections().map(|socket| socket.listeners.items.len()).sum();
    if listeners != 1 {
        let message = match sockets.is_empty() {
            true => "a stream is to be the socket, but no socket starts this service".into(),
            false => format!("a stream is to be the socket, but there are {listeners} listeners"),
        };
        let mut diagnostic = Diagnostic::new(codes::STDIN_SOCKET, message, &span, "which socket?");
        for listener in sections().flat_map(|socket| &socket.listeners.items) {
            diagnostic = diagnostic.and(&listener.span, "a listener");
        }
        report.push(diagnostic);
    }
}

/// `fd:NAME` is one of the listeners that the service is passed.
fn check_named_streams(checked: &Checked, unit: usize, service: &Service, report: &mut Report) {
    let outputs = [&service.standard_output, &service.standard_error];
    let outputs = outputs.into_iter().filter_map(|stream| stream.given.as_ref());
    let outputs = outputs.map(|given| (&given.value, &given.span));
    let input = service.standard_input.given.as_ref();
    let streams =
        input.map(|span| (&service.standard_input.value, span)).into_iter().chain(outputs);
    let streams: Vec<_> = streams.collect();
    let on_socket = streams.iter().any(|(stream, _)| stream.to == Stdio::Socket);
    for (stream, span) in streams.iter().filter(|(stream, _)| stream.to == Stdio::Named) {
        let is_named = |&socket: &usize| {
            let Some(draft) = checked.units[socket].socket() else { return false };
            let own = draft.fd_name.value().cloned();
            !draft.accept.value && own.unwrap_or(checked.name(socket)) == stream.path
        };
        if on_socket || !checked.sockets_of(unit).any(|socket| is_named(&socket)) {
            let message =
                format!("`{}` is passed no listener `{}`", checked.name(unit), stream.path);
            let diagnostic = Diagnostic::new(codes::STDIN_SOCKET, message, span, "which socket?");
            report.push(diagnostic.hint("FileDescriptorName= of its socket names it"));
        }
    }
}

/// What goes into a pipe at once.
const INPUT_BYTES_MAX: usize = 64 << 10;

fn check_stream_settings(service: &Service, exec: &Exec, report: &mut Report) {
    let stdin = &service.standard_input;
    let length: usize = exec.input_data.items.iter().map(|item| item.value.len()).sum();
    if let Some(given) = &exec.input_data.given {
        if stdin.given.is_some() && stdin.value.to != Stdio::Data {
            let message = "the input is text, and StandardInput= says another";
            report.push(Diagnostic::new(codes::NO_EFFECT, message, given, "has no effect"));
        }
        if length > INPUT_BYTES_MAX {
            let message = format!("the input has {length} bytes, {INPUT_BYTES_MAX} is the limit");
            report.push(Diagnostic::new(codes::BAD_RANGE, message, given, "the last of it"));
        }
    }
    let streams = [&service.standard_output, &service.standard_error].map(given_stream);
    let is_tty = stdin.value.to.is_terminal() || streams.iter().any(|(to, _)| to.is_terminal());
    let is_kept = terminal_of(exec) != Terminal::default();
    if let (Some(given), false, false) = (&exec.terminal.given, is_tty, is_kept) {
        let message = "TTYPath= is about streams that are tty, and none is";
        report.push(Diagnostic::new(codes::NO_EFFECT, message, &given.span, "has no effect"));
    }
    if exec.terminal.given.is_none() && !is_tty {
        check_terminal_is_some(exec, report);
    }
}

/// A terminal that is to become something is one that the unit is about.
fn check_terminal_is_some(exec: &Exec, report: &mut Report) {
    let flags = [&exec.tty_reset, &exec.tty_hang_up, &exec.tty_disallocate];
    let flags = flags.into_iter().filter(|flag| flag.value).filter_map(|flag| flag.given.clone());
    let sizes = [&exec.tty_rows, &exec.tty_columns].into_iter();
    let sizes = sizes.filter_map(|size| size.given.as_ref().map(|given| given.span.clone()));
    for span in flags.chain(sizes) {
        let message = "there is no terminal: no stream is tty, and there is no TTYPath=";
        report.push(Diagnostic::new(codes::NO_EFFECT, message, &span, "has no effect"));
    }
}

fn given_stream(
    stream: &crate::draft::Maybe<crate::grammar::OutputStream>,
) -> (Stdio, Option<crate::report::Span>) {
    match &stream.given {
        Some(given) => (given.value.to, Some(given.span.clone())),
        None => (Stdio::Null, None),
    }
}

fn check_non_blocking(checked: &Checked, unit: usize, service: &Service, report: &mut Report) {
    let Some(span) = &service.non_blocking.given else { return };
    if service.non_blocking.value && checked.sockets_of(unit).next().is_none() {
        let message = "NonBlocking= is about listeners, and no socket starts this service";
        report.push(Diagnostic::new(codes::NO_EFFECT, message, span, "has no effect"));
    }
}

/// Variables that PID 1 sets for some service or other: systemd.exec(5).
const SET_BY_PID_1: &[&str] = &[
    "PATH",
    "USER",
    "LOGNAME",
    "HOME",
    "SHELL",
    "INVOCATION_ID",
    "SYSTEMD_EXEC_PID",
    "LISTEN_PID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "REMOTE_ADDR",
    "REMOTE_PORT",
    "NOTIFY_SOCKET",
    "MAINPID",
    "PIDFILE",
    "SERVICE_RESULT",
    "EXIT_CODE",
    "EXIT_STATUS",
    "MONITOR_UNIT",
    "MONITOR_INVOCATION_ID",
    "MONITOR_SERVICE_RESULT",
    "MONITOR_EXIT_CODE",
    "MONITOR_EXIT_STATUS",
    "TERM",
    "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY",
    "CACHE_DIRECTORY",
    "LOGS_DIRECTORY",
    "CONFIGURATION_DIRECTORY",
    "CREDENTIALS_DIRECTORY",
];

fn check_variables_are_set(service: &Service, exec: &Exec, report: &mut Report) {
    // Nobody knows here what the files say.
    if !exec.environment_files.items.is_empty() {
        return;
    }
    let commands = [
        &service.exec_condition,
        &service.exec_start_pre,
        &service.exec_start,
        &service.exec_start_post,
        &service.exec_reload,
        &service.exec_reload_post,
        &service.exec_stop,
        &service.exec_stop_post,
    ];
    for command in commands.into_iter().flat_map(|list| &list.items) {
        for name in command.value.args.iter().flat_map(|arg| arg.variables()) {
            let own = service.environment.items.iter().any(|pair| pair.value.0 == name);
            let passed = exec.pass_environment.items.iter().any(|each| each.value == name);
            if !own && !passed && !SET_BY_PID_1.contains(&name) {
                let message = format!("nobody sets ${name}: it stands for nothing");
                let label = "used in this command";
                let diagnostic =
                    Diagnostic::new(codes::UNSET_VARIABLE, message, &command.span, label);
                report.push(diagnostic.hint(format!("Environment={name}=… sets it")));
            }
        }
    }
}
