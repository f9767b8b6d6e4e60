//! Mounts and swap units: what each must say, and who needs which. systemd.mount(5),
//! systemd.swap(5), systemd.unit(5), "RequiresMountsFor=".

use unit::limits::NOTIFY_SOCKET;

use super::root::root_of;
use super::{Checked, Edge, EdgeKind, Why};
use crate::codes;
use crate::draft::Draft;
use crate::grammar::{Address, MOUNT_DATA_MAX, MountOption};
use crate::names::{Kind, escape_path};
use crate::plan::mount_plan::place_of;
use crate::plan::timer_plan::keeps;
use crate::report::{Diagnostic, Report};

pub(super) fn check(checked: &Checked, report: &mut Report) {
    for draft in &checked.units {
        check_place_is_named(draft, report);
        check_area_is_named(draft, report);
        check_says_what(draft, report);
        check_options_fit(draft, report);
    }
}

/// What PID 1 mounts before any unit is.
pub(crate) const API: [&str; 7] =
    ["/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/run", "/sys/fs/cgroup"];

fn check_place_is_named(draft: &Draft, report: &mut Report) {
    let Some(mount) = draft.mount() else { return };
    let place = place_of(mount, &draft.name);
    let given = mount.place.given.as_ref().map(|given| given.span.clone());
    let span = given.unwrap_or_else(|| draft.head.clone());
    let named = format!("{}.mount", escape_path(&place));
    if API.contains(&place.as_str()) {
        let message = format!("{place} is mounted before any unit: PID 1 does it");
        let diagnostic = Diagnostic::new(codes::MOUNT_NAME, message, &span, "");
        report.push(diagnostic.hint("leave the unit out"));
    } else if named != draft.name.to_string() {
        let message = format!("`{}` is not the name for a mount at {place}", draft.name);
        let diagnostic = Diagnostic::new(codes::MOUNT_NAME, message, &span, "");
        report.push(diagnostic.hint(format!("call the file `{named}`")));
    }
}

fn check_area_is_named(draft: &Draft, report: &mut Report) {
    let Some(what) = draft.swap().and_then(|swap| swap.swap_what.given.as_ref()) else { return };
    let named = format!("{}.swap", escape_path(&what.value));
    if !what.value.starts_with('/') {
        let message = format!("{} is no path", what.value);
        let diagnostic = Diagnostic::new(codes::BAD_VALUE, message, &what.span, "");
        report.push(diagnostic.hint("write the path of a device or of a file"));
    } else if named != draft.name.to_string() {
        let message = format!("`{}` is not the name for a swap area at {}", draft.name, what.value);
        let diagnostic = Diagnostic::new(codes::MOUNT_NAME, message, &what.span, "");
        report.push(diagnostic.hint(format!("call the file `{named}`")));
    }
}

fn check_says_what(draft: &Draft, report: &mut Report) {
    let (what, does) = match (draft.mount(), draft.swap()) {
        (Some(mount), _) => (&mount.what, "mounted"),
        (None, Some(swap)) => (&swap.swap_what, "swapped to"),
        (None, None) => return,
    };
    if what.given.is_none() {
        let message = format!("`{}` does not say what is {does}", draft.name);
        report.push(Diagnostic::new(codes::NOTHING_TO_MOUNT, message, &draft.head, "no What="));
    }
}

fn check_options_fit(draft: &Draft, report: &mut Report) {
    let Some(mount) = draft.mount() else { return };
    let lengths = mount.options.items.iter().map(|item| match &item.value {
        MountOption::Data(word) => word.len() + 1,
        MountOption::Flag(..)
        | MountOption::Propagation(_)
        | MountOption::Network
        | MountOption::NoFail
        | MountOption::DeviceTimeout(_) => 0,
    });
    if let (true, Some(span)) = (lengths.sum::<usize>() > MOUNT_DATA_MAX, &mount.options.given) {
        let message = format!("the kernel takes {MOUNT_DATA_MAX} bytes of options");
        report.push(Diagnostic::new(codes::BAD_RANGE, message, span, ""));
    }
}

