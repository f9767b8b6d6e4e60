//! Who takes part, and what each is told to do.

use std::fs::{self, File};
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::cpu::{Cpu, pin};
use super::listeners::Listeners;
use super::place::{self, Place};
use crate::fail::{Failure, OrFail, Result};

/// The floor's first port.
const PORT: u16 = 10_000;
/// From one contender's first port to the next one's: all of them are up at the same time.
const PORTS_EACH: u16 = 2_000;
/// Nobody needs that long to come up.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scenario {
    /// `Accept=yes` on this many ports.
    PerConnection(u16),
    /// `Accept=no`; the service ends after one connection.
    Listener,
    /// A service that is started again whenever it ends.
    Beat,
}

impl Scenario {
    /// Every scenario there is.
    pub const ALL: [Self; 6] = [
        Self::PerConnection(1),
        Self::PerConnection(50),
        Self::PerConnection(200),
        Self::PerConnection(1000),
        Self::Listener,
        Self::Beat,
    ];

    /// A name for files.
    pub fn name(self) -> String {
        match self {
            Self::PerConnection(count) => format!("connection-{count}"),
            Self::Listener => "listener".into(),
            Self::Beat => "beat".into(),
        }
    }

    /// How many ports are listened on.
    pub fn ports(self) -> u16 {
        match self {
            Self::PerConnection(count) => count,
            Self::Listener => 1,
            Self::Beat => 0,
        }
    }
}

/// Who takes part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contender {
    /// The least that can do it.
    Floor,
    /// Ours.
    Pilot,
    /// Debian's xinetd.
    Xinetd,
    /// Debian's openbsd-inetd.
    OpenbsdInetd,
    /// Debian's systemd-socket-activate.
    SocketActivate,
}

impl Contender {
    /// All of them, the floor first.
    pub const ALL: [Self; 5] =
        [Self::Floor, Self::Pilot, Self::Xinetd, Self::OpenbsdInetd, Self::SocketActivate];

    /// As the table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Pilot => "pilot",
            Self::Xinetd => "xinetd",
            Self::OpenbsdInetd => "openbsd-inetd",
            Self::SocketActivate => "systemd-socket-activate",
        }
    }

    /// Its first port; the others follow.
    pub fn port(self) -> u16 {
        PORT + self as u16 * PORTS_EACH
    }

    /// The command that does it, in the root of [`Place`]; none if it cannot.
    pub fn command(self, scenario: Scenario) -> Option<Vec<String>> {
        let words = |text: &str| Some(text.split(' ').map(str::to_owned).collect());
        let (name, port, ports) = (scenario.name(), self.port(), scenario.ports());
        match (self, scenario) {
            (Self::Floor, Scenario::PerConnection(_)) => {
                words(&format!("/floor connection {port} {ports}"))
            }
            (Self::Floor, Scenario::Listener) => words(&format!("/floor listener {port} {ports}")),
            (Self::Floor, Scenario::Beat) => words("/floor beat"),
            (Self::Pilot, _) => words(&format!("/{}", place::pilot(scenario))),
            (Self::Xinetd, Scenario::PerConnection(_) | Scenario::Listener) => words(&format!(
                "/usr/sbin/xinetd -dontfork -filelog /dev/null -f /etc/xinetd-{name}"
            )),
            (Self::OpenbsdInetd, Scenario::PerConnection(_) | Scenario::Listener) => {
                words(&format!("/usr/sbin/inetd -i -R 1000000 /etc/inetd-{name}"))
            }
            (Self::SocketActivate, Scenario::PerConnection(_)) => {
                let listen: String =
                    (port..port + ports).map(|port| format!("-l 127.0.0.1:{port} ")).collect();
                words(&format!(
                    "/usr/bin/systemd-socket-activate --accept --inetd {listen}/service connection"
                ))
            }
            (Self::SocketActivate, Scenario::Listener)
            | (Self::Xinetd | Self::OpenbsdInetd | Self::SocketActivate, Scenario::Beat) => None,
        }
    }

    /// Starts it and waits until all its ports are listened on; none if it cannot do this.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn start(self, place: &Place, scenario: Scenario) -> Result<Option<Running>> {
        let Some(command) = self.command(scenario) else {
            return Ok(None);
        };
        let listeners = Listeners::open()?;
        // What watches is not in the way of what starts.
        pin(Cpu::Shared)?;
        let mut running = Running::spawn(place, &command, self.port())?;
        pin(Cpu::Other)?;
        running.begin_s()?;
        let deadline = Instant::now() + START_TIMEOUT;
        let ports = scenario.ports();
        while listeners.count(self.port(), ports)? < usize::from(ports) {
            if Instant::now() > deadline {
                return Err(Failure::new(
                    format!("{} does not come up: {}", self.name(), command.join(" ")),
                    place::NEXT,
                ));
            }
        }
        running.ready_ms = (now_s() - running.begin_s) * 1e3;
        running.pid = running.find_init()?;
        Ok(Some(running))
    }
}

