//! `RootDirectory=`: systemd mounts in it what services need, here only mount units do.

use unit::NotifyAccess;

use super::Checked;
use super::mounts::lies_in;
use super::service::type_of;
use crate::codes;
use crate::draft::{Draft, Exec, Service};
use crate::plan::mount_plan::place_of;
use crate::plan::notify_access;
use crate::report::{Diagnostic, Report, Span};

/// The folder of NOTIFY_SOCKET.
const NOTIFY: &str = "/run/pilot";

pub(super) fn check(checked: &Checked, report: &mut Report) {
    for draft in &checked.units {
        let Some(service) = draft.service() else { continue };
        match root_of(&draft.exec) {
            Some((root, span)) => {
                check_nothing_is_mounted(&draft.exec, span, report);
                check_folders(&draft.exec, span, report);
                check_is_heard(checked, service, (root, span), report);
            }
            None => check_has_root(&draft.exec, report),
        }
    }
}

/// Another root directory than the board's.
pub(super) fn root_of(exec: &Exec) -> Option<(&str, &Span)> {
    let given = exec.root_directory.given.as_ref().filter(|given| given.value != "/");
    given.map(|given| (given.value.as_str(), &given.span))
}

fn check_has_root(exec: &Exec, report: &mut Report) {
    let api = exec.mount_api.given.as_ref().filter(|given| given.value).map(|given| &given.span);
    let only = exec.root_start_only.given.as_ref().filter(|_| exec.root_start_only.value);
    for span in api.into_iter().chain(only) {
        let message = "this is about RootDirectory=, and there is none";
        report.push(Diagnostic::new(codes::NO_EFFECT, message, span, "has no effect"));
    }
}

fn check_nothing_is_mounted(exec: &Exec, root: &Span, report: &mut Report) {
    let given = exec.mount_api.given.as_ref();
    if given.is_some_and(|given| !given.value) {
        return;
    }
    let message = "systemd mounts /proc, /sys, /dev and /run in a root directory, `pilot` does not";
    let mut diagnostic = Diagnostic::new(codes::ROOT_DIRECTORY, message, root, "nothing is there");
    if let Some(given) = given {
        diagnostic = diagnostic.and(&given.span, "is not done");
    }
    let hint = "say MountAPIVFS=no, and mount what the program needs by mount units";
    report.push(diagnostic.hint(hint));
}

fn check_folders(exec: &Exec, root: &Span, report: &mut Report) {
    let folders = [
        &exec.runtime_directory.given,
        &exec.state_directory.given,
        &exec.cache_directory.given,
        &exec.logs_directory.given,
        &exec.configuration_directory.given,
        &exec.load_credential.given,
        &exec.set_credential.given,
    ];
    for span in folders.into_iter().flatten() {
        let message = "what is made for the service is not in its root directory";
        let diagnostic = Diagnostic::new(codes::ROOT_DIRECTORY, message, span, "made outside");
        let hint = "make the folder below the root directory, by tmpfiles.d or ExecStartPre=";
        report.push(diagnostic.and(root, "cannot see it").hint(hint));
    }
}

/// The socket must be in there, if the service is listened to.
fn check_is_heard(
    checked: &Checked,
    service: &Service,
    (root, span): (&str, &Span),
    report: &mut Report,
) {
    let access = notify_access(service).unwrap_or(type_of(service).notify_access());
    let socket = format!("{root}{NOTIFY}");
    let is_there = |draft: &Draft| {
        let place = draft.mount().map(|mount| place_of(mount, &draft.name));
        place.is_some_and(|place| {
            lies_in(&socket, &place) && lies_in(&place, root) && place.len() > root.len()
        })
    };
    if access == NotifyAccess::None || checked.units.iter().any(is_there) {
        return;
    }
    let message = "the service is listened to, and NOTIFY_SOCKET is not in its root directory";
    let diagnostic = Diagnostic::new(codes::ROOT_DIRECTORY, message, span, "nothing is there");
    report.push(diagnostic.hint(format!("bind {NOTIFY} to {socket} by a mount unit")));
}
