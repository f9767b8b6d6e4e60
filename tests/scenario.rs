//! Scenarios: unit text and a script of what happens, against the expected course of things.
//!
//! A file of `tests/scenarios` holds units (`=== NAME`) and a script (`=== script`), one event a
//! line. The world answers what is asked of it as a well kernel does, unless the script says
//! otherwise beforehand. The course goes to `tests/expect/scenario-NAME.snap`;
//! `INSTA_UPDATE=always cargo test --test scenario` writes it anew.

#[path = "sim/memory.rs"]
mod memory;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use memory::Memory;
use pilotlight::engine::{
    AcceptFailure, Action, ClientId, CommandList, Engine, Errno, Event, Instant, Notification, Pid,
    Process, SpawnError, Special, Stage, Target, Trace, Work,
};
use unit::control::{Exit, KillWhom, Order, Peer, Request, ShutdownKind, Verb};
use unit::{JobMode, Kind, Table, UnitId};

const BOARD_CONF: &str = "[Board]\nArchitecture=x86_64\nHostname=scenario\n";

/// The pid of whoever PID 1 has not made.
const STRANGER: u32 = 77_777;

struct Scenario<'t, 's> {
    table: Table<'t>,
    engine: Engine<'t, 's>,
    now: Instant,
    next_pid: u32,
    /// Who is alive, by what they are.
    pids: BTreeMap<String, u32>,
    /// Answers that the script ordered: what to do wrong, once each.
    faults: BTreeMap<String, Vec<u16>>,
    /// Units in whose group somebody is left.
    lingering: BTreeSet<UnitId>,
    /// What a search for the main process finds next: one, or that nobody is left.
    forked: BTreeMap<UnitId, bool>,
    /// What children find of timers, said by the script.
    stamps: BTreeMap<UnitId, u64>,
    peer: [u8; 4],
    seen: u32,
    course: String,
}

impl Scenario<'_, '_> {
    fn name(&self, unit: UnitId) -> String {
        self.table.unit(unit).name.to_owned()
    }

    fn unit(&self, name: &str) -> UnitId {
        self.table.find(name).unwrap_or_else(|| panic!("no unit {name}"))
    }

    fn fault(&mut self, what: &str) -> Option<u16> {
        self.faults.get_mut(what).and_then(Vec::pop)
    }

