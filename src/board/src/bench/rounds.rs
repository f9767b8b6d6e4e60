//! Everything is measured once a round, contender after contender.

use std::collections::BTreeMap;
use std::time::Duration;

use super::client::{self, Load};
use super::contender::{Contender, Running, Scenario};
use super::cpu::{Cpu, pin};
use super::memory;
use super::place::{self, Place};
use super::restart;
use super::stats::percentile;
use super::trace;
use crate::fail::{Failure, Result};
use crate::say;

/// Something that has one figure a round.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Metric {
    /// `Accept=yes`, one client: half of all first bytes come within this many microseconds.
    ConnectionP50,
    /// 99 of 100 do.
    ConnectionP99,
    /// The same with eight clients at once.
    CrowdP50,
    /// 99 of 100 do.
    CrowdP99,
    /// `Accept=no`, the service not running and the machine idle for 10 ms.
    ColdP50,
    /// 99 of 100 do.
    ColdP99,
    /// From SIGKILL to the next first instruction, in microseconds.
    RestartP50,
    /// From execve until so many ports are listened on, in milliseconds.
    ReadyMs(u16),
    /// KiB of private dirty memory with so many ports.
    PrivateDirtyKib(u16),
    /// KiB of memory, shared pages in part, with so many ports.
    PssKib(u16),
    /// Processes with so many ports.
    Processes(u16),
    /// Context switches in five idle seconds with so many ports.
    IdleSwitches(u16),
    /// System calls of PID 1 for one `Accept=yes` connection.
    ConnectionCalls,
    /// System calls of the child before the service's first instruction.
    ConnectionChildCalls,
    /// System calls of PID 1 for one cold `Accept=no` connection.
    ColdCalls,
    /// System calls of the child before the service's first instruction.
    ColdChildCalls,
}

/// The ports of which each count has its own figures.
pub const PORTS: [u16; 4] = [1, 50, 200, 1000];

/// A round's turns: in each, every contender is measured for a short while.
const TURNS: usize = 10;
/// Of each contender, in one turn.
const ACTIVATIONS: usize = 104;
const COLD_STARTS: usize = 20;
const COLD_PAUSE: Duration = Duration::from_millis(10);
const RESTARTS: usize = 5;
/// Starts of each contender with each number of ports in one round.
const STARTS: usize = 5;

/// One figure a round, of every contender.
#[derive(Clone, Default, Debug)]
pub struct Figures {
    values: BTreeMap<(Metric, &'static str), Vec<f64>>,
    /// What the calls of each contender were.
    pub calls: Vec<String>,
}

impl Figures {
    fn add(&mut self, contender: Contender, metric: Metric, value: f64) {
        self.values.entry((metric, contender.name())).or_default().push(value);
    }

