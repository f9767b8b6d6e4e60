//! Units as the board sees them: names resolved, defaults applied, nothing left to decide.
//!
//! Strings and lists are borrowed: from unit text on the host, from `.rodata` on the board.
//! What each kind of unit has stands in a file of its own.
//! "Read before editing": systemd.unit(5).

mod check;
mod exec;
mod exec_more;
mod group;
mod mount;
mod namespace;
mod path;
mod relations;
mod service;
mod socket;
mod timer;

use serde::{Deserialize, Serialize};

use crate::decode;
use crate::seq::{Ids, Seq, Words};

pub use self::check::{CHECKS_MAX, Check, Comparison, GLOB_DEPTH_MAX, GLOB_PATH_MAX, Test};
pub use self::exec::{ExecContext, Stdio};
pub use self::exec_more::{
    Credential, Credentials, DirectoryKind, ExecDirectory, ExecMore, LogSetup, OpenFile, OpenMode,
    Preserve, Privileges, ResourceLimit, Scheduling, Streams, Terminal, Variables,
};
pub use self::group::{
    CONTROLLERS, ControlGroup, ControlGroups, GroupSetting, GroupValue, SLICE_DEPTH_MAX,
};
pub use self::mount::{
    MOUNT_BIND, MOUNT_READ_ONLY, MOUNT_RECURSIVE, MOUNT_REMOUNT, Mount, MountSetup, SWAP_DISCARD,
    SWAP_DISCARD_ONCE, SWAP_DISCARD_PAGES, SWAP_PREFER, SWAP_PRIORITY, SwapSetup,
};
pub use self::namespace::{Missing, Namespace, NamespaceStep, TREES_MAX};
pub use self::path::{CHANGES_MAX, PathSetup, PathUnit, WatchedPath, When};
pub use self::relations::{JobMode, Relations};
pub use self::service::{
    Command, EXEC_PATH, ExitStatuses, KillMode, NotifyAccess, Restart, Service, ServiceMore,
    ServiceType, TimeoutMode,
};
pub use self::socket::{
    Address, BindIpv6Only, ListenKind, Listener, OptionValue, Prefix, Socket, SocketCommands,
    SocketOption, SocketSetup, VSOCK_ANY,
};
pub use self::timer::{DELAYS_MAX, Delay, Since, Timer, TimerSetup};

/// A unit's number: its place in the table, which is also a valid start order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct UnitId(pub u16);

impl UnitId {
    /// The number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A listener's number on the whole board: sockets own consecutive ranges of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct ListenerId(pub u16);

impl ListenerId {
    /// The number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A duration in milliseconds; at most 49 days. "infinity" is `None` of an `Option`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Millis(pub u32);

/// At most `burst` events in `interval`; `burst` 0 or `interval` 0 means no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RateLimit {
    /// Length of the window.
    pub interval: Millis,
    /// Events allowed in it.
    pub burst: u32,
}

/// Settings of the board as a whole: `board.conf`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manager<'a> {
    /// Host name set at boot; empty leaves the kernel's.
    pub hostname: &'a str,
    /// The unit a boot starts.
    pub default_target: UnitId,
    /// Where PID 1 writes and `StandardInput=tty` reads.
    pub console: &'a str,
    /// Environment of every service, below its own `Environment=`.
    pub environment: Words<'a>,
    /// What PID 1 does after a programmer error.
    pub crash_action: CrashAction,
    /// What Ctrl-Alt-Del does.
    pub ctrl_alt_del: Emergency,
    /// What it does when it is pressed more than 7 times in 2 seconds.
    pub ctrl_alt_del_burst: Emergency,
    /// The units of `rescue.target`, `emergency.target`, `sigpwr.target`, `kbrequest.target` and
    /// `ctrl-alt-del.target`; 65535 for one that there is not, empty if there is none.
    pub specials: Ids<'a>,
    /// [`ControlGroups`] in postcard form; empty if there is nothing to say of any.
    pub groups: &'a [u8],
    /// [`UnitFiles`] in postcard form.
    pub unit_files: &'a [u8],
    /// All units must have stopped by then; after it everything left is killed.
    pub shutdown_timeout: Millis,
    /// Services that a target starts at once; 0 is no limit.
    pub parallel_starts: u16,
    /// Spawns whose child has not yet executed its program, at once.
    pub spawn_slots: u8,
    /// Most verbose level that reaches the console, as in syslog(3): 3 error … 7 debug.
    pub log_level: u8,
    /// Bytes of each ring of `pilot-log`.
    pub log_ring_bytes: u32,
    /// A [`HardwareWatchdog`] in postcard form; empty if none is fed.
    pub watchdog: &'a [u8],
}

/// The hardware watchdog that PID 1 feeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HardwareWatchdog<'a> {
    /// `WatchdogDevice=`, with a NUL behind it.
    pub device: &'a str,
    /// `RuntimeWatchdogSec=`, in seconds; 0 leaves the driver's.
    pub timeout_s: u32,
    /// `RebootWatchdogSec=`, in seconds; 0 leaves what is set, `None` stops it.
    pub shutdown_timeout_s: Option<u32>,
    /// `WatchdogUnits=`: it is not fed while one of them has failed.
    #[serde(borrow)]
    pub units: Ids<'a>,
}

/// What only `pilotctl` wants to know of the files that units come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UnitFiles<'a> {
    /// Names that are masked in the image.
    #[serde(borrow)]
    pub masked: Words<'a>,
    /// A bit for each unit, the lowest of a byte first: its file has an `[Install]` that says
    /// something.
    pub installable: &'a [u8],
}

