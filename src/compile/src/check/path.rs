//! Rules about one path unit.

use unit::CHANGES_MAX;

use super::Checked;
use crate::codes;
use crate::report::{Diagnostic, Report};

pub(super) fn check(checked: &Checked, report: &mut Report) {
    for draft in &checked.units {
        let Some(path) = draft.path() else { continue };
        let mut changes = path.watched.items.iter().filter(|item| item.value.0.is_change());
        if let Some(extra) = changes.nth(CHANGES_MAX) {
            let message = format!("a path unit has {CHANGES_MAX} paths at most that may change");
            let diagnostic = Diagnostic::new(codes::TOO_MANY, message, &extra.span, "");
            report.push(diagnostic.hint("spread them over several path units"));
        }
        if path.watched.given.is_none() {
            let message = format!("`{}` has nothing to look at", draft.name);
            let diagnostic =
                Diagnostic::new(codes::WATCHES_NOTHING, message, &draft.head, "no path");
            report.push(diagnostic.hint("add PathExists=, or one of its kin"));
        }
    }
}
