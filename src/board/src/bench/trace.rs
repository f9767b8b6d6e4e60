//! System calls of one connection: strace(1), attached from outside.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::client::{self, Load};
use super::contender::Running;
use crate::fail::{Failure, OrFail, Result};

const CONNECTIONS: usize = 100;
/// Between two connections; the first has ended when the second comes.
const PAUSE: Duration = Duration::from_millis(20);
const ATTACH_TIMEOUT: Duration = Duration::from_secs(10);

/// System calls, each a mean over the connections.
#[derive(Clone, PartialEq, Debug)]
pub struct Calls {
    /// Those of PID 1.
    pub pid1: f64,
    /// Those of a child, its execve included, nothing behind it.
    pub child: f64,
    /// PID 1's by name, then the child's, the most frequent first.
    pub names: String,
}

/// Connects while strace watches; its output goes to `log`.
///
/// # Errors
/// If strace cannot attach or a connection fails.
pub fn calls(running: &Running, log: &Path) -> Result<Calls> {
    running.settle();
    let pid = running.pid.as_raw_nonzero().to_string();
    let mut strace = Command::new("strace")
        .args(["--follow-forks", "-qq", "--signal=none", "--output"])
        .arg(log)
        .args(["--attach", &pid])
        .stdin(Stdio::null())
        .spawn()
        .or_fail(|| "cannot start strace".into(), "install the package strace")?;
    let deadline = Instant::now() + ATTACH_TIMEOUT;
    while !is_traced(&pid) {
        if Instant::now() > deadline {
            return Err(Failure::new("strace does not attach", "see what it says above"));
        }
        thread::sleep(Duration::from_millis(1));
    }
    let load = Load { clients: 1, connections: CONNECTIONS, pause: PAUSE };
    let connected = client::latencies_us(running.port, load);
    thread::sleep(PAUSE);
    if let Some(tracer) = Pid::from_raw(strace.id() as i32) {
        // On SIGINT it detaches and leaves what it traces alone.
        let _ = kill_process(tracer, Signal::INT);
    }
    let _ = strace.wait();
    connected?;
    let text = fs::read_to_string(log).or_file("read", log)?;
    Ok(count(&text, &pid, CONNECTIONS + client::WARM_UP))
}

fn is_traced(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .any(|line| line.strip_prefix("TracerPid:").is_some_and(|tracer| tracer.trim() != "0"))
}

/// Counts the calls in strace's output: each line begins with a process id and a call's name; a
/// call that another process's line has cut in two counts once.
fn count(log: &str, pid1: &str, connections: usize) -> Calls {
    let mut names: [BTreeMap<&str, usize>; 2] = Default::default();
    let mut executed = BTreeMap::<&str, bool>::new();
    for line in log.lines() {
        let Some((pid, rest)) = line.split_once(' ') else { continue };
        let Some((name, _)) = rest.trim_start().split_once('(') else { continue };
        if name.contains([' ', '<', '-', '+']) {
            continue;
        }
        let who = usize::from(pid != pid1);
        if who == 1 && executed.get(pid).is_some_and(|&executed| executed) {
            continue;
        }
        *names[who].entry(name).or_default() += 1;
        executed.insert(pid, name.starts_with("execve"));
    }
    // In tenths: the call that strace interrupts when it attaches belongs to no connection.
    let mean = |count: usize| (count as f64 / connections as f64 * 10.0).round() / 10.0;
    let spell = |names: &BTreeMap<&str, usize>| {
        let mut sorted: Vec<_> = names.iter().map(|(name, &count)| (mean(count), *name)).collect();
        sorted.sort_by(|one, other| other.0.total_cmp(&one.0));
        sorted.retain(|&(count, _)| count > 0.0);
        let spelled: Vec<_> =
            sorted.iter().map(|(count, name)| format!("{name} {count}")).collect();
        spelled.join(", ")
    };
    Calls {
        pid1: mean(names[0].values().sum()),
        child: mean(names[1].values().sum()),
        names: format!("{}; child: {}", spell(&names[0]), spell(&names[1])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_was_cut_in_two_counts_once_and_the_service_not_at_all() {
        let log = "10 epoll_pwait(3, [], 16, -1, NULL, 8) = 1\n\
                   10 vfork( <unfinished ...>\n\
                   11 dup2(6, 1) = 1\n\
                   11 execve(\"/service\", [\"service\"], [] <unfinished ...>\n\
                   10 <... vfork resumed>) = 11\n\
                   11 <... execve resumed>) = 0\n\
                   11 write(1, \"x\", 1) = 1\n\
                   11 +++ exited with 0 +++\n";
        let calls = count(log, "10", 1);
        assert_eq!((calls.pid1, calls.child), (2.0, 2.0));
        assert_eq!(calls.names, "epoll_pwait 1, vfork 1; child: dup2 1, execve 1");
    }
}