/// A contender at work, as PID 1 of its own namespaces; it ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    outer: Child,
    /// CLOCK_MONOTONIC just before its execve.
    begin_s: f64,
    /// Its process id, as seen from outside.
    pub pid: Pid,
    /// Its first port.
    pub port: u16,
    /// From its execve until the last of its ports was listened on.
    pub ready_ms: f64,
}

impl Running {
    fn spawn(place: &Place, command: &[String], port: u16) -> Result<Self> {
        let program = place.program("start");
        let path = place.scratch("said");
        let said = File::options().create(true).append(true).open(&path).or_file("open", &path)?;
        let outer = Command::new(&program)
            .arg(place.root())
            .args(command)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(said)
            .spawn()
            .or_file("start", &program)?;
        Ok(Self { outer, begin_s: 0.0, pid: Pid::INIT, port, ready_ms: 0.0 })
    }

    /// Waits for the moment of its execve.
    fn begin_s(&mut self) -> Result<()> {
        let mut stamp = [0u8; TIME_BYTES];
        let stdout = self.outer.stdout.as_mut().expect("it was made a pipe");
        stdout.read_exact(&mut stamp).or_fail(
            || "no namespaces can be made".into(),
            "see that the kernel has all of them",
        )?;
        self.begin_s = seconds(stamp);
        Ok(())
    }

    fn find_init(&self) -> Result<Pid> {
        let outer = self.outer.id() as i32;
        let outer = Pid::from_raw(outer).expect("a process has an id");
        let children = children(outer);
        children
            .first()
            .copied()
            .ok_or_else(|| Failure::new("a contender has ended by itself", place::NEXT))
    }

    /// Its children, as seen from outside.
    pub fn children(&self) -> Vec<Pid> {
        children(self.pid)
    }

    /// Waits until it sleeps: until it has run in none of some short periods.
    pub fn settle(&self) {
        const QUIET: Duration = Duration::from_millis(200);
        let mut before = None;
        loop {
            let switches = super::memory::switches(self.pid);
            if before == Some(switches) {
                return;
            }
            before = Some(switches);
            thread::sleep(QUIET);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // From outside even PID 1 can be killed, and everything in its namespace goes with it.
        if self.pid == Pid::INIT {
            let _ = self.outer.kill();
        } else {
            let _ = kill_process(self.pid, Signal::KILL);
        }
        let _ = self.outer.wait();
    }
}

fn children(of: Pid) -> Vec<Pid> {
    let pid = of.as_raw_nonzero();
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

/// Length of the struct timespec that the bench's programs write.
pub const TIME_BYTES: usize = 16;

/// Reads a struct timespec.
pub fn seconds(stamp: [u8; TIME_BYTES]) -> f64 {
    let field = |at: usize| {
        let mut bytes = [0u8; 8];
        bytes.copy_from_slice(&stamp[at..at + 8]);
        i64::from_ne_bytes(bytes)
    };
    field(0) as f64 + field(8) as f64 * 1e-9
}

/// CLOCK_MONOTONIC.
pub fn now_s() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_stamp_is_two_native_words() {
        let mut stamp = [0u8; TIME_BYTES];
        stamp[..8].copy_from_slice(&3i64.to_ne_bytes());
        stamp[8..].copy_from_slice(&500_000_000i64.to_ne_bytes());
        assert_eq!(seconds(stamp), 3.5);
    }

    #[test]
    fn every_contender_but_the_peers_can_do_everything() {
        for scenario in Scenario::ALL {
            assert!(Contender::Floor.command(scenario).is_some());
            assert!(Contender::Pilot.command(scenario).is_some());
        }
        assert_eq!(Contender::Xinetd.command(Scenario::Beat), None);
    }
}
