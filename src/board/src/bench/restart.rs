//! From the death of a service to its successor's first instruction.

use std::fs::File;
use std::io::Read;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, kill_process};

use super::contender::{Running, TIME_BYTES, now_s, seconds};
use super::cpu::{Cpu, pin};
use super::place;
use crate::fail::{Failure, OrFail, Result};

/// How long a service runs before it is killed.
const UPTIME: Duration = Duration::from_millis(20);
const TIMEOUT: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// Kills the service `count` times; from kill(2) to the successor's clock, in microseconds each.
/// Others may beat there, but only when they are killed.
///
/// # Errors
/// If it does not come back.
pub fn latencies_us(running: &Running, beat: &File, count: usize) -> Result<Vec<f64>> {
    pin(Cpu::Shared)?;
    let mut latencies = Vec::with_capacity(count);
    for _ in 0..count {
        thread::sleep(UPTIME);
        let children = running.children();
        let [service] = children[..] else {
            return Err(Failure::new(
                format!("one service should run, not {}", children.len()),
                place::NEXT,
            ));
        };
        let killed_s = now_s();
        kill_process(service, Signal::KILL)
            .or_fail(|| "the service cannot be killed".into(), place::NEXT)?;
        latencies.push((next_beat(beat)? - killed_s) * 1e6);
    }
    Ok(latencies)
}

/// Waits for a service's first instruction: its clock, in seconds.
///
/// # Errors
/// If it does not come.
pub fn next_beat(mut beat: &File) -> Result<f64> {
    let mut ready = [PollFd::new(beat, PollFlags::IN)];
    let polled = poll(&mut ready, Some(&TIMEOUT));
    if !polled.is_ok_and(|count| count == 1) {
        return Err(Failure::new("a service was not started", place::NEXT));
    }
    let mut stamp = [0u8; TIME_BYTES];
    beat.read_exact(&mut stamp).or_fail(|| "cannot read a beat".into(), "try again")?;
    Ok(seconds(stamp))
}
