//! The rarer relations between units, in the directions in which the board follows them.

use std::collections::BTreeSet;

use unit::control::ShutdownKind;
use unit::{Emergency, JobMode, Millis};

use super::{EdgesPlan, UnitPlan};
use crate::check::EdgeKind;

/// [`unit::Relations`]: numbers in ascending order.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::Relations`")]
pub struct RelationsPlan {
    pub conflicts: BTreeSet<u16>,
    pub conflicted_by: BTreeSet<u16>,
    pub requisite: BTreeSet<u16>,
    pub binds_to: BTreeSet<u16>,
    pub bound_by: BTreeSet<u16>,
    pub consists_of: BTreeSet<u16>,
    pub stop_to: BTreeSet<u16>,
    pub reload_to: BTreeSet<u16>,
    pub upholds: BTreeSet<u16>,
    pub upheld_by: BTreeSet<u16>,
    pub on_failure: BTreeSet<u16>,
    pub on_success: BTreeSet<u16>,
    pub on_failure_mode: JobMode,
    pub on_success_mode: JobMode,
    pub releases: BTreeSet<u16>,
    pub needed_by: BTreeSet<u16>,
    pub stop_when_unneeded: bool,
    pub refuse_manual_start: bool,
    pub refuse_manual_stop: bool,
    pub allow_isolate: bool,
    pub ignore_on_isolate: bool,
    pub job_timeout: Option<Millis>,
    pub job_running_timeout: Option<Millis>,
    pub job_timeout_action: Emergency,
    pub job_timeout_reboot_argument: String,
    pub reboot_argument: String,
    pub ends: Option<ShutdownKind>,
}

impl Default for RelationsPlan {
    fn default() -> Self {
        let none = BTreeSet::new;
        Self {
            conflicts: none(),
            conflicted_by: none(),
            requisite: none(),
            binds_to: none(),
            bound_by: none(),
            consists_of: none(),
            stop_to: none(),
            reload_to: none(),
            upholds: none(),
            upheld_by: none(),
            on_failure: none(),
            on_success: none(),
            on_failure_mode: JobMode::Replace,
            on_success_mode: JobMode::Fail,
            releases: none(),
            needed_by: none(),
            stop_when_unneeded: false,
            refuse_manual_start: false,
            refuse_manual_stop: false,
            allow_isolate: false,
            ignore_on_isolate: false,
            job_timeout: None,
            job_running_timeout: None,
            job_timeout_action: Emergency::None,
            job_timeout_reboot_argument: String::new(),
            reboot_argument: String::new(),
            ends: None,
        }
    }
}

impl RelationsPlan {
    /// Every list by the name that `pilotc plan` gives it, and that a unit file has for it.
    pub fn lists(&self) -> [(&'static str, &BTreeSet<u16>); 10] {
        [
            ("conflicts", &self.conflicts),
            ("requisite", &self.requisite),
            ("binds-to", &self.binds_to),
            ("parts", &self.consists_of),
            ("upholds", &self.upholds),
            ("stops", &self.stop_to),
            ("reloads", &self.reload_to),
            ("on-failure", &self.on_failure),
            ("on-success", &self.on_success),
            ("releases", &self.releases),
        ]
    }

    /// True if a state change of the unit, or a job of its, concerns others in a rarer way.
    pub fn has_edges(&self) -> bool {
        let behind = [&self.conflicted_by, &self.bound_by, &self.upheld_by, &self.needed_by];
        let mut lists = self.lists().into_iter().map(|(_, list)| list).chain(behind);
        lists.any(|list| !list.is_empty())
    }

    /// As [`unit::Relations::has_extra`].
    pub fn has_extra(&self) -> bool {
        self.stop_when_unneeded || !self.upheld_by.is_empty() || self.has_job_timeout()
    }

    /// True if its jobs have deadlines.
    pub const fn has_job_timeout(&self) -> bool {
        self.job_timeout.is_some() || self.job_running_timeout.is_some()
    }
}

/// Enters an edge at both of its ends.
pub(super) fn add(plans: &mut [EdgesPlan], kind: EdgeKind, from: u16, to: u16) {
    let (at_from, at_to) = (usize::from(from), usize::from(to));
    match kind {
        EdgeKind::Requires | EdgeKind::Wants | EdgeKind::After => {}
        EdgeKind::Requisite => {
            plans[at_from].more.requisite.insert(to);
        }
        EdgeKind::BindsTo => {
            plans[at_from].more.binds_to.insert(to);
            plans[at_to].more.bound_by.insert(from);
        }
        EdgeKind::PartOf => {
            plans[at_to].more.consists_of.insert(from);
        }
        EdgeKind::Upholds => {
            plans[at_from].more.upholds.insert(to);
            plans[at_to].more.upheld_by.insert(from);
        }
        EdgeKind::StopTo => {
            plans[at_from].more.stop_to.insert(to);
        }
        EdgeKind::ReloadTo => {
            plans[at_from].more.reload_to.insert(to);
        }
        EdgeKind::OnFailure => {
            plans[at_from].more.on_failure.insert(to);
        }
        EdgeKind::OnSuccess => {
            plans[at_from].more.on_success.insert(to);
        }
        EdgeKind::Conflicts => {
            plans[at_from].more.conflicts.insert(to);
            plans[at_to].more.conflicted_by.insert(from);
        }
    }
}

/// `StopWhenUnneeded=`: who needs the unit, in both directions.
pub(super) fn add_needs(units: &mut [UnitPlan]) {
    let mut needs = Vec::new();
    for (from, unit) in (0u16..).zip(&*units) {
        let edges = &unit.edges;
        for &to in edges.requires.iter().chain(&edges.wants).chain(&edges.more.requisite) {
            if units[usize::from(to)].edges.more.stop_when_unneeded {
                needs.push((from, to));
            }
        }
    }
    for (from, to) in needs {
        units[usize::from(from)].edges.more.releases.insert(to);
        units[usize::from(to)].edges.more.needed_by.insert(from);
    }
}

/// `AllowIsolate=` of built-in targets counts only where another unit says it, too: `isolate` of
/// the only one there is leads nowhere.
pub(super) fn settle_isolation(units: &mut [UnitPlan], default: u16, given: bool, shell: bool) {
    if shell {
        units[usize::from(default)].edges.more.allow_isolate = true;
    } else if !given {
        for unit in units {
            unit.edges.more.allow_isolate = false;
        }
    }
}
