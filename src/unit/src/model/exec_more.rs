//! What few units say of what a child is given: [`super::ExecContext::more`]. Each subject is a
//! record of its own, decoded only by the step that is about it; no bytes say nothing of it.

use serde::{Deserialize, Serialize};

use super::{Millis, RateLimit};
use crate::seq::{Seq, Words};

/// The subjects.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ExecMore<'a> {
    /// `Limit…=`, but for LimitNOFILE=.
    #[serde(borrow)]
    pub limits: Seq<'a, ResourceLimit>,
    /// A [`Variables`].
    pub variables: &'a [u8],
    /// A [`Scheduling`].
    pub scheduling: &'a [u8],
    /// A [`Privileges`].
    pub privileges: &'a [u8],
    /// `RuntimeDirectory=` and its kin.
    pub directories: Seq<'a, ExecDirectory<'a>>,
    /// `RuntimeDirectoryPreserve=`.
    pub preserve: Preserve,
    /// A [`Streams`].
    pub streams: &'a [u8],
    /// A [`Credentials`].
    pub credentials: &'a [u8],
    /// `OpenFile=`.
    pub files: Seq<'a, OpenFile<'a>>,
    /// `SupplementaryGroups=`: names or numbers.
    pub groups: Words<'a>,
    /// `IgnoreSIGPIPE=no`.
    pub default_sigpipe: bool,
    /// A [`Terminal`].
    pub terminal: &'a [u8],
    /// A [`super::Namespace`].
    pub namespace: &'a [u8],
    /// `RootDirectory=`, NUL-terminated; empty is `/`.
    pub root: &'a str,
    /// `RootDirectoryStartOnly=`.
    pub root_start_only: bool,
    /// `OOMScoreAdjust=`.
    pub oom_score: Option<i32>,
    /// Its children do what may not be done in PID 1's memory: they are made with a copy of it.
    pub copied: bool,
    /// A [`LogSetup`].
    pub log: &'a [u8],
}

/// What the environment has beside `Environment=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Variables<'a> {
    /// `EnvironmentFile=`: paths, behind a `-` if a missing one is fine.
    #[serde(borrow)]
    pub files: Words<'a>,
    /// `PassEnvironment=`: names.
    pub pass: Words<'a>,
    /// `UnsetEnvironment=`: names, or `NAME=value`.
    pub unset: Words<'a>,
}

/// Where standard streams lead that are not of the usual kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Streams<'a> {
    /// The files of the three, or the sockets' names, NUL-terminated; empty for one that leads
    /// elsewhere.
    pub paths: [&'a str; 3],
    /// The file of the first is written, too.
    pub writable: bool,
    /// `StandardInputText=` and `StandardInputData=`.
    pub data: &'a [u8],
    /// `TTYPath=`, NUL-terminated; empty is the console.
    pub terminal: &'a str,
}

/// What becomes of the terminal before and after the service: [`Streams::terminal`], or the
/// console.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Terminal {
    /// `TTYReset=`.
    pub reset: bool,
    /// `TTYVHangup=`.
    pub hang_up: bool,
    /// `TTYVTDisallocate=`.
    pub disallocate: bool,
    /// `TTYRows=`.
    pub rows: Option<u16>,
    /// `TTYColumns=`.
    pub columns: Option<u16>,
}

/// What is kept of the lines that go to `pilot-log`, and as whose.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogSetup<'a> {
    /// `SyslogIdentifier=`; empty is the program's name.
    pub identifier: &'a str,
    /// `SyslogFacility=` and `SyslogLevel=`, as in syslog(3).
    pub priority: u8,
    /// `SyslogLevelPrefix=`.
    pub level_prefix: bool,
    /// `LogLevelMax=`.
    pub level_max: u8,
    /// `LogRateLimitIntervalSec=` and `LogRateLimitBurst=`.
    pub rate: RateLimit,
    /// `StandardOutput=` and `StandardError=` say that the console gets the lines, too.
    pub console: [bool; 2],
}

