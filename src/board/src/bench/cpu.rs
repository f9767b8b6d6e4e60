//! Which CPU does what, and what goes first: sched_setaffinity(2), setpriority(2).

use std::fs;

use rustix::process::setpriority_process;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::fail::{OrFail, Result};

/// Where clients and servers run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cpu {
    /// One CPU for clients, servers and services, as on a single-core board.
    Shared,
    /// Another one, for what watches; the same where there is only one.
    Other,
}

/// Moves the calling thread there, and the processes and threads it makes from now on.
///
/// # Errors
/// If the kernel refuses.
pub fn pin(cpu: Cpu) -> Result<()> {
    let allowed = allowed()?;
    let number = match cpu {
        Cpu::Shared => allowed[allowed.len() - 1],
        Cpu::Other => allowed[0],
    };
    let mut set = CpuSet::new();
    set.set(number);
    sched_setaffinity(None, &set).or_fail(|| format!("cannot move to CPU {number}"), "try again")
}

/// Puts the calling process, and those it makes, ahead of whatever else the machine does.
///
/// # Errors
/// If the kernel refuses.
pub fn go_first() -> Result<()> {
    const NICEST: i32 = -20;
    setpriority_process(None, NICEST).or_fail(|| "cannot go first".into(), "try again as root")
}

/// Scheduling by session, switched off for as long as this lives. Every service has a session of
/// its own, and would lose its place ahead of what else the machine does.
#[derive(Debug)]
pub struct OneCrowd {
    before: Option<Vec<u8>>,
}

/// sched(7), "The autogroup feature": a setting of the whole machine.
const AUTOGROUP: &str = "/proc/sys/kernel/sched_autogroup_enabled";

impl OneCrowd {
    /// Switches it off, if the kernel has it.
    pub fn begin() -> Self {
        let before = fs::read(AUTOGROUP).ok();
        let _ = fs::write(AUTOGROUP, "0");
        Self { before }
    }
}

impl Drop for OneCrowd {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = fs::write(AUTOGROUP, before);
        }
    }
}

/// The CPUs that PID 1 of this machine may use: pinning does not change them.
fn allowed() -> Result<Vec<usize>> {
    let set = sched_getaffinity(Some(rustix::process::Pid::INIT))
        .or_fail(|| "cannot ask for CPUs".into(), "see that /proc is the machine's own")?;
    Ok((0..CpuSet::MAX_CPU).filter(|&number| set.is_set(number)).collect())
}
