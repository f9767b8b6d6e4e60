//! Settings of a service's life that say nothing where they stand, and whose they are.

use unit::ServiceType;

use super::Checked;
use super::service::type_of;
use crate::codes;
use crate::draft::{Draft, Service};
use crate::load::BoardDraft;
use crate::report::{Diagnostic, Report, Span};

/// The longest list of growing pauses.
const RESTART_STEPS_MAX: u32 = 255;
/// The most descriptors that are stored for a service: each has a number reserved in PID 1.
const STORE_MAX: u32 = 128;

pub(super) fn check(checked: &Checked, board: &BoardDraft, report: &mut Report) {
    for draft in &checked.units {
        let Some(service) = draft.service() else {
            check_actions(draft, report);
            continue;
        };
        check_effects(service, board, report);
        check_steps(service, report);
        check_store(service, report);
    }
}

/// Directives that are about something else than this service has.
fn check_effects(service: &Service, board: &BoardDraft, report: &mut Report) {
    let type_ = type_of(service);
    // What was refused may have been the one that is wanted.
    let is = |wanted| service.service_type.refused || type_ == wanted;
    let forking = is(ServiceType::Forking);
    let pid_file = service.pid_file.given.as_ref().map(|given| &given.span);
    let guess = service.guess_main_pid.given.as_ref();
    let by_signal = is(ServiceType::NotifyReload);
    let endless = service.runtime_max.value.is_none();
    let steps = service.restart_steps.value > 0;
    let grows = steps && service.restart_max_delay.value.is_some();
    let pause = service.restart_delay.given.as_ref().map(|given| &given.span);
    let longest = service.restart_max_delay.value;
    let first = service.restart_delay.value().copied();
    let first = first.unwrap_or(board.manager.default_restart_delay.value);
    let rows: [(Option<&Span>, bool, &str); 9] = [
        (pid_file, forking, "PIDFile= goes with Type=forking"),
        (guess, forking, "GuessMainPID= goes with Type=forking"),
        (
            service.reload_signal.given.as_ref(),
            by_signal,
            "ReloadSignal= goes with Type=notify-reload",
        ),
        (
            service.runtime_max.given.as_ref(),
            endless || type_ != ServiceType::Oneshot,
            "RuntimeMaxSec= does not count while a oneshot is starting: TimeoutStartSec= does",
        ),
        (
            service.runtime_extra.given.as_ref(),
            !endless,
            "RuntimeRandomizedExtraSec= goes with RuntimeMaxSec=",
        ),
        (
            service.store_preserve.given.as_ref(),
            service.store_max.value > 0,
            "FileDescriptorStorePreserve= goes with FileDescriptorStoreMax=",
        ),
        (
            service.restart_steps.given.as_ref(),
            grows || !steps,
            "RestartSteps= goes with RestartMaxDelaySec=",
        ),
        (
            service.restart_max_delay.given.as_ref(),
            grows || service.restart_max_delay.value.is_none(),
            "RestartMaxDelaySec= goes with RestartSteps=",
        ),
        (
            pause.or(service.restart_max_delay.given.as_ref()),
            !steps || longest.is_none_or(|longest| first <= longest),
            "RestartMaxDelaySec= is less than RestartSec=, and takes its place",
        ),
    ];
    for (given, has_effect, message) in rows {
        if let (Some(span), false) = (given, has_effect) {
            report.push(Diagnostic::new(codes::NO_EFFECT, message, span, "has no effect"));
        }
    }
}

fn check_steps(service: &Service, report: &mut Report) {
    if let Some(span) = &service.restart_steps.given
        && service.restart_steps.value > RESTART_STEPS_MAX
    {
        let message = format!("RestartSteps= is at most {RESTART_STEPS_MAX}");
        report.push(Diagnostic::new(codes::BAD_RANGE, message, span, "too many steps"));
    }
}

fn check_store(service: &Service, report: &mut Report) {
    if let Some(span) = &service.store_max.given
        && service.store_max.value > STORE_MAX
    {
        let message = format!("FileDescriptorStoreMax= is at most {STORE_MAX}");
        let diagnostic =
            Diagnostic::new(codes::UNSUPPORTED_VALUE, message, span, "too many descriptors");
        report.push(diagnostic.hint("each is memory of PID 1: say what the service really keeps"));
    }
}

/// `FailureAction=` and its kin are about services.
fn check_actions(draft: &Draft, report: &mut Report) {
    for (name, action) in [
        ("FailureAction=", &draft.unit.failure_action),
        ("SuccessAction=", &draft.unit.success_action),
    ] {
        if let Some(span) = &action.given
            && action.value != unit::Emergency::None
        {
            let message = format!("{name} is supported for services only");
            let diagnostic = Diagnostic::new(codes::UNSUPPORTED_KEY, message, span, "not here");
            report.push(diagnostic.hint("let a service that it starts have it"));
        }
    }
}