/// True if a path lies in what is mounted there, or is it.
pub(super) fn lies_in(path: &str, place: &str) -> bool {
    let rest = path.strip_prefix(place.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The edges from a unit to the mounts that its paths lie in.
pub(super) fn edges(units: &[Draft], unit: usize, stamps: &str, edges: &mut Vec<Edge>) {
    let paths = paths(&units[unit], stamps);
    for (number, draft) in units.iter().enumerate() {
        let Some(mount) = draft.mount().filter(|_| number != unit) else { continue };
        let place = place_of(mount, &draft.name);
        let own = units[unit].mount().map(|mount| place_of(mount, &units[unit].name));
        for (path, kind, why) in &paths {
            // What is mounted at the very place a unit mounts at cannot be below it.
            if lies_in(path, &place) && own.as_ref() != Some(&place) {
                let edge = |kind| Edge { from: unit, to: number, kind, why: why.clone() };
                edges.extend([edge(*kind), edge(EdgeKind::After)]);
            }
        }
    }
}

/// The paths that a unit cannot do without, or would like to have.
fn paths(draft: &Draft, stamps: &str) -> Vec<(String, EdgeKind, Why)> {
    let mut paths = Vec::new();
    for (list, kind) in [
        (&draft.unit.requires_mounts_for, EdgeKind::Requires),
        (&draft.unit.wants_mounts_for, EdgeKind::Wants),
    ] {
        let written = list.items.iter();
        paths.extend(
            written.map(|item| (item.value.clone(), kind, Why::Written(item.span.clone()))),
        );
    }
    let mut imply = |path: &str, kind, why| {
        if path.starts_with('/') {
            paths.push((path.to_string(), kind, Why::Implied(why)));
        }
    };
    let root = root_of(&draft.exec).map_or("", |(root, _)| root);
    imply(root, EdgeKind::Requires, "a service needs its root directory");
    if !root.is_empty() {
        let socket = format!("{root}{NOTIFY_SOCKET}");
        imply(&socket, EdgeKind::Requires, "a service speaks to a socket in its root directory");
    }
    if let Some(directory) = draft.service().and_then(|each| each.working_directory.value()) {
        let kind = if directory.optional { EdgeKind::Wants } else { EdgeKind::Requires };
        let path = directory.path.trim_end_matches('\0');
        let path = if path.starts_with('/') { format!("{root}{path}") } else { String::new() };
        imply(&path, kind, "a service needs its working directory");
    }
    if let Some(socket) = draft.socket() {
        for listener in &socket.listeners.items {
            if let Address::Path(path) = &listener.value.address {
                imply(path, EdgeKind::Requires, "a socket needs the folder of its node");
            }
        }
    }
    if draft.timer().is_some_and(keeps) {
        imply(stamps, EdgeKind::Requires, "a timer needs where it keeps when it last elapsed");
    }
    for item in draft.path().iter().flat_map(|path| &path.watched.items) {
        imply(&item.value.1, EdgeKind::Requires, "a path unit needs what it looks into");
    }
    let area = draft.swap().and_then(|swap| swap.swap_what.value());
    if let Some(what) = area.filter(|what| !what.starts_with("/dev/")) {
        imply(what, EdgeKind::Requires, "a swap unit needs what its file lies in");
    }
    if let (Some(mount), Kind::Mount) = (draft.mount(), draft.name.kind) {
        let place = place_of(mount, &draft.name);
        imply(&place, EdgeKind::Requires, "a mount needs what it lies in");
        if let Some(what) = mount.what.value().filter(|what| !what.starts_with("/dev/")) {
            imply(what, EdgeKind::Requires, "a mount needs what it binds");
        }
    }
    paths
}
