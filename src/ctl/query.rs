//! `is-active`, `is-failed`, `is-system-running`: one word and an exit code, for scripts.

use unit::control::{ActiveState, SystemState};

use super::args::Call;
use super::names::Typed;
use super::session::{Failure, Outcome, Session};
use super::{exit, words};

/// Succeeds if at least one of the units is active.
pub(super) fn is_active(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let good = |state| matches!(state, ActiveState::Active | ActiveState::Reloading);
    any(call, session, exit::NOT_RUNNING, &good)
}

/// Succeeds if at least one of the units has failed; without names, if any unit has.
pub(super) fn is_failed(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    if !call.names.is_empty() {
        return any(call, session, exit::FAILURE, &|state| state == ActiveState::Failed);
    }
    let manager = session.manager()?;
    if !call.quiet {
        writeln!(session.out, "{}", words::system(manager.state));
    }
    Ok(if manager.failed > 0 { exit::SUCCESS } else { exit::FAILURE })
}

fn any(
    call: &Call<'_>,
    session: &mut Session<'_, '_>,
    otherwise: u8,
    good: &dyn Fn(ActiveState) -> bool,
) -> Outcome {
    let mut found = false;
    let mut met = false;
    for &name in &call.names {
        let name = Typed(name);
        let table = session.table;
        let mut known = false;
        for unit in name.units(&table) {
            known = true;
            let state = session.state(unit)?.active;
            met |= good(state);
            if !call.quiet {
                writeln!(session.out, "{}", words::active(state));
            }
        }
        if !known && !call.quiet {
            session.out.text("inactive\n");
        }
        found |= known || name.is_masked(&table);
    }
    Ok(match (met, found) {
        (true, _) => exit::SUCCESS,
        (false, true) => otherwise,
        (false, false) => exit::NO_SUCH_UNIT,
    })
}

/// Succeeds if the default target is reached and no unit has failed.
pub(super) fn is_system_running(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let (word, code) = match session.manager() {
        Ok(manager) => {
            let is_well = manager.state == SystemState::Running;
            (words::system(manager.state), if is_well { exit::SUCCESS } else { exit::FAILURE })
        }
        Err(Failure::Unreachable(_)) => (packed!("offline"), exit::FAILURE),
        Err(failure) => return Err(failure),
    };
    if !call.quiet {
        writeln!(session.out, "{word}");
    }
    Ok(code)
}