    fn play(&mut self, line: &str) {
        writeln!(self.course, "> {line}").unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["boot"] => self.feed(Event::Boot),
            ["connect", socket] => self.readable(socket, 0),
            ["connect", socket, listener] => self.readable(socket, listener.parse().unwrap()),
            ["peer", address] => {
                let mut bytes = address.split('.').map(|byte| byte.parse().unwrap());
                self.peer = std::array::from_fn(|_| bytes.next().unwrap());
            }
            ["fail", what, errno] => {
                self.faults.entry(what.to_owned()).or_default().push(errno.parse().unwrap());
            }
            ["slot"] => self.feed(Event::SlotFreed),
            ["addresses"] => self.feed(Event::AddressAppeared),
            ["linger", unit] => {
                self.lingering.insert(self.unit(unit));
            }
            ["empty", unit] => {
                let unit = self.unit(unit);
                self.lingering.remove(&unit);
                self.feed(Event::GroupEmpty(unit));
            }
            ["forks", unit] => {
                self.forked.insert(self.unit(unit), true);
            }
            ["leaves-nobody", unit] => {
                self.forked.insert(self.unit(unit), false);
            }
            ["exit", who, code] => self.exit(who, Exit::Code(code.parse().unwrap()), None),
            ["killed", who, signal] => {
                self.exit(who, Exit::Signal(signal.parse().unwrap()), None);
            }
            ["no-program", who] => {
                let error = SpawnError { stage: Stage::Exec, errno: Errno(2) };
                self.exit(who, Exit::Code(203), Some(error));
            }
            ["gone"] => self.feed(Event::ChildrenGone),
            ["executed", unit] => self.feed(Event::Executed(self.unit(unit))),
            ["hangup", socket] => {
                let listener = self.first_listener(socket);
                self.feed(Event::HungUp(listener));
            }
            ["notify", who, text] => {
                // Who is nobody that PID 1 knows is another process of that unit.
                let pid = Pid(self.pids.get(who).copied().unwrap_or(STRANGER));
                let group = who.split_once('/').and_then(|(unit, _)| self.table.find(unit));
                let now = format!("MONOTONIC_USEC={}", self.now.us());
                let text = text.replace('|', "\n").replace("MONOTONIC_USEC=now", &now);
                self.feed(Event::Notified {
                    pid,
                    group,
                    notification: Notification::parse(text.as_bytes()),
                });
            }
            ["wait"] => {
                let deadline = self.engine.next_deadline().expect("something to wait for");
                self.pass(deadline);
            }
            ["pass", millis] => {
                self.pass(self.now.later(millis.parse::<u64>().unwrap() * 1000));
            }
            ["idle"] => assert_eq!(self.engine.next_deadline(), None, "nothing to wait for"),
            ["poweroff"] => self.feed(Event::ShutdownSignal(ShutdownKind::Poweroff)),
            ["boot", unit] => {
                let unit = self.unit(unit);
                self.feed(Event::BootTarget(unit));
                self.feed(Event::Boot);
            }
            ["mask", unit] => {
                let unit = self.unit(unit);
                self.feed(Event::Masked(unit));
            }
            ["signal", "rescue"] => self.feed(Event::Special(Special::Rescue)),
            ["signal", "default"] => self.feed(Event::Special(Special::Default)),
            ["signal", "power"] => self.feed(Event::Special(Special::PowerFailure)),
            ["reboot"] => self.feed(Event::ShutdownSignal(ShutdownKind::Reboot)),
            // What the clock on the wall shows now, in seconds since 1970.
            ["clock", seconds] => {
                let wall_us = seconds.parse::<i64>().unwrap() * 1_000_000 - self.now.us() as i64;
                self.feed(Event::ClockChanged { wall_us });
            }
            // When a timer last elapsed in an earlier boot, in seconds since 1970.
            ["stamp", unit, seconds] => {
                let unit = self.unit(unit);
                self.stamps.insert(unit, seconds.parse::<u64>().unwrap() * 1_000_000);
            }
            ["touch", unit] => {
                let unit = self.unit(unit);
                self.feed(Event::PathTouched { unit, changed: false });
            }
            ["change", unit] => {
                let unit = self.unit(unit);
                self.feed(Event::PathTouched { unit, changed: true });
            }
            ["ctrl-alt-del"] => self.feed(Event::CtrlAltDel),
            _ => self.order(&words),
        }
    }

    /// Plays what pilotctl asks for.
    fn order(&mut self, words: &[&str]) {
        match *words {
            ["start", unit] => self.job(Order::Start, unit),
            ["stop", unit] => self.job(Order::Stop, unit),
            ["restart", unit] => self.job(Order::Restart, unit),
            ["reload", unit] => self.job(Order::Reload, unit),
            ["try-restart", unit] => self.job(Order::TryRestart, unit),
            ["reload-or-restart", unit] => self.job(Order::ReloadOrRestart, unit),
            ["try-reload-or-restart", unit] => self.job(Order::TryReloadOrRestart, unit),
            ["isolate", unit] => self.job_in(Order::Start, unit, JobMode::Isolate),
            ["start", unit, "fail"] => self.job_in(Order::Start, unit, JobMode::Fail),
            ["start", unit, "flush"] => self.job_in(Order::Start, unit, JobMode::Flush),
            ["start", unit, "replace-irreversibly"] => {
                self.job_in(Order::Start, unit, JobMode::ReplaceIrreversibly);
            }
            ["start", unit, "ignore-dependencies"] => {
                self.job_in(Order::Start, unit, JobMode::IgnoreDependencies);
            }
            ["cancel", unit] => {
                let unit = self.unit(unit);
                self.request(Verb::Cancel(unit));
            }
            ["clean", unit] => {
                let unit = self.unit(unit);
                self.request(Verb::CleanStored(unit));
            }
            ["kill", unit, whom] => {
                let whom = match whom {
                    "main" => KillWhom::Main,
                    "control" => KillWhom::Control,
                    _ => KillWhom::All,
                };
                self.request(Verb::Kill { unit: self.unit(unit), signal: 10, whom });
            }
            ["reset-failed", unit] => {
                let unit = self.unit(unit);
                self.request(Verb::ResetFailed(unit));
            }
            _ => panic!("no such event: {words:?}"),
        }
    }

    fn job(&mut self, order: Order, unit: &str) {
        self.job_in(order, unit, JobMode::Replace);
    }

    fn job_in(&mut self, order: Order, unit: &str, mode: JobMode) {
        let unit = self.unit(unit);
        self.request(Verb::Job { order, unit, mode, wait: true });
    }

    fn request(&mut self, verb: Verb) {
        let request = Some(Request { table: self.table.crc(), verb });
        self.feed(Event::Requested { client: ClientId(0), root: true, request });
    }

    fn first_listener(&self, socket: &str) -> unit::ListenerId {
        let Kind::Socket(config) = self.table.kind(self.unit(socket)) else {
            panic!("{socket} is no socket");
        };
        config.first_listener
    }

    fn readable(&mut self, socket: &str, listener: u16) {
        let first = self.first_listener(socket);
        self.feed(Event::Readable(unit::ListenerId(first.0 + listener)));
    }

    fn exit(&mut self, who: &str, exit: Exit, error: Option<SpawnError>) {
        let pid = self.pids.remove(who);
        let pid = pid.unwrap_or_else(|| panic!("{who} is not alive; so far:\n{}", self.course));
        self.feed(Event::Exited { pid: Pid(pid), exit, error });
    }

    fn pass(&mut self, until: Instant) {
        self.now = until;
        self.drain();
    }

    fn feed(&mut self, event: Event<'_>) {
        self.engine.step(event, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        self.tell_trace();
        while let Some(action) = self.engine.next_action(self.now) {
            self.tell_trace();
            self.execute(action);
            self.tell_trace();
        }
        self.tell_trace();
    }

    /// The trace that the console would show, with the time since the scenario began.
    fn tell_trace(&mut self) {
        let records: Vec<_> = self.engine.trace().since(self.seen).collect();
        self.seen = self.engine.trace().written();
        for record in records {
            let name = |unit: UnitId| self.name(unit);
            let ms = record.at.us() / 1000;
            let text = match record.trace {
                Trace::State { unit, sub, result } => {
                    format!("{}: {sub:?} ({result:?})", name(unit))
                }
                Trace::Job { unit, kind, result } => {
                    format!("{}: {kind:?} job {result:?}", name(unit))
                }
                Trace::JobRefused { unit, kind, refusal } => {
                    format!("{}: {kind:?} job refused: {refusal:?}", name(unit))
                }
                Trace::Triggered { unit, .. } => format!("{}: triggered", name(unit)),
                Trace::Paused { unit, until } => {
                    format!("{}: paused until {} ms", name(unit), until.us() / 1000)
                }
                Trace::Unmet { unit, check } => format!("{}: check {check} unmet", name(unit)),
                Trace::Refused { unit } => format!("{}: refused", name(unit)),
                other @ (Trace::Exited { .. }
                | Trace::SpawnFailed { .. }
                | Trace::Connected { .. }
                | Trace::OpenFailed { .. }
                | Trace::Reopened { .. }
                | Trace::WorkFailed { .. }
                | Trace::ServiceErrno { .. }
                | Trace::BootFinished
                | Trace::Shutdown { .. }) => format!("{other:?}"),
            };
            writeln!(self.course, "{ms:>8} ms  {text}").unwrap();
        }
    }

    fn tell(&mut self, text: &str) {
        writeln!(self.course, "               {text}").unwrap();
    }

    fn who(&self, process: Process) -> String {
        match process {
            Process::Main(unit) => format!("{}/main", self.name(unit)),
            Process::Control(unit) => format!("{}/control", self.name(unit)),
            Process::Instance(instance) => {
                let socket = self.engine.instance(instance).socket;
                format!("{}/{}", self.name(socket), self.engine.instance(instance).number)
            }
            Process::Checker(unit) => format!("{}/checker", self.name(unit)),
            Process::Worker(unit) => format!("{}/worker", self.name(unit)),
            Process::Finisher => "finisher".to_owned(),
        }
    }

    fn whom(&self, target: Target) -> String {
        match target {
            Target::Child(pid) => {
                let who = self.pids.iter().find(|(_, alive)| **alive == pid.0);
                who.expect("only the living are signalled").0.clone()
            }
            Target::Adopted(unit) => format!("{}/adopted", self.name(unit)),
            Target::Group { unit, .. } => format!("{}/all", self.name(unit)),
            Target::Instances(unit) => format!("{}/instances", self.name(unit)),
        }
    }

    fn execute(&mut self, action: Action) {
        match action {
            Action::OpenSocket(unit) => {
                let name = self.name(unit);
                self.tell(&format!("open {name}"));
                let event = match self.fault("open") {
                    Some(errno) => Event::SocketOpenFailed {
                        unit,
                        listener: self.first_listener(&name),
                        errno: Errno(errno),
                    },
                    None => Event::SocketOpened(unit),
                };
                self.engine.step(event, self.now);
            }
            Action::CloseSocket(unit) => self.tell(&format!("close {}", self.name(unit))),
            Action::Flush(unit) => self.tell(&format!("flush {}", self.name(unit))),
            Action::Watch(unit) => self.tell(&format!("watch {}", self.name(unit))),
            Action::Unwatch(unit) => self.tell(&format!("unwatch {}", self.name(unit))),
            Action::WatchListener(listener) => self.tell(&format!("watch {listener:?}")),
            Action::UnwatchListener(listener) => self.tell(&format!("unwatch {listener:?}")),
            Action::Accept { listener, instance } => {
                self.tell("accept");
                let event = match self.fault("accept") {
                    Some(errno) => Event::AcceptFailed {
                        instance: Some(instance),
                        listener,
                        failure: AcceptFailure::Exhausted(Errno(errno)),
                    },
                    None => Event::Accepted { instance, peer: Peer::V4(self.peer, 4000) },
                };
                self.engine.step(event, self.now);
            }
            Action::Refuse(_) => self.tell("accept and close"),
            Action::Drop(_) => self.tell("close the connection"),
            Action::Spawn { process, command, main_pid } => {
                self.spawn(process, command.list, command.index, main_pid);
            }
            Action::Kill { target, signal } => {
                self.tell(&format!("kill {signal} {}", self.whom(target)));
            }
            Action::WatchGroup(unit) => {
                let event = if self.lingering.contains(&unit) {
                    Event::GroupPopulated(unit)
                } else {
                    Event::GroupEmpty(unit)
                };
                self.engine.step(event, self.now);
            }
            Action::AdoptMain { unit, pid } => {
                self.tell(&format!("adopt {} as main of {}", pid.0, self.name(unit)));
                self.engine.step(Event::MainAdopted { unit, pid }, self.now);
                self.pids.insert(format!("{}/adopted", self.name(unit)), pid.0);
            }
            Action::FindMain(unit) => self.find_main(unit),
            Action::RemovePidFile(unit) => {
                self.tell(&format!("remove the pidfile of {}", self.name(unit)));
            }
            Action::WatchPath { unit, targets } => {
                self.tell(&format!("watch {}, {targets} for changes", self.name(unit)));
            }
            Action::ReleaseStored(unit) => {
                self.tell(&format!("release stored {}", self.name(unit)));
            }
            Action::UnwatchPath(unit) => self.tell(&format!("unwatch {}", self.name(unit))),
            Action::TakeStamp(unit) => {
                self.tell(&format!("take the stamp of {}", self.name(unit)));
                let us = self.stamps.remove(&unit).expect("the script says what it is");
                self.engine.step(Event::StampTaken { unit, us }, self.now);
            }
            Action::Reply { answer, .. } => self.tell(&format!("reply {answer:?}")),
            Action::KillAll { signal } => self.tell(&format!("kill {signal} everybody")),
            Action::Work(work) => {
                let process = work.process();
                let what = match work {
                    Work::Unmount(_) => "undo",
                    Work::ReadStamp(_) => "read",
                    Work::WriteStamp(unit) => {
                        let seconds = self.engine.stamp_of(unit) / 1_000_000;
                        self.tell(&format!("keep {seconds}"));
                        "write"
                    }
                    Work::Check(_)
                    | Work::Mount(_)
                    | Work::Look(_)
                    | Work::LeaveAll
                    | Work::LeaveInitramfs => "work",
                };
                self.tell(&format!("{what} {}", self.who(process)));
                self.make(process);
            }
            Action::Shutdown(kind) => {
                let argument = self.engine.reboot_argument().trim_end_matches('\0');
                let argument =
                    if argument.is_empty() { String::new() } else { format!(" {argument:?}") };
                self.tell(&format!("reboot(2): {kind:?}{argument}"));
            }
        }
    }

    /// There is one if the script has said so.
    fn find_main(&mut self, unit: UnitId) {
        let name = self.name(unit);
        self.tell(&format!("look for the main process of {name}"));
        let event = match self.forked.remove(&unit) {
            Some(true) => {
                self.next_pid += 1;
                let pid = Pid(self.next_pid);
                self.pids.insert(format!("{name}/adopted"), pid.0);
                Event::MainAdopted { unit, pid }
            }
            gone => Event::MainMissing { unit, gone: gone.is_some() },
        };
        self.engine.step(event, self.now);
    }

    fn spawn(&mut self, process: Process, list: CommandList, index: u8, main: Option<Pid>) {
        let who = self.who(process);
        let main = main.map_or(String::new(), |pid| format!(" MAINPID={}", pid.0));
        self.tell(&format!("spawn {who} {list:?}[{index}]{main}"));
        self.make(process);
    }

    fn make(&mut self, process: Process) {
        let who = self.who(process);
        let failed = |stage| move |errno| SpawnError { stage, errno: Errno(errno) };
        let slot = self.fault("slot").map(failed(Stage::Slot));
        let event = match slot.or_else(|| self.fault("spawn").map(failed(Stage::Clone))) {
            Some(error) => Event::SpawnFailed { process, error },
            None => {
                self.next_pid += 1;
                self.pids.insert(who, self.next_pid);
                Event::Spawned { process, pid: Pid(self.next_pid) }
            }
        };
        self.engine.step(event, self.now);
    }
}

