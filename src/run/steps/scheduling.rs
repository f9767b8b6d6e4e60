//! What the kernel gives a child: its share of the processors, and the limits.

use rustix::fs::Mode;
use rustix::io::Errno;
use unit::{ExecContext, ExecMore, Scheduling, decode};

use super::{At, Broken};
use crate::engine::Stage;
use crate::features;
use crate::run::children::CHILDREN_NOFILE;
use crate::sys::process;

/// The kernel's number of RLIMIT_NOFILE.
const NOFILE: u8 = 7;

/// `OOMScoreAdjust=`. As under systemd, what may not be set is left as it is: containers forbid it.
pub(super) fn set_oom_score(more: &ExecMore<'_>) -> Result<(), Errno> {
    if !features::OOM_SCORE {
        return Ok(());
    }
    match more.oom_score.map_or(Ok(()), process::set_oom_score) {
        Err(Errno::ACCESS | Errno::PERM) => Ok(()),
        set => set,
    }
}

/// `Nice=` and its kin.
pub(super) fn set_scheduling(more: &ExecMore<'_>) -> Result<(), Broken> {
    if !features::SCHEDULING || more.scheduling.is_empty() {
        return Ok(());
    }
    let Some(scheduling) = decode::from_bytes::<Scheduling<'_>>(more.scheduling) else {
        return Err(Broken(Stage::Nice, Errno::INVAL));
    };
    if let Some(level) = scheduling.nice {
        process::set_nice(level).at(Stage::Nice)?;
    }
    if let Some(policy) = scheduling.policy {
        process::set_policy(policy, scheduling.priority).at(Stage::Scheduler)?;
    }
    if !scheduling.affinity.is_empty() {
        process::set_affinity(scheduling.affinity).at(Stage::Affinity)?;
    }
    if let Some(priority) = scheduling.io_priority {
        process::set_io_priority(priority).at(Stage::IoPriority)?;
    }
    if let Some(slack) = scheduling.timer_slack_ns {
        process::set_timer_slack(slack).at(Stage::TimerSlack)?;
    }
    if let Some(personality) = scheduling.personality {
        process::set_personality(personality).at(Stage::Personality)?;
    }
    Ok(())
}

/// `UMask=` and `Limit…=`.
pub(super) fn set_limits(context: &ExecContext<'_>, more: &ExecMore<'_>) -> Result<(), Errno> {
    if context.umask != 0o022 {
        rustix::process::umask(Mode::from_raw_mode(context.umask.into()));
    }
    let nofile = if features::LIMIT_NOFILE { context.limit_nofile } else { None };
    if let Some((soft, hard)) = nofile.or(CHILDREN_NOFILE) {
        process::set_limit(NOFILE, soft, hard)?;
    }
    if !features::RESOURCE_LIMITS {
        return Ok(());
    }
    let mut limits = more.limits.iter();
    limits.try_for_each(|limit| process::set_limit(limit.resource, limit.soft, limit.hard))
}
