//! What services leave: `RuntimeDirectory=` and the folder of `LoadCredential=` in /run, and a
//! terminal that is to be put in order. A child sees to it, because that may take longer than PID 1
//! may: when the service has stopped, and where nothing is to be preserved also before it is
//! started again. Until that child has ended the service is not started.

use unit::{DirectoryKind, ExecContext, Preserve, UnitId};

use crate::engine::Stage;
use crate::engine::places::Places;
use crate::sys::cell::{Once, at_rest};
use crate::sys::child::Memory;
use crate::table::limits::UNITS;
use crate::{features, log};

use super::prepare::{self, Request};
use super::{Pilot, steps};
use crate::engine::SpawnError;

at_rest! {
    static LEAVINGS: Once<[Leaving; UNITS], 25> = Once::new([const { Leaving::Nothing }; UNITS]);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaving {
    Nothing,
    /// There are folders, or a child is about to make them.
    Made,
    /// The child with this pid removes them.
    Going(u32),
}

pub(super) struct Leavings {
    units: Places<'static, UnitId, Leaving>,
}

impl Leavings {
    pub(super) fn new() -> Self {
        Self { units: Places::new(LEAVINGS.take()) }
    }
}

/// Whether the unit has folders that do not outlive it, and how long they stay. Credentials are
/// written anew at each start, and a terminal is put in order, whatever is there.
fn leaves(context: &ExecContext<'_>) -> Option<Preserve> {
    let more = context.more();
    let has_runtime = more.directories.iter().any(|each| each.kind == DirectoryKind::Runtime);
    if steps::private_tmp(&more).is_some() && !(has_runtime && more.preserve == Preserve::Restart) {
        return Some(Preserve::No);
    }
    match more.preserve {
        Preserve::No | Preserve::Restart if has_runtime => Some(more.preserve),
        Preserve::No | Preserve::Restart | Preserve::Yes => {
            let given = context.stdin.is_terminal() && !context.user.is_empty();
            let leaves = given || !more.credentials.is_empty() || !more.terminal.is_empty();
            leaves.then_some(Preserve::Restart)
        }
    }
}

impl Pilot {
    /// Before a child of a service is made: what the last one has left must be gone.
    ///
    /// # Errors
    /// EAGAIN while it goes.
    pub(super) fn await_leavings(&mut self, request: &Request) -> Result<(), SpawnError> {
        if !features::LEAVINGS {
            return Ok(());
        }
        let Some(preserve) = leaves(&request.context) else { return Ok(()) };
        if request.service.as_ref().is_none_or(|service| service.per_connection) {
            // Other connections may be using them.
            return Ok(());
        }
        let leaving = self.leavings.units.at_mut(request.unit);
        match *leaving {
            Leaving::Nothing => *leaving = Leaving::Made,
            Leaving::Made if request.begins && preserve == Preserve::No => {
                self.remove_leavings_of(request.unit);
                return Err(prepare::error(Stage::Slot, rustix::io::Errno::AGAIN));
            }
            Leaving::Made => {}
            Leaving::Going(_) => {
                return Err(prepare::error(Stage::Slot, rustix::io::Errno::AGAIN));
            }
        }
        Ok(())
    }

    /// Sees to what those have left that have stopped.
    pub(super) fn remove_leavings(&mut self) {
        if !features::LEAVINGS {
            return;
        }
        for unit in self.table.ids() {
            if *self.leavings.units.at(unit) == Leaving::Made && self.engine.is_down(unit) {
                self.remove_leavings_of(unit);
            }
        }
    }

    fn remove_leavings_of(&mut self, unit: UnitId) {
        let context = self.table.service(unit).context;
        // Without a place, or memory, for it the next turn tries again.
        let Some((slot, work)) = self.children.pool.prepare() else { return };
        work.context = Some(context);
        work.console = Some(self.table.manager().console);
        if let Ok(pid) =
            self.children.pool.start(slot, steps::remove_leavings, None, Memory::Shared)
        {
            *self.leavings.units.at_mut(unit) = Leaving::Going(pid);
        }
    }

    /// True if the child with this pid, just reaped, was one of those who remove.
    pub(super) fn note_removed(&mut self, pid: u32, succeeded: bool) -> bool {
        if !features::LEAVINGS {
            return false;
        }
        let mut units = self.table.ids();
        let going = |unit: &UnitId| *self.leavings.units.at(*unit) == Leaving::Going(pid);
        let Some(unit) = units.find(going) else { return false };
        *self.leavings.units.at_mut(unit) = Leaving::Nothing;
        if !succeeded {
            log::error!("{}: its folders in /run cannot be removed", self.table.name(unit));
        }
        true
    }
}
