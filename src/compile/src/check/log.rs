//! Rules about output that goes to `pilot-log`.

use super::Checked;
use crate::codes;
use crate::draft::{Draft, Exec};
use crate::load::{BoardDraft, Scope};
use crate::pilot_log::{self, SERVICE, SOCKET};
use crate::report::{Diagnostic, Report, Span};

/// What `LogRingSize=` may be: a few of the longest lines, and what a small board can spare.
const RING_BYTES: std::ops::RangeInclusive<u32> = 4 << 10..=16 << 20;

pub(super) fn check(checked: &Checked, board: &BoardDraft, scope: Scope, report: &mut Report) {
    let size = &board.manager.log_ring_size;
    if let (false, Some(span)) = (RING_BYTES.contains(&size.value), &size.given) {
        let message = "`LogRingSize=` must be 4K to 16M";
        report.push(Diagnostic::new(codes::BAD_RANGE, message, span, ""));
    }
    let is_there = checked.has_log();
    for draft in &checked.units {
        check_not_itself(draft, board, report);
        if !pilot_log::is_kept(draft, board, is_there) {
            // A file on its own may be for a board that keeps what goes to the journal.
            if scope == Scope::Board {
                check_no_effect(&draft.exec, report);
            }
        } else if !is_there {
            let message = format!("output is to go to pilot-log, and `{SOCKET}` is masked");
            let diagnostic =
                Diagnostic::new(codes::NO_LOG, message, &place(draft), "nobody reads it");
            report.push(diagnostic.hint("unmask it, or say StandardOutput=kmsg"));
        }
    }
}

/// Where a unit says that its output is kept.
fn place(draft: &Draft) -> Span {
    let own = draft.service().into_iter();
    let mut own = own.flat_map(|service| [&service.standard_output, &service.standard_error]);
    let given = own.find_map(|stream| stream.given.as_ref());
    given.map_or_else(|| draft.head.clone(), |given| given.span.clone())
}

/// Its own words would come back to it, and be words again.
fn check_not_itself(draft: &Draft, board: &BoardDraft, report: &mut Report) {
    if draft.name.to_string() == SERVICE && pilot_log::leads_to_log(draft, board, true) {
        let message = "pilot-log would read its own output";
        let diagnostic = Diagnostic::new(codes::NO_LOG, message, &place(draft), "");
        report.push(diagnostic.hint("say StandardOutput=kmsg and StandardError=inherit"));
    }
}

fn check_no_effect(exec: &Exec, report: &mut Report) {
    let rows = [
        ("SyslogIdentifier=", exec.syslog_identifier.given.as_ref().map(|given| &given.span)),
        ("SyslogFacility=", exec.syslog_facility.given.as_ref()),
        ("SyslogLevel=", exec.syslog_level.given.as_ref()),
        ("SyslogLevelPrefix=", exec.syslog_level_prefix.given.as_ref()),
        ("LogLevelMax=", exec.log_level_max.given.as_ref()),
        ("LogRateLimitIntervalSec=", exec.log_rate_interval.given.as_ref()),
        ("LogRateLimitBurst=", exec.log_rate_burst.given.as_ref()),
    ];
    for (name, given) in rows {
        let Some(span) = given else { continue };
        let message = format!("{name} is about output that goes to pilot-log, and none does");
        let diagnostic = Diagnostic::new(codes::NO_EFFECT, message, span, "has no effect");
        report.push(diagnostic.hint("say StandardOutput=log, or leave it out"));
    }
}
