//! Rules about one timer.

use unit::calendar::Zone;
use unit::{DELAYS_MAX, Since};

use super::{Checked, EdgeKind};
use crate::codes;
use crate::draft::{Draft, Timer};
use crate::grammar::Elapse;
use crate::plan::timer_plan::keeps;
use crate::report::{Diagnostic, Report};

/// 2025-11-01: no board ran this before. What is over then is over for all, whenever the image is
/// built: the build looks at no clock.
const BEGIN_US: u64 = 1_761_955_200_000_000;

pub(super) fn check(checked: &Checked, report: &mut Report) {
    for (number, draft) in checked.units.iter().enumerate() {
        let Some(timer) = draft.timer() else { continue };
        check_elapses(draft, timer, report);
        check_elapses_a_first_time(checked, number, timer, report);
        check_there_is_something_to_keep(draft, timer, report);
    }
}

/// There must be a moment, and not more of them than the board can tell apart.
fn check_elapses(draft: &Draft, timer: &Timer, report: &mut Report) {
    let delays = timer.elapses.items.iter();
    let delays = delays.filter(|item| matches!(item.value, Elapse::Delay(_)));
    if let Some(extra) = delays.clone().nth(DELAYS_MAX) {
        let message = format!("a timer has {DELAYS_MAX} delays at most");
        report.push(Diagnostic::new(codes::TOO_MANY, message, &extra.span, ""));
    }
    for item in &timer.elapses.items {
        let Elapse::Calendar(event) = &item.value else { continue };
        if event.with(Zone::UTC, |calendar| calendar.next(0)).is_none() {
            let message = format!("`{}` never comes, in no year from 1970 to 2199", event.text);
            report.push(Diagnostic::new(codes::NEVER_ELAPSES, message, &item.span, ""));
        } else if event.with(Zone::UTC, |calendar| calendar.next(BEGIN_US)).is_none() {
            let message = format!("`{}` is over, and does not come again", event.text);
            let diagnostic = Diagnostic::new(codes::LONG_PAST, message, &item.span, "in the past");
            report.push(diagnostic.hint("`*` for the year is each year"));
        }
    }
    if timer.elapses.given.is_none() && !timer.on_clock_change.value {
        let message = format!("`{}` never elapses", draft.name);
        let diagnostic = Diagnostic::new(codes::NEVER_ELAPSES, message, &draft.head, "no On…=");
        report.push(diagnostic.hint("add OnBootSec=, or one of its kin"));
    }
}

/// A delay that counts from the unit's last start needs a first one.
fn check_elapses_a_first_time(
    checked: &Checked,
    number: usize,
    timer: &Timer,
    report: &mut Report,
) {
    let needs_a_start = |elapse: &Elapse| match elapse {
        Elapse::Delay(delay) => matches!(delay.since, Since::UnitActive | Since::UnitInactive),
        Elapse::Calendar(_) => false,
    };
    let items = &timer.elapses.items;
    let (Some(first), Some(started)) = (items.first(), checked.started_by(number)) else { return };
    let pulled = checked.edges.iter().any(|edge| {
        let pulls = matches!(edge.kind, EdgeKind::Requires | EdgeKind::Wants);
        pulls && edge.to == started && edge.from != started
    });
    let by_others = checked.starts.iter().any(|&(other, unit)| unit == started && other != number);
    let by_socket = checked.sockets_of(started).next().is_some();
    let otherwise = timer.on_clock_change.value;
    if pulled
        || otherwise
        || by_others
        || by_socket
        || !items.iter().all(|item| needs_a_start(&item.value))
    {
        return;
    }
    let name = checked.name(started);
    let message = format!("nothing starts `{name}` a first time, from which this could count");
    let diagnostic = Diagnostic::new(codes::NO_FIRST_START, message, &first.span, "");
    report.push(diagnostic.hint("add OnBootSec=, or let a target want the unit"));
}

/// Only OnCalendar= makes up for what came while the board was off.
fn check_there_is_something_to_keep(draft: &Draft, timer: &Timer, report: &mut Report) {
    let Some(given) = timer.persistent.given.as_ref().filter(|_| timer.persistent.value) else {
        return;
    };
    if !keeps(timer) {
        let message = format!("`{}` has no OnCalendar= whose times could be kept", draft.name);
        report.push(Diagnostic::new(codes::NO_EFFECT, message, given, "has no effect"));
    }
}