impl LogSetup<'_> {
    /// That of a unit that says nothing: daemon.info, 10000 lines in half a minute.
    pub const DEFAULT: Self = Self {
        identifier: "",
        priority: 3 << 3 | 6,
        level_prefix: true,
        level_max: 7,
        rate: RateLimit { interval: Millis(30_000), burst: 10_000 },
        console: [false; 2],
    };
}

/// A folder that is made for a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExecDirectory<'a> {
    /// What it is for.
    pub kind: DirectoryKind,
    /// The whole path, NUL-terminated.
    pub path: &'a str,
    /// Its mode.
    pub mode: u16,
}

/// What a folder is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DirectoryKind {
    /// Below /run: gone when the service has stopped.
    Runtime,
    /// Below /var/lib.
    State,
    /// Below /var/cache.
    Cache,
    /// Below /var/log.
    Logs,
    /// Below /etc: not the service's own.
    Configuration,
}

impl DirectoryKind {
    /// The folder that all of them are made in.
    pub const fn root(self) -> &'static str {
        match self {
            Self::Runtime => "/run",
            Self::State => "/var/lib",
            Self::Cache => "/var/cache",
            Self::Logs => "/var/log",
            Self::Configuration => "/etc",
        }
    }
}

/// When folders below /run and stored descriptors outlive their service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Preserve {
    /// Never.
    #[default]
    No,
    /// When it is started again.
    Restart,
    /// Always.
    Yes,
}

/// Files that only the service's user can read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Credentials<'a> {
    /// The folder that they are in, NUL-terminated.
    pub directory: &'a str,
    /// One to an id.
    #[serde(borrow)]
    pub items: Seq<'a, Credential<'a>>,
}

/// One of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Credential<'a> {
    /// Its file's name, NUL-terminated.
    pub id: &'a str,
    /// `LoadCredential=`: a path, or a name to look for, NUL-terminated; empty if it has none.
    pub source: &'a str,
    /// `SetCredential=`: what it is if there is nothing at `source`.
    pub value: Option<&'a [u8]>,
}

/// A file that is open before the program runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenFile<'a> {
    /// NUL-terminated.
    pub path: &'a str,
    /// What LISTEN_FDNAMES calls it.
    pub name: &'a str,
    /// How it is opened.
    pub mode: OpenMode,
    /// What cannot be opened is left out.
    pub graceful: bool,
}

/// How a file is opened: open(2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum OpenMode {
    /// To read and write.
    #[default]
    ReadWrite,
    /// To read.
    ReadOnly,
    /// Both; what is written comes behind what is there.
    Append,
    /// Both; what is there is gone.
    Truncate,
}

/// setrlimit(2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ResourceLimit {
    /// The kernel's number of the resource, the same on every supported architecture.
    pub resource: u8,
    /// `u64::MAX` is infinity.
    pub soft: u64,
    /// `u64::MAX` is infinity.
    pub hard: u64,
}

/// How the kernel shares its time among processes: sched(7), ioprio_set(2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Scheduling<'a> {
    /// `Nice=`.
    pub nice: Option<i32>,
    /// `CPUSchedulingPolicy=`, with SCHED_RESET_ON_FORK for `CPUSchedulingResetOnFork=`.
    pub policy: Option<u32>,
    /// `CPUSchedulingPriority=`.
    pub priority: u32,
    /// `CPUAffinity=`: a bit for each processor, the lowest in the first byte. Empty is all.
    pub affinity: &'a [u8],
    /// `IOSchedulingClass=` and `IOSchedulingPriority=`: the kernel's number for both.
    pub io_priority: Option<u16>,
    /// `TimerSlackNSec=`.
    pub timer_slack_ns: Option<u64>,
    /// `Personality=`: the kernel's number.
    pub personality: Option<u32>,
}

/// What a process may do: capabilities(7), prctl(2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Privileges {
    /// `CapabilityBoundingSet=`: a bit for each that is left.
    pub bounding: u64,
    /// `AmbientCapabilities=`.
    pub ambient: u64,
    /// `NoNewPrivileges=`.
    pub no_new: bool,
}
