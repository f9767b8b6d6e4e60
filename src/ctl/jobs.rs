//! `start`, `stop`, `restart` and their kin, `isolate`, `cancel`, `kill`, `reset-failed`: what
//! changes units.

use unit::control::{ActiveState, FRAME_MAX, JobResult, Order, Refusal, Reply, UnitResult, Verb};
use unit::{JobMode, Kind, UnitId};

use super::args::Call;
use super::names::Typed;
use super::session::{Failure, Outcome, Session};
use super::{exit, words};
use crate::features;
use crate::text;

/// Runs one job on every named unit: in start order, and backwards to stop.
pub(super) fn run(call: &Call<'_>, session: &mut Session<'_, '_>, order: Order) -> Outcome {
    let mut code = complain_of_strangers(call, session, words::order(order));
    let table = session.table;
    let count = table.len();
    for at in 0..count {
        let at = if order == Order::Stop { count - 1 - at } else { at };
        // A table has at most `u16::MAX` units.
        let unit = UnitId(at as u16);
        if is_named(call, session, unit) {
            let one = run_one(call, session, order, unit, call.mode)?;
            if one == exit::SUCCESS && order == Order::Stop && !call.quiet {
                warn_of_triggers(call, session, unit)?;
            }
            code = first(code, one);
        }
    }
    Ok(code)
}

/// Of several units' codes the first that is not success.
const fn first(code: u8, next: u8) -> u8 {
    if code == exit::SUCCESS { next } else { code }
}

fn is_named(call: &Call<'_>, session: &Session<'_, '_>, unit: UnitId) -> bool {
    call.has(session.table.name(unit))
}

/// Complains of every name that no unit has.
fn complain_of_strangers(call: &Call<'_>, session: &mut Session<'_, '_>, verb: &str) -> u8 {
    let table = session.table;
    let mut code = exit::SUCCESS;
    for &name in &call.names {
        let name = Typed(name);
        if name.units(&table).next().is_none() {
            session.complain_of_name(name, verb);
            let is_masked = name.is_masked(&table);
            code = if is_masked { exit::FAILURE } else { exit::NOT_INSTALLED };
        }
    }
    code
}

fn run_one(
    call: &Call<'_>,
    session: &mut Session<'_, '_>,
    order: Order,
    unit: UnitId,
    mode: JobMode,
) -> Outcome {
    let name = session.table.name(unit);
    let verb = Verb::Job { order, unit, mode, wait: !call.no_block };
    let mut frame = [0; FRAME_MAX];
    let result = match session.ask(verb, &mut frame) {
        Ok(Reply::Done | Reply::Failed(JobResult::Done | JobResult::Skipped)) => {
            return Ok(exit::SUCCESS);
        }
        Ok(Reply::Failed(result)) => result,
        Ok(Reply::Refused(_) | Reply::Unit(_) | Reply::Instance(_) | Reply::Manager(_)) => {
            return Err(Failure::Confused);
        }
        Err(failure) => return refused(session, words::order(order), unit, failure),
    };
    if !call.quiet {
        complain_of_job(session, unit, result)?;
        session.complain(packed!("See \"pilotctl status {}\" for details."), &[&name]);
    }
    Ok(exit::FAILURE)
}

/// Says why a job ended as it did, in systemctl's words.
fn complain_of_job(
    session: &mut Session<'_, '_>,
    unit: UnitId,
    result: JobResult,
) -> Result<(), Failure> {
    let name = session.table.name(unit);
    let sentence = match result {
        JobResult::Done | JobResult::Skipped => return Ok(()),
        JobResult::Canceled => packed!("Job for {} canceled."),
        JobResult::Timeout => packed!("Job for {} timed out."),
        JobResult::Assert => packed!("Assertion failed on job for {}."),
        JobResult::Dependency => packed!("A dependency job for {} failed."),
        JobResult::Failed => {
            let why = packed_of!(session.state(unit)?.result, UnitResult {
                Success | ExecCondition => "",
                Resources => " because of unavailable resources",
                Protocol => " because the service did not take the steps required by its unit \
                             configuration",
                Timeout => " because a timeout was exceeded",
                ExitCode => " because a process exited with error code",
                Signal => " because a fatal signal was delivered to a process",
                CoreDump => " because a fatal signal was delivered causing a process to dump core",
                Watchdog if features::SERVICE_MORE =>
                             " because the service did not say in time that it is well",
                StartLimitHit => " because start of the service was attempted too often; \
                                  'pilotctl reset-failed' forgets that",
                TriggerLimitHit => " because it was triggered too often",
            });
            session.complain(packed!("Job for {} failed{}."), &[&name, &why]);
            return Ok(());
        }
    };
    session.complain(sentence, &[&name]);
    Ok(())
}

