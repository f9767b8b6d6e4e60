//! A PID 1 that is told its states, and remembers what it was asked to change.

use std::fmt::Display;

use pilotlight::ctl::{Link, LogAccess, Unreachable};
use unit::control::{
    ActiveState, Checked, FRAME_MAX, InstanceStatus, JobResult, ManagerStatus, Refusal, Reply,
    Request, SubState, SystemState, UnitResult, UnitStatus, Verb, WatchdogState,
};
use unit::{Table, UnitId};

const BOARD_CONF: &str = "[Board]\nArchitecture=x86_64\nHostname=oven\n";

const UNITS: &[(&str, &str)] = &[
    (
        "web.socket",
        "[Unit]\nDescription=Web socket\n[Socket]\nListenStream=8080\nListenStream=/run/web.sock\n\
         Backlog=64\nKeepAlive=yes\nKeepAliveTimeSec=90\nMark=7\nPassPacketInfo=yes\n\
         SocketProtocol=mptcp\nTCPCongestion=reno\nSymlinks=/run/www\n\
         [Install]\nWantedBy=sockets.target\n",
    ),
    (
        "web.service",
        "[Unit]\nDescription=Web server\nAfter=web.socket\nRequires=web.socket\n\
         [Service]\nType=notify\nExecStart=/usr/sbin/httpd -f $OPTIONS ${HOME}/conf\n\
         ExecReload=/bin/kill -HUP $MAINPID\nRestart=on-failure\nRestartSec=1500ms\n\
         Environment=A=1 \"B=two words\"\nUser=www\nLimitNOFILE=64:128\n",
    ),
    (
        "echo.socket",
        "[Unit]\nDescription=Echo socket\n[Socket]\nAccept=yes\nListenStream=0.0.0.0:7\n\
         MaxConnections=4\n[Install]\nWantedBy=sockets.target\n",
    ),
    (
        "echo@.service",
        "[Unit]\nDescription=Echo\n[Service]\nExecStart=/bin/cat\nStandardInput=socket\n",
    ),
    (
        "log.socket",
        "[Socket]\nListenDatagram=127.0.0.1:514\nListenDatagram=[::1]:514\n\
         [Install]\nWantedBy=sockets.target\n",
    ),
    ("log.service", "[Service]\nExecStart=/sbin/syslogd -n\n"),
    (
        "dev-mmcblk0p4.swap",
        "[Swap]\nWhat=/dev/mmcblk0p4\nPriority=10\nOptions=discard=once\nTimeoutSec=20s\n",
    ),
    (
        "ticker.timer",
        "[Timer]\nOnBootSec=5min\nOnUnitActiveSec=1h 30min\nOnCalendar=Mon..Fri *-*-* 08/2:00\n\
         OnCalendar=2027,2030-01,02~01 12:30:05.25\nOnCalendar=minutely\nPersistent=yes\n",
    ),
    ("nightly.timer", "[Timer]\nOnCalendar=daily\nUnit=ticker.service\n"),
    ("once.timer", "[Timer]\nOnBootSec=1min\nUnit=ticker.service\n"),
    ("ticker.service", "[Service]\nType=oneshot\nExecStart=/bin/tick\n"),
];

/// Control groups, one in another.
pub const SLICES: &[(&str, &str)] = &[
    ("ovens.slice", "[Unit]\nDescription=All ovens\n[Slice]\nTasksAccounting=yes\n"),
    ("bake.service", "[Service]\nExecStart=/bin/bake\nSlice=ovens.slice\nMemoryMax=64M\n"),
];

/// The table of a small board.
pub fn table() -> Table<'static> {
    table_of(UNITS)
}

fn table_of(units: &[(&str, &str)]) -> Table<'static> {
    let source = |path: &str, text: &str| compile::Source {
        path: path.to_owned(),
        text: text.as_bytes().to_vec(),
    };
    let units: Vec<_> = units.iter().map(|(name, text)| source(name, text)).collect();
    let image = match compile::compile_sources(&source("board.conf", BOARD_CONF), &units) {
        Ok((image, _)) => image,
        Err(failure) => panic!("{failure}"),
    };
    Table::open(image.table.leak()).expect("what was compiled opens")
}

/// PID 1, as far as a client can tell.
pub struct Fake {
    pub table: Table<'static>,
    pub units: Vec<UnitStatus<'static>>,
    pub instances: Vec<InstanceStatus>,
    pub manager: ManagerStatus,
    pub unreachable: Option<Unreachable>,
    /// Answers to what would change something, one unit or all; `None` is "done".
    pub answer: Option<Answer>,
    /// What it was told.
    pub told: Vec<Verb>,
    /// Whether the requests that wait for a job were sent as such.
    pub patience: Vec<bool>,
    /// How far the clock on the wall is before that of PID 1.
    pub wall_us: i64,
    /// A table that is not the client's.
    pub crc: u32,
    /// The file of `pilot-log`.
    pub log: Vec<u8>,
    /// Others may not read it.
    pub log_is_denied: bool,
    /// What it is one after the other, while somebody waits for its changes.
    pub log_changes: Vec<Vec<u8>>,
}

#[derive(Clone, Copy)]
pub enum Answer {
    Failed(JobResult),
    Refused(Refusal),
    Nonsense,
}

impl Fake {
    pub fn new() -> Self {
        Self::with(UNITS)
    }