/// Splits a scenario file into its sections.
fn sections(text: &str) -> Vec<(&str, String)> {
    let mut sections: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("=== "), sections.last_mut()) {
            (Some(name), _) => sections.push((name, String::new())),
            (None, Some((_, body))) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, None) => {}
        }
    }
    sections
}

fn play(text: &str) -> String {
    let sections = sections(text);
    let source = |name: &str, text: &str| compile::Source {
        path: name.to_owned(),
        text: text.as_bytes().to_vec(),
    };
    let units: Vec<_> = sections
        .iter()
        .filter(|(name, _)| !["script", "board.conf"].contains(name))
        .map(|(name, text)| source(name, text))
        .collect();
    let more = sections.iter().find(|(name, _)| *name == "board.conf");
    let board_conf = more.map_or(BOARD_CONF.into(), |(_, more)| format!("{BOARD_CONF}{more}"));
    let image = match compile::compile_sources(&source("board.conf", &board_conf), &units) {
        Ok((image, _)) => image,
        Err(failure) => panic!("{failure}"),
    };
    let table = Table::open(&image.table).unwrap();
    let mut memory = Memory::new(&image.limits);
    let mut scenario = Scenario {
        table,
        engine: Engine::new(table, memory.storage()),
        now: Instant::BOOT,
        next_pid: 100,
        pids: BTreeMap::new(),
        faults: BTreeMap::new(),
        lingering: BTreeSet::new(),
        forked: BTreeMap::new(),
        stamps: BTreeMap::new(),
        peer: [10, 0, 0, 1],
        seen: 0,
        course: String::new(),
    };
    let (_, script) = sections.iter().find(|(name, _)| *name == "script").expect("a script");
    for line in script.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        scenario.play(line);
    }
    scenario.course
}

#[test]
fn scenarios() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10, "the scenarios are there");
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let course = play(&std::fs::read_to_string(&path).unwrap());
        insta::with_settings!({ snapshot_path => "expect", prepend_module_to_snapshot => false,
                                omit_expression => true }, {
            insta::assert_snapshot!(format!("scenario-{name}"), course);
        });
    }
}
