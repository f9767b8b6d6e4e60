//! Conditions and asserts that cannot come out otherwise, and too many of them.

use unit::CHECKS_MAX;

use super::Checked;
use crate::codes;
use crate::draft::Many;
use crate::grammar::Checks;
use crate::report::{Diagnostic, Report};

pub(super) fn check(checked: &Checked, report: &mut Report) {
    for draft in &checked.units {
        check_can_be_met(&draft.unit.conditions, "is never started", report);
        check_can_be_met(&draft.unit.asserts, "never starts", report);
        let mut all = draft.unit.conditions.items.iter().chain(&draft.unit.asserts.items);
        if let Some(check) = all.nth(CHECKS_MAX) {
            let message = format!("a unit can have {CHECKS_MAX} conditions and asserts");
            report.push(Diagnostic::new(codes::BAD_RANGE, message, &check.span, "one too many"));
        }
    }
}

fn check_can_be_met(list: &Many<Checks>, end: &str, report: &mut Report) {
    let unmet = list.items.iter().filter(|item| item.value.verdict() == Some(false));
    for item in unmet.filter(|item| !item.value.is_trigger) {
        let message = format!("known at build: it does not hold, and the unit {end}");
        let diagnostic = Diagnostic::new(codes::NEVER_MET, message, &item.span, "");
        report.push(diagnostic.hint("leave the unit out of this board"));
    }
}