    /// Round by round; empty if the contender could not.
    pub fn of(&self, contender: Contender, metric: Metric) -> &[f64] {
        self.values.get(&(metric, contender.name())).map_or(&[], Vec::as_slice)
    }
}

/// Measures what varies in every round, and what does not once.
///
/// # Errors
/// If a contender fails.
pub fn run(place: &Place, contenders: &[Contender], rounds: u32) -> Result<Figures> {
    let mut figures = Figures::default();
    for round in 0..rounds {
        say::step("Measuring", format!("round {} of {rounds}", round + 1));
        let one = Load { clients: 1, connections: ACTIVATIONS, pause: Duration::ZERO };
        let metrics = (Metric::ConnectionP50, Metric::ConnectionP99);
        activations(place, contenders, Scenario::PerConnection(1), one, metrics, &mut figures)?;
        let crowd = Load { clients: 8, ..one };
        let metrics = (Metric::CrowdP50, Metric::CrowdP99);
        activations(place, contenders, Scenario::PerConnection(1), crowd, metrics, &mut figures)?;
        let cold = Load { clients: 1, connections: COLD_STARTS, pause: COLD_PAUSE };
        let metrics = (Metric::ColdP50, Metric::ColdP99);
        activations(place, contenders, Scenario::Listener, cold, metrics, &mut figures)?;
        restarts(place, contenders, &mut figures)?;
        ready(place, contenders, &mut figures)?;
    }
    say::step("Measuring", "memory and system calls");
    for &contender in contenders {
        at_rest(place, contender, &mut figures)?;
        calls(place, contender, &mut figures)?;
    }
    Ok(figures)
}

/// Has everybody who can do `scenario` up at once, and gives each its turns; who was first in
/// one turn is last in the next. Gives what was measured of each.
fn in_turns(
    place: &Place,
    contenders: &[Contender],
    scenario: Scenario,
    mut started: impl FnMut() -> Result<()>,
    measure: impl Fn(&Running) -> Result<Vec<f64>>,
) -> Result<Vec<(Contender, Vec<f64>)>> {
    let mut all = Vec::new();
    for &contender in contenders {
        if let Some(running) = contender.start(place, scenario)? {
            started()?;
            all.push((contender, running, Vec::new()));
        }
    }
    for _ in 0..TURNS {
        for (contender, running, values) in &mut all {
            let measured = measure(running).map_err(|failure| {
                let what = format!("{} cannot be measured", contender.name());
                Failure::because(failure, what, place::NEXT)
            })?;
            values.extend(measured);
        }
        all.reverse();
    }
    Ok(all.into_iter().map(|(contender, _, values)| (contender, values)).collect())
}

fn activations(
    place: &Place,
    contenders: &[Contender],
    scenario: Scenario,
    load: Load,
    (p50, p99): (Metric, Metric),
    figures: &mut Figures,
) -> Result<()> {
    let measure = |running: &Running| client::latencies_us(running.port, load);
    for (contender, latencies) in in_turns(place, contenders, scenario, || Ok(()), measure)? {
        figures.add(contender, p50, percentile(&latencies, 0.5));
        figures.add(contender, p99, percentile(&latencies, 0.99));
    }
    Ok(())
}

fn restarts(place: &Place, contenders: &[Contender], figures: &mut Figures) -> Result<()> {
    let beat = place.beat()?;
    let started = || restart::next_beat(&beat).map(drop);
    let measure = |running: &Running| restart::latencies_us(running, &beat, RESTARTS);
    for (contender, latencies) in in_turns(place, contenders, Scenario::Beat, started, measure)? {
        figures.add(contender, Metric::RestartP50, percentile(&latencies, 0.5));
    }
    Ok(())
}

fn ready(place: &Place, contenders: &[Contender], figures: &mut Figures) -> Result<()> {
    for ports in PORTS {
        for _ in 0..STARTS {
            for &contender in contenders {
                if let Some(running) = contender.start(place, Scenario::PerConnection(ports))? {
                    figures.add(contender, Metric::ReadyMs(ports), running.ready_ms);
                }
            }
        }
    }
    Ok(())
}

fn at_rest(place: &Place, contender: Contender, figures: &mut Figures) -> Result<()> {
    pin(Cpu::Other)?;
    for ports in PORTS {
        let Some(running) = contender.start(place, Scenario::PerConnection(ports))? else {
            continue;
        };
        let rest = memory::at_rest(&running)?;
        figures.add(contender, Metric::PrivateDirtyKib(ports), rest.private_dirty_kib);
        figures.add(contender, Metric::PssKib(ports), rest.pss_kib);
        figures.add(contender, Metric::Processes(ports), rest.processes);
        figures.add(contender, Metric::IdleSwitches(ports), rest.idle_switches);
    }
    Ok(())
}

fn calls(place: &Place, contender: Contender, figures: &mut Figures) -> Result<()> {
    let mut trace = |running: &Running, pid1: Metric, child: Metric| -> Result<()> {
        let calls = trace::calls(running, &place.scratch("strace"))?;
        figures.add(contender, pid1, calls.pid1);
        figures.add(contender, child, calls.child);
        figures.calls.push(format!("{}: {}", contender.name(), calls.names));
        Ok(())
    };
    if let Some(running) = contender.start(place, Scenario::PerConnection(1))? {
        trace(&running, Metric::ConnectionCalls, Metric::ConnectionChildCalls)?;
    }
    if let Some(running) = contender.start(place, Scenario::Listener)? {
        trace(&running, Metric::ColdCalls, Metric::ColdChildCalls)?;
    }
    Ok(())
}
