//! What holds whenever the engine rests, and at each thing that it asks for.
//!
//! - Order: nobody begins to start, and nothing is mounted, while a unit that it is ordered after
//!   has a start or stop before it (`check_order`, `check_after`).
//! - Deadlines: none passes without anything coming of it.
//! - Processes: no pid is signalled after it was reaped (`World::kill`), no process is there twice
//!   (`World::spawn`), a unit that is down has none, one that runs has one.
//! - Listeners: open exactly while their socket is up, watched only while it listens.
//! - Connections: as many slots are taken as there are connections, held or handed over.
//! - Rest: the engine comes to rest after each event (`World::drain`), and nothing happens after
//!   reboot(2).
//!
//! And of a whole run, `tests/sim.rs`: when the kernel is well again everybody who waits is served
//! and every job comes to its end; a shutdown ends, in time, whoever does not.

use pilotlight::engine::{CommandList, CommandRef, Process};
use unit::control::{ActiveState, JobKind, SubState, UnitStatus};
use unit::{Kind, ServiceType, UnitId};

use super::{Owner, World};

impl World<'_, '_> {
    /// Nobody begins to start before those it is ordered after have.
    pub(super) fn check_order(&self, process: Process, command: CommandRef) {
        let unit = command.unit;
        let Kind::Service(config) = self.table.kind(unit) else { return };
        let lists = [CommandList::Condition, CommandList::StartPre, CommandList::Start];
        let first_list = lists.into_iter().find(|list| !list.of(&config).is_empty());
        let first_list = first_list.expect("every service has a command");
        let first = (command.list, command.index) == (first_list, 0);
        // Where there are checks a start begins with them.
        let begins = first && self.table.checks(unit).is_empty();
        // An idle one kept the order when its start began to wait for the rest of the board.
        let waited = self.service_type(unit) == ServiceType::Idle;
        if begins && !waited && !matches!(process, Process::Instance(_)) {
            self.check_after(unit);
        }
    }

    pub(super) fn check_after(&self, unit: UnitId) {
        if self.lacking.contains(&unit) {
            return;
        }
        for other in self.table.unit(unit).edges.after.iter() {
            let job = self.status(other).job;
            assert!(
                !matches!(job, Some(JobKind::Start | JobKind::Stop | JobKind::Restart)),
                "{} starts before {} has",
                self.table.unit(unit).name,
                self.table.unit(other).name,
            );
        }
    }

    /// What holds whenever the engine rests.
    pub(super) fn check(&self) {
        if let Some(deadline) = self.engine.next_deadline() {
            assert!(
                deadline > self.now,
                "a deadline has passed and nothing came of it: {deadline:?}"
            );
        }
        for unit in self.table.ids() {
            let status = self.status(unit);
            match self.table.unit(unit).kind {
                Kind::Target | Kind::Slice | Kind::Timer(_) | Kind::Mount(_) => {}
                Kind::Path(_) => {
                    let may = matches!(status.sub, SubState::Waiting);
                    assert!(may || !self.watched_paths.contains(&unit), "watched for nobody");
                }
                Kind::Service(config) if config.per_connection => {}
                Kind::Service(config) => self.check_service(config.type_, &status),
                Kind::Socket(_) => self.check_socket(unit, &status),
            }
        }
        let slots = self
            .procs
            .values()
            .filter(|proc| matches!(proc.owner, Owner::Known(Process::Instance(_))));
        let connections: u32 = self
            .table
            .ids()
            .filter(|unit| matches!(self.table.unit(*unit).kind, Kind::Socket(_)))
            .map(|unit| self.status(unit).held)
            .sum();
        assert_eq!(connections as usize, slots.count() + self.held.len(), "a slot leaked");
    }

    fn check_service(&self, type_: ServiceType, status: &UnitStatus<'_>) {
        let pid = status.main_pid;
        assert!(pid == 0 || self.procs.contains_key(&pid), "a main process that was reaped");
        if status.sub == SubState::Running && type_ != ServiceType::Forking {
            assert!(pid != 0, "running without a process");
        }
        if matches!(status.active, ActiveState::Inactive | ActiveState::Failed) {
            assert_eq!((pid, status.control_pid), (0, 0), "down with a process");
        }
    }

    fn check_socket(&self, unit: UnitId, status: &UnitStatus<'_>) {
        for listener in self.listeners_of(unit) {
            let place = &self.listeners[listener.index()];
            let open = match status.sub {
                SubState::Listening
                | SubState::Running
                | SubState::Paused
                | SubState::StartPost => true,
                // Stopped before it was open, or after.
                SubState::StopPre | SubState::StopPreSigterm | SubState::StopPreSigkill => {
                    place.open
                }
                SubState::Dead
                | SubState::Failed
                | SubState::Active
                | SubState::StartPre
                | SubState::Start
                | SubState::Reload
                | SubState::Stop
                | SubState::StopSigterm
                | SubState::StopSigkill
                | SubState::Condition
                | SubState::Exited
                | SubState::ReloadSignal
                | SubState::ReloadNotify
                | SubState::ReloadPost
                | SubState::StopWatchdog
                | SubState::FinalWatchdog
                | SubState::StopPost
                | SubState::FinalSigterm
                | SubState::FinalSigkill
                | SubState::AutoRestart
                | SubState::Retrying
                | SubState::Waiting
                | SubState::Elapsed
                | SubState::Mounting
                | SubState::Mounted
                | SubState::Unmounting
                | SubState::Activating
                | SubState::InUse
                | SubState::Deactivating => false,
            };
            assert_eq!(place.open, open, "{:?} with its listener otherwise", status.sub);
            if place.watched {
                assert_eq!(status.sub, SubState::Listening, "watched for nothing");
            }
        }
    }
}