    pub fn with(units: &[(&str, &str)]) -> Self {
        let table = table_of(units);
        let idle = |unit| UnitStatus {
            checked: Checked::Never,
            unit,
            active: ActiveState::Inactive,
            sub: SubState::Dead,
            result: UnitResult::Success,
            job: None,
            job_running: false,
            state_change_us: 0,
            active_enter_us: 0,
            main_pid: 0,
            control_pid: 0,
            exit: None,
            restarts: 0,
            triggered: 0,
            accepted: 0,
            held: 0,
            refused: 0,
            next_us: 0,
            last_us: 0,
            stamp_us: 0,
            retry: None,
            status_errno: 0,
            status_text: "",
        };
        Self {
            table,
            units: table.ids().map(idle).collect(),
            instances: Vec::new(),
            manager: ManagerStatus {
                state: SystemState::Running,
                failed: 0,
                jobs: 0,
                now_us: 100_000_000,
                boot_finished_us: 1_234_567,
                strangers_reaped: 2,
                notifications_dropped: 0,
                console_lines_dropped: 0,
                watchdog: WatchdogState::None,
                reset_by_watchdog: false,
            },
            wall_us: 1_764_000_000_000_000,
            unreachable: None,
            answer: None,
            told: Vec::new(),
            patience: Vec::new(),
            crc: table.crc(),
            log: Vec::new(),
            log_is_denied: false,
            log_changes: Vec::new(),
        }
    }

    pub fn id(&self, name: &str) -> UnitId {
        self.table.find(name).unwrap_or_else(|| panic!("the board has no {name}"))
    }

    pub fn unit(&mut self, name: &str) -> &mut UnitStatus<'static> {
        let at = self.id(name).index();
        &mut self.units[at]
    }

    /// A unit that became so 65 s ago.
    pub fn put(&mut self, name: &str, active: ActiveState, sub: SubState) {
        let unit = self.unit(name);
        (unit.active, unit.sub) = (active, sub);
        (unit.state_change_us, unit.active_enter_us) = (35_004_999, 35_004_999);
    }

    fn changed(&mut self, verb: Verb, patient: bool) -> Reply<'static> {
        self.told.push(verb);
        self.patience.push(patient);
        match self.answer {
            None => Reply::Done,
            Some(Answer::Failed(result)) => Reply::Failed(result),
            Some(Answer::Refused(refusal)) => Reply::Refused(refusal),
            Some(Answer::Nonsense) => Reply::Manager(self.manager),
        }
    }
}

impl Link for Fake {
    fn exchange(
        &mut self,
        request: &[u8],
        patient: bool,
        reply: &mut [u8; FRAME_MAX],
    ) -> Result<usize, Unreachable> {
        if let Some(unreachable) = self.unreachable {
            return Err(unreachable);
        }
        let Request { table, verb } = postcard::from_bytes(request).expect("a request decodes");
        let answer = match verb {
            _ if table != self.crc => Reply::Refused(Refusal::OtherTable),
            Verb::Unit(unit) => Reply::Unit(self.units[unit.index()]),
            Verb::Instance(from) => {
                let alive = self.instances.iter().find(|instance| instance.slot >= from);
                alive.map_or(Reply::Done, |&instance| Reply::Instance(instance))
            }
            Verb::Manager => Reply::Manager(self.manager),
            Verb::Job { .. }
            | Verb::Cancel(_)
            | Verb::Kill { .. }
            | Verb::ResetFailed(_)
            | Verb::CleanStored(_)
            | Verb::Shutdown { .. } => self.changed(verb, patient),
        };
        Ok(postcard::to_slice(&answer, reply).expect("a reply fits a frame").len())
    }

    fn process_name(&mut self, pid: u32, name: &mut [u8; 16]) -> usize {
        let known = if pid == 42 { "httpd" } else { "" };
        name[..known.len()].copy_from_slice(known.as_bytes());
        known.len()
    }

    fn group_file(&mut self, group: &dyn Display, file: &str, content: &mut [u8]) -> usize {
        let text = match (group.to_string().as_str(), file) {
            ("/pilot/ovens.slice/bake.service", "memory.current") => "3670016\n",
            ("/pilot/ovens.slice/bake.service", "memory.max") => "67108864\n",
            ("/pilot/ovens.slice", "pids.current") => "7\n",
            ("/pilot/ovens.slice", "pids.max") => "max\n",
            _ => "",
        };
        content[..text.len()].copy_from_slice(text.as_bytes());
        text.len()
    }

    fn open_log(&mut self) -> LogAccess {
        match (self.log_is_denied, self.log.is_empty()) {
            (true, _) => LogAccess::Denied,
            (false, true) => LogAccess::Missing,
            (false, false) => LogAccess::Open,
        }
    }

    fn read_log(&mut self, at: u64, bytes: &mut [u8]) -> bool {
        let there = self.log.get(at as usize..).and_then(|rest| rest.get(..bytes.len()));
        there.map(|there| bytes.copy_from_slice(there)).is_some()
    }

    fn await_log(&mut self) -> bool {
        let has_changed = !self.log_changes.is_empty();
        if has_changed {
            self.log = self.log_changes.remove(0);
        }
        has_changed
    }

    fn wall_offset_us(&mut self) -> i64 {
        self.wall_us
    }
}