/// Says that PID 1 will not do that to this unit; what concerns all units ends the verb.
fn refused(session: &mut Session<'_, '_>, verb: &str, unit: UnitId, failure: Failure) -> Outcome {
    let name = session.table.name(unit);
    match failure {
        Failure::Refused(Refusal::Malformed | Refusal::OtherTable)
        | Failure::Unreachable(_)
        | Failure::Confused => Err(failure),
        Failure::Refused(_) => {
            session.complain(packed!("Failed to {} {}: {}"), &[&verb, &name, &failure]);
            Ok(failure.exit_code())
        }
    }
}

/// A service that is stopped starts again with the next connection, unless its sockets stop too.
fn warn_of_triggers(
    call: &Call<'_>,
    session: &mut Session<'_, '_>,
    unit: UnitId,
) -> Result<(), Failure> {
    let table = session.table;
    let stopped = table.unit(unit);
    let Kind::Service(service) = stopped.kind else { return Ok(()) };
    for socket in service.sockets.iter().filter(|&id| id.index() < table.len()) {
        if !is_named(call, session, socket) && session.state(socket)?.active == ActiveState::Active
        {
            let (stopped, socket) = (stopped.name, table.name(socket));
            session.complain(
                packed!("Stopping '{}', but its triggering unit is still active: {}"),
                &[&stopped, &socket],
            );
        }
    }
    Ok(())
}

/// Starts one unit and stops what it does not need.
pub(super) fn isolate(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    if call.names.len() != 1 {
        session.complain(packed!("'isolate' takes one name."), &[]);
        return Ok(exit::FAILURE);
    }
    isolate_unit(call, session, call.names[0])
}

/// `isolate` of a unit that may go by its stem: `rescue` is `rescue.target`, as for systemctl, and
/// not `rescue.service`.
pub(super) fn isolate_unit(call: &Call<'_>, session: &mut Session<'_, '_>, name: &str) -> Outcome {
    let table = session.table;
    let is_target = |unit: &UnitId| table.name(*unit).strip_suffix(".target") == Some(name);
    let found = table.ids().find(is_target).or_else(|| Typed(name).units(&table).next());
    let Some(unit) = found else {
        session.complain_of_name(Typed(name), "isolate");
        let is_masked = Typed(name).is_masked(&table);
        return Ok(if is_masked { exit::FAILURE } else { exit::NOT_INSTALLED });
    };
    run_one(call, session, Order::Start, unit, JobMode::Isolate)
}

/// `isolate` of what a boot starts.
pub(super) fn default(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let table = session.table;
    isolate_unit(call, session, table.name(table.manager().default_target))
}

/// Ends the jobs of the named units, or that of the number that `list-jobs` tells; without names,
/// all.
pub(super) fn cancel(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    const ATTEMPT: &str = "cancel the job of";
    if let [number] = call.names[..]
        && let Some(unit) = session.table.ids().find(|unit| text::number(number) == Some(unit.0))
    {
        return tell(session, ATTEMPT, unit, Verb::Cancel(unit));
    }
    if !call.names.is_empty() {
        return each(call, session, ATTEMPT, &Verb::Cancel);
    }
    for unit in session.table.ids() {
        if session.state(unit)?.job.is_some() {
            // It may have ended meanwhile.
            let _ = session.tell(Verb::Cancel(unit));
        }
    }
    Ok(exit::SUCCESS)
}

/// Sends a signal to the processes of every named unit.
pub(super) fn kill(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    each(call, session, "kill", &|unit| Verb::Kill { unit, signal: call.signal, whom: call.whom })
}

/// Closes what every named service has stored. systemctl's also removes files, which nothing here
/// does, so that it has to be said what is meant.
pub(super) fn clean(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    if call.what != Some("fdstore") {
        session.complain(packed!("'clean' takes --what=fdstore and nothing else."), &[]);
        return Ok(exit::FAILURE);
    }
    each(call, session, "clean", &Verb::CleanStored)
}

/// Forgets failures of every named unit; without names, of every unit that has failed.
pub(super) fn reset_failed(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    if !call.names.is_empty() {
        return each(call, session, "reset", &Verb::ResetFailed);
    }
    let mut code = exit::SUCCESS;
    for unit in session.table.ids() {
        if session.state(unit)?.active == ActiveState::Failed {
            code = first(code, tell(session, "reset", unit, Verb::ResetFailed(unit))?);
        }
    }
    Ok(code)
}

fn each(
    call: &Call<'_>,
    session: &mut Session<'_, '_>,
    attempt: &str,
    verb: &dyn Fn(UnitId) -> Verb,
) -> Outcome {
    let mut code = complain_of_strangers(call, session, attempt);
    for unit in session.table.ids() {
        if is_named(call, session, unit) {
            code = first(code, tell(session, attempt, unit, verb(unit))?);
        }
    }
    Ok(code)
}

fn tell(session: &mut Session<'_, '_>, attempt: &str, unit: UnitId, verb: Verb) -> Outcome {
    match session.tell(verb) {
        Ok(()) => Ok(exit::SUCCESS),
        Err(failure) => refused(session, attempt, unit, failure),
    }
}
