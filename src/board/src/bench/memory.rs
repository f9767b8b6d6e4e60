//! What a process costs while nothing happens: proc_pid_smaps(5), proc_pid_status(5).

use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::Pid;

use super::contender::Running;
use super::place;
use crate::fail::{OrFail, Result};

/// How long nothing should happen.
const IDLE: Duration = Duration::from_secs(5);

/// At rest.
#[derive(Clone, Copy, Debug)]
pub struct AtRest {
    /// Private pages it has written to.
    pub private_dirty_kib: f64,
    /// Its share of all pages.
    pub pss_kib: f64,
    /// Processes, itself included.
    pub processes: f64,
    /// Context switches in five seconds in which nobody asked for anything.
    pub idle_switches: f64,
}

/// Waits until it rests, and measures.
///
/// # Errors
/// If it is gone.
pub fn at_rest(running: &Running) -> Result<AtRest> {
    running.settle();
    let path = format!("/proc/{}/smaps_rollup", running.pid.as_raw_nonzero());
    let smaps = fs::read_to_string(&path).or_fail(|| format!("cannot read {path}"), place::NEXT)?;
    let before = switches(running.pid);
    thread::sleep(IDLE);
    Ok(AtRest {
        private_dirty_kib: field(&smaps, "Private_Dirty:"),
        pss_kib: field(&smaps, "Pss:"),
        processes: 1.0 + running.children().len() as f64,
        idle_switches: switches(running.pid) - before,
    })
}

/// Context switches of a process so far, of either kind.
pub fn switches(pid: Pid) -> f64 {
    let path = format!("/proc/{}/status", pid.as_raw_nonzero());
    let status = fs::read_to_string(path).unwrap_or_default();
    field(&status, "voluntary_ctxt_switches:") + field(&status, "nonvoluntary_ctxt_switches:")
}

/// The number behind `key` at the beginning of a line; NaN if it is not there.
fn field(text: &str, key: &str) -> f64 {
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok())
        .unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_begins_its_line() {
        let text = "Pss:   64 kB\nPss_Dirty:  24 kB\nnonvoluntary_ctxt_switches:\t7\n";
        assert_eq!(field(text, "Pss:"), 64.0);
        assert!(field(text, "voluntary_ctxt_switches:").is_nan());
    }
}