impl UnitFiles<'_> {
    /// True if the file of a unit says what pulls it in.
    pub fn is_installable(&self, unit: UnitId) -> bool {
        let byte = self.installable.get(unit.index() / 8).copied().unwrap_or(0);
        byte >> (unit.index() % 8) & 1 != 0
    }
}

impl<'a> Manager<'a> {
    /// Of the files that units come from.
    ///
    /// # Panics
    /// Never on a table that the compiler has made: it decodes what it encodes.
    pub fn unit_files(&self) -> UnitFiles<'a> {
        let Some(files) = decode::from_bytes(self.unit_files) else {
            panic!("the table was checked when it was made");
        };
        files
    }

    /// The hardware watchdog that is fed, if one is.
    ///
    /// # Panics
    /// Never on a table that the compiler has made: it decodes what it encodes.
    pub fn watchdog(&self) -> Option<HardwareWatchdog<'a>> {
        if self.watchdog.is_empty() {
            return None;
        }
        let watchdog = decode::from_bytes(self.watchdog);
        assert!(watchdog.is_some(), "the table was checked when it was made");
        watchdog
    }

    /// What there is to say of control groups.
    ///
    /// # Panics
    /// Never on a table that the compiler has made: it decodes what it encodes.
    pub fn control_groups(&self) -> ControlGroups<'a> {
        if self.groups.is_empty() {
            return ControlGroups::NONE;
        }
        let Some(groups) = decode::from_bytes(self.groups) else {
            panic!("the table was checked when it was made");
        };
        groups
    }
}

/// What PID 1 does when it finds itself broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CrashAction {
    /// Reboot at once, after sync(2).
    Reboot,
    /// Power off.
    Poweroff,
    /// Stand still, for a debugger or a watchdog.
    Freeze,
}

/// `StartLimitAction=` and its kin: what happens to the board.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Emergency {
    /// Nothing.
    None,
    /// Orderly reboot.
    Reboot,
    /// Reboot without stopping units: everything is killed and unmounted.
    RebootForce,
    /// reboot(2) now.
    RebootImmediate,
    /// Orderly power-off.
    Poweroff,
    /// As [`Emergency::RebootForce`], for power-off.
    PoweroffForce,
    /// As [`Emergency::RebootImmediate`], for power-off.
    PoweroffImmediate,
    /// Orderly halt.
    Halt,
    /// As [`Emergency::RebootForce`], for halt.
    HaltForce,
    /// As [`Emergency::RebootImmediate`], for halt.
    HaltImmediate,
}

/// One unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unit<'a> {
    /// Bytes from here to [`Unit::kind`]: who wants only that steps over them.
    pub head_bytes: u32,
    /// Full name with suffix, such as `web.socket`.
    pub name: &'a str,
    /// `Description=`; the name where the unit gives none.
    pub description: &'a str,
    /// Edges to other units.
    #[serde(borrow)]
    pub edges: Edges<'a>,
    /// `Condition…=` and `Assert…=`: conditions first.
    pub checks: Seq<'a, Check<'a>>,
    /// What kind it is, with that kind's settings.
    pub kind: Kind<'a>,
}

/// A unit's dependencies, both directions, default dependencies included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Edges<'a> {
    /// `Requires=`: pulled in; if one fails to start, so does this.
    #[serde(borrow)]
    pub requires: Ids<'a>,
    /// `Wants=`, and what `[Install]` of others adds: pulled in, may fail.
    pub wants: Ids<'a>,
    /// `After=`, and those that name this in `Before=`. Started first, stopped last.
    pub after: Ids<'a>,
    /// The reverse of `after`.
    pub before: Ids<'a>,
    /// The reverse of `requires` and of `Requisite=`: stopped when this is stopped.
    pub required_by: Ids<'a>,
    /// The timers and paths that start this unit.
    pub triggered_by: Ids<'a>,
    /// [`Relations`] in postcard form: decoded only where they are needed. Empty for most.
    pub more: &'a [u8],
}

impl<'a> Edges<'a> {
    /// The rarer relations.
    ///
    /// # Panics
    /// Never on a table that [`crate::Table::open`] accepted.
    pub fn relations(&self) -> Relations<'a> {
        if self.more.is_empty() {
            return Relations::NONE;
        }
        let Some(relations) = decode::from_bytes(self.more) else {
            panic!("the table was checked when it was opened");
        };
        relations
    }
}

/// The kinds of unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "decoded on the stack, one at a time")]
pub enum Kind<'a> {
    /// A synchronization point without a process.
    Target,
    /// A process.
    #[serde(borrow)]
    Service(Service<'a>),
    /// Listeners, and the service they start.
    Socket(Socket<'a>),
    /// Moments, and the unit that is started at them.
    Timer(Timer<'a>),
    /// A file system in its place.
    Mount(Mount<'a>),
    /// Paths, and the unit that is started for what is there.
    Path(PathUnit<'a>),
    /// A control group that others lie in.
    Slice,
}

/// Longest unit name, suffix included: UNIT_NAME_MAX of systemd.
pub const UNIT_NAME_MAX: usize = 255;
/// Longest path of a socket node: `sun_path` less its NUL, unix(7).
pub const SUN_PATH_MAX: usize = 107;
/// Longest path of any node that PID 1 opens: a FIFO, the console.
pub const NODE_PATH_MAX: usize = 255;
