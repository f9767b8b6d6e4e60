//! `ProtectSystem=`, `BindPaths=` and their kin: what cannot be put together.

use unit::TREES_MAX;

use super::Checked;
use super::root::root_of;
use crate::codes;
use crate::draft::{Draft, Exec};
use crate::plan::DirectoryPlan;
use crate::plan::namespace::{Entry, Fate, entries};
use crate::report::{Diagnostic, Report, Span};

pub(super) fn check(checked: &Checked, report: &mut Report) {
    for draft in &checked.units {
        let entries = entries(&draft.exec, &DirectoryPlan::all(&draft.exec));
        check_root(&draft.exec, report);
        check_top(&entries, report);
        check_astray(&entries, report);
        check_count(draft, &entries, report);
    }
}

/// The first directive that is about all this.
fn first_of(exec: &Exec) -> Option<&Span> {
    let scalars = [
        exec.protect_system.given.as_ref(),
        exec.protect_home.given.as_ref(),
        exec.private_tmp.given.as_ref(),
        exec.private_mounts.given.as_ref(),
        exec.protect_kernel_tunables.given.as_ref(),
        exec.protect_kernel_modules.given.as_ref(),
        exec.protect_control_groups.given.as_ref(),
    ];
    let lists = [
        exec.read_write_paths.given.as_ref(),
        exec.read_only_paths.given.as_ref(),
        exec.inaccessible_paths.given.as_ref(),
        exec.bind_paths.given.as_ref(),
        exec.bind_read_only_paths.given.as_ref(),
        exec.temporary_file_systems.given.as_ref(),
    ];
    scalars.into_iter().chain(lists).flatten().next()
}

/// Both would be put together in one root that is none yet.
fn check_root(exec: &Exec, report: &mut Report) {
    let (Some((_, root)), Some(own)) = (root_of(exec), first_of(exec)) else { return };
    if exec.private_mounts.given.as_ref() == Some(own) && !exec.private_mounts.value {
        return;
    }
    let message = "what a service sees of the board cannot be changed in a RootDirectory=";
    let diagnostic = Diagnostic::new(codes::NAMESPACE, message, own, "about the board's paths");
    let hint = "make the folder what the service is to see, by mount units";
    report.push(diagnostic.and(root, "another root").hint(hint));
}

/// Who stands in a root directory does not see what is put on it.
fn check_top(entries: &[Entry<'_>], report: &mut Report) {
    for entry in entries.iter().filter(|entry| entry.path == "/") {
        let Some(span) = entry.span else { continue };
        let message = match entry.fate {
            Fate::Sealed | Fate::Open | Fate::Kept => continue,
            Fate::Hidden => "a program that may not enter `/` cannot be executed",
            Fate::Bound { .. } | Fate::Tmp(_) | Fate::Memory { .. } => {
                "nothing can be put in the place of `/`"
            }
        };
        let diagnostic = Diagnostic::new(codes::NAMESPACE, message, span, "");
        report.push(diagnostic.hint("RootDirectory= is for another root"));
    }
}

/// What a unit calls writable or read-only lies on what it puts in the place of the board's.
fn check_astray(entries: &[Entry<'_>], report: &mut Report) {
    for entry in entries {
        let (Some(span), Fate::Open | Fate::Sealed) = (entry.span, &entry.fate) else { continue };
        let above = entries.iter().rev().find(|each| each.is_above(&entry.path));
        let Some(above) = above.filter(|above| above.is_foreign()) else { continue };
        let message = format!("`{}` is not the board's `{}`", entry.path, entry.path);
        let diagnostic =
            Diagnostic::new(codes::NAMESPACE, message, span, "has another in its place");
        let diagnostic = match above.span {
            Some(above) => diagnostic.and(above, "by this"),
            None => diagnostic,
        };
        report
            .push(diagnostic.hint("BindPaths= brings a folder there, BindReadOnlyPaths= likewise"));
    }
}

fn check_count(draft: &Draft, entries: &[Entry<'_>], report: &mut Report) {
    let is_taken = |entry: &&Entry<'_>| !matches!(entry.fate, Fate::Hidden | Fate::Memory { .. });
    let count = entries.iter().filter(is_taken).count();
    if let Some(last) = entries.iter().rev().find_map(|entry| entry.span)
        && count > TREES_MAX
    {
        let message = format!(
            "`{}` takes {count} paths apart, of which there may be {TREES_MAX}",
            draft.name
        );
        let diagnostic = Diagnostic::new(codes::NAMESPACE, message, last, "one of them");
        report.push(diagnostic.hint("name folders instead of what is in them"));
    }
}
