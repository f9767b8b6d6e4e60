//! Rules about what the processes of one service are given.

use super::Checked;
use crate::codes;
use crate::draft::Exec;
use crate::plan::REAL_TIME;
use crate::report::{Diagnostic, Report};

/// Highest real-time priority: sched(7).
const PRIORITY_MAX: u32 = 99;
/// Lowest priority of ioprio_set(2).
const IO_PRIORITY_MAX: u32 = 7;

pub(super) fn check(checked: &Checked, report: &mut Report) {
    for draft in &checked.units {
        check_priority(&draft.exec, report);
        check_io_priority(&draft.exec, report);
    }
}

/// Only real-time policies have priorities, and these are never 0.
fn check_priority(exec: &Exec, report: &mut Report) {
    let Some(priority) = &exec.cpu_priority.given else { return };
    let is_real_time = exec.cpu_policy.value().is_some_and(|policy| REAL_TIME.contains(policy));
    let message = match is_real_time {
        true if (1..=PRIORITY_MAX).contains(&priority.value) => return,
        true => format!("the priorities of fifo and rr are 1 to {PRIORITY_MAX}"),
        false if priority.value == 0 => return,
        false => "only CPUSchedulingPolicy=fifo and rr have priorities".into(),
    };
    report.push(Diagnostic::new(codes::BAD_RANGE, message, &priority.span, ""));
}

fn check_io_priority(exec: &Exec, report: &mut Report) {
    let Some(priority) = &exec.io_priority.given else { return };
    if priority.value > IO_PRIORITY_MAX {
        let message = format!("`IOSchedulingPriority=` must be 0 to {IO_PRIORITY_MAX}");
        report.push(Diagnostic::new(codes::BAD_RANGE, message, &priority.span, ""));
    }
}
