//! What few units have of relations to others: systemd.unit(5).
//!
//! Every list is there in the direction in which the board follows it: what this unit pulls in
//! or verifies is looked at when it starts, the reverse lists when its state changes.

use serde::{Deserialize, Serialize};

use super::{Emergency, Millis};
use crate::control::ShutdownKind;
use crate::seq::Ids;

/// A unit's rarer relations and what it says about its jobs. [`super::Edges::more`] holds one in
/// postcard form, and no byte if all of it is as in [`Relations::NONE`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Relations<'a> {
    /// `Conflicts=`: stopped when this starts.
    #[serde(borrow)]
    pub conflicts: Ids<'a>,
    /// Those that name this unit in theirs: stopped, too, but their stop may be left out.
    pub conflicted_by: Ids<'a>,
    /// `Requisite=`: must be up when this starts.
    pub requisite: Ids<'a>,
    /// `BindsTo=`, which is among [`super::Edges::requires`], too: this stops when one goes down.
    pub binds_to: Ids<'a>,
    /// The reverse of `binds_to`.
    pub bound_by: Ids<'a>,
    /// The reverse of `PartOf=`: stopped and restarted with this one.
    pub consists_of: Ids<'a>,
    /// `PropagatesStopTo=`.
    pub stop_to: Ids<'a>,
    /// `PropagatesReloadTo=`.
    pub reload_to: Ids<'a>,
    /// `Upholds=`, which is among [`super::Edges::wants`], too: started whenever they are down.
    pub upholds: Ids<'a>,
    /// The reverse of `upholds`.
    pub upheld_by: Ids<'a>,
    /// `OnFailure=`.
    pub on_failure: Ids<'a>,
    /// `OnSuccess=`.
    pub on_success: Ids<'a>,
    /// `OnFailureJobMode=`.
    pub on_failure_mode: JobMode,
    /// `OnSuccessJobMode=`.
    pub on_success_mode: JobMode,
    /// Units with `StopWhenUnneeded=` that this one needs.
    pub releases: Ids<'a>,
    /// With `StopWhenUnneeded=`: who needs this one.
    pub needed_by: Ids<'a>,
    /// `StopWhenUnneeded=`.
    pub stop_when_unneeded: bool,
    /// `RefuseManualStart=`.
    pub refuse_manual_start: bool,
    /// `RefuseManualStop=`.
    pub refuse_manual_stop: bool,
    /// `AllowIsolate=`.
    pub allow_isolate: bool,
    /// `IgnoreOnIsolate=`.
    pub ignore_on_isolate: bool,
    /// `JobTimeoutSec=`: a job must have ended that long after it was asked for.
    pub job_timeout: Option<Millis>,
    /// `JobRunningTimeoutSec=`: and that long after it began.
    pub job_running_timeout: Option<Millis>,
    /// `JobTimeoutAction=`.
    pub job_timeout_action: Emergency,
    /// `JobTimeoutRebootArgument=`, with its NUL: reboot(2). Empty for none.
    pub job_timeout_reboot_argument: &'a str,
    /// `RebootArgument=`, likewise: of the actions for failure, success and the start limit.
    pub reboot_argument: &'a str,
    /// Starting this unit ends the board's run: `reboot.target` and its kin. That of
    /// [`ShutdownKind::SwitchRoot`] does so when all that it needs is up.
    pub ends: Option<ShutdownKind>,
}

impl Relations<'_> {
    /// Whether the engine needs more memory for the unit: one of [`crate::Limits::extras`].
    pub const fn has_extra(&self) -> bool {
        self.stop_when_unneeded
            || !self.upheld_by.is_empty()
            || self.job_timeout.is_some()
            || self.job_running_timeout.is_some()
    }

    /// A unit that says nothing of all this.
    pub const NONE: Self = Self {
        conflicts: Ids::EMPTY,
        conflicted_by: Ids::EMPTY,
        requisite: Ids::EMPTY,
        binds_to: Ids::EMPTY,
        bound_by: Ids::EMPTY,
        consists_of: Ids::EMPTY,
        stop_to: Ids::EMPTY,
        reload_to: Ids::EMPTY,
        upholds: Ids::EMPTY,
        upheld_by: Ids::EMPTY,
        on_failure: Ids::EMPTY,
        on_success: Ids::EMPTY,
        on_failure_mode: JobMode::Replace,
        on_success_mode: JobMode::Fail,
        releases: Ids::EMPTY,
        needed_by: Ids::EMPTY,
        stop_when_unneeded: false,
        refuse_manual_start: false,
        refuse_manual_stop: false,
        allow_isolate: false,
        ignore_on_isolate: false,
        job_timeout: None,
        job_running_timeout: None,
        job_timeout_action: Emergency::None,
        job_timeout_reboot_argument: "",
        reboot_argument: "",
        ends: None,
    };
}

/// What a transaction does about jobs that are there already: systemctl(1), `--job-mode=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum JobMode {
    /// It takes their place.
    Replace,
    /// As `Replace`, and nothing but a shutdown takes the place of its own jobs.
    ReplaceIrreversibly,
    /// It is refused if it had to.
    Fail,
    /// As `Replace`, and every unit that it does not start is stopped.
    Isolate,
    /// Every job that is there is canceled first.
    Flush,
    /// Nothing is pulled in, and no order is kept.
    IgnoreDependencies,
    /// Nothing is pulled in.
    IgnoreRequirements,
}
