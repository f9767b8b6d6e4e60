//! Units as the board sees them: names resolved, defaults applied, nothing left to decide.
//!
//! Strings and lists are borrowed: from unit text on the host, from `.rodata` on the board.
//! "Read before editing": systemd.unit(5), systemd.service(5), systemd.socket(5), systemd.exec(5).

use core::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::decode;
use crate::seq::{Args, Ids, Seq, Words};

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
    /// All units must have stopped by then; after it everything left is killed.
    pub shutdown_timeout: Millis,
    /// Spawns whose child has not yet executed its program, at once.
    pub spawn_slots: u8,
    /// Most verbose level that reaches the console, as in syslog(3): 3 error … 7 debug.
    pub log_level: u8,
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
    /// Full name with suffix, such as `web.socket`.
    pub name: &'a str,
    /// `Description=`; the name where the unit gives none.
    pub description: &'a str,
    /// Edges to other units.
    #[serde(borrow)]
    pub edges: Edges<'a>,
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
    /// `Conflicts=`, and those that name this unit in theirs: stopped when this starts.
    pub conflicts: Ids<'a>,
    /// `After=`, and those that name this in `Before=`. Started first, stopped last.
    pub after: Ids<'a>,
    /// The reverse of `after`.
    pub before: Ids<'a>,
    /// The reverse of `requires`: stopped when this is stopped.
    pub required_by: Ids<'a>,
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
}

/// `[Service]`: what the life cycle needs. What the child needs is behind `context`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Service<'a> {
    /// `Type=`.
    pub type_: ServiceType,
    /// `Restart=`.
    pub restart: Restart,
    /// `KillMode=`.
    pub kill_mode: KillMode,
    /// `KillSignal=`.
    pub kill_signal: u8,
    /// `RestartSec=`.
    pub restart_delay: Millis,
    /// `TimeoutStartSec=`; `None` waits for ever.
    pub timeout_start: Option<Millis>,
    /// `TimeoutStopSec=`; `None` waits for ever.
    pub timeout_stop: Option<Millis>,
    /// `StartLimitIntervalSec=` and `StartLimitBurst=`.
    pub start_limit: RateLimit,
    /// `StartLimitAction=`.
    pub start_limit_action: Emergency,
    /// The sockets that start this service (and whose listeners it is passed), by id.
    #[serde(borrow)]
    pub sockets: Ids<'a>,
    /// True for the template of an `Accept=yes` socket: it runs as instances only.
    pub per_connection: bool,
    /// `ExecStartPre=`.
    pub exec_start_pre: Seq<'a, Command<'a>>,
    /// `ExecStart=`: one command, or any number with [`ServiceType::Oneshot`].
    pub exec_start: Seq<'a, Command<'a>>,
    /// `ExecReload=`.
    pub exec_reload: Seq<'a, Command<'a>>,
    /// `ExecStop=`.
    pub exec_stop: Seq<'a, Command<'a>>,
    /// An [`ExecContext`] in postcard form: decoded only where a child is made.
    pub context: &'a [u8],
}

impl<'a> Service<'a> {
    /// What a child of this service is given before it executes its program.
    ///
    /// # Panics
    /// Never on a table that [`crate::Table::open`] accepted.
    pub fn exec_context(&self) -> ExecContext<'a> {
        let Some(context) = decode::from_bytes(self.context) else {
            panic!("the table was checked when it was opened");
        };
        context
    }
}

/// `Type=`: when a service counts as started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ServiceType {
    /// As soon as the process exists.
    Simple,
    /// As soon as it has executed its program.
    Exec,
    /// When the last command has ended successfully.
    Oneshot,
    /// When it says READY=1.
    Notify,
}

/// `Restart=`: after which ends a service is started again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Restart {
    /// Never.
    No,
    /// After any end.
    Always,
    /// After a clean exit.
    OnSuccess,
    /// After an unclean exit code, signal, timeout or watchdog.
    OnFailure,
    /// After an unclean signal, timeout or watchdog.
    OnAbnormal,
    /// After an unclean signal.
    OnAbort,
    /// After a watchdog timeout.
    OnWatchdog,
}

/// `KillMode=`: who is signalled when a service stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum KillMode {
    /// Every process of the unit.
    ControlGroup,
    /// SIGTERM to the main process, SIGKILL to all.
    Mixed,
    /// The main process only.
    Process,
    /// Nobody.
    None,
}

/// One command line of an `Exec…=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Command<'a> {
    /// The program: an absolute path, or a name that is looked for in [`EXEC_PATH`].
    /// NUL-terminated (the NUL is the last character).
    pub path: &'a str,
    /// argv, argv\[0\] first.
    #[serde(borrow)]
    pub args: Args<'a>,
    /// Prefix `-`: a failure counts as success.
    pub ignore_failure: bool,
    /// Prefix `+` or `!`: `User=` and `Group=` are not applied.
    pub privileged: bool,
}

/// Where a program without a slash is looked for, in this order.
pub const EXEC_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a child does between clone and exec: systemd.exec(5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExecContext<'a> {
    /// `User=`: a name or a number, looked up by the child; empty is root.
    pub user: &'a str,
    /// `Group=`: as `user`; empty is the user's own group.
    pub group: &'a str,
    /// `WorkingDirectory=`, NUL-terminated; empty (without NUL) is `/`.
    pub working_directory: &'a str,
    /// `WorkingDirectory=-…`: a missing one is fine.
    pub working_directory_optional: bool,
    /// `WorkingDirectory=~`: the user's home.
    pub working_directory_home: bool,
    /// `Environment=`, the board's below the unit's, `NAME=value`.
    #[serde(borrow)]
    pub environment: Words<'a>,
    /// `UMask=`.
    pub umask: u16,
    /// `LimitNOFILE=`, soft and hard; `u64::MAX` is infinity; `None` leaves PID 1's own.
    pub limit_nofile: Option<(u64, u64)>,
    /// `StandardInput=`.
    pub stdin: Stdio,
    /// `StandardOutput=`, resolved: `Inherit` is "as stdin".
    pub stdout: Stdio,
    /// `StandardError=`, resolved: `Inherit` is "as stdout".
    pub stderr: Stdio,
    /// `NonBlocking=`: O_NONBLOCK on the passed sockets.
    pub non_blocking: bool,
    /// True if READY=1 and its kin are listened to: NOTIFY_SOCKET is set.
    pub notify: bool,
}

/// Where a standard stream leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Stdio {
    /// /dev/null.
    Null,
    /// The console. As stdin it becomes the controlling terminal.
    Tty,
    /// The connection (`Accept=yes`) or the only listener.
    Socket,
    /// /dev/kmsg (output only).
    Kmsg,
    /// As the stream before it: stdout as stdin, stderr as stdout.
    Inherit,
}

/// `[Socket]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Socket<'a> {
    /// The service it starts, or whose instances it starts.
    pub service: UnitId,
    /// `Accept=`.
    pub accept: bool,
    /// Its first listener; the others follow.
    pub first_listener: ListenerId,
    /// The listeners, in the order of the unit file.
    #[serde(borrow)]
    pub listeners: Seq<'a, Listener<'a>>,
    /// How many listeners there are.
    pub listener_count: u16,
    /// The first of its [`Socket::max_connections`] instance slots (`Accept=yes`).
    pub first_instance: u16,
    /// `MaxConnections=`; 0 without `Accept=yes`.
    pub max_connections: u16,
    /// `MaxConnectionsPerSource=`; 0 is no limit.
    pub max_connections_per_source: u16,
    /// `PollLimitIntervalSec=` and `PollLimitBurst=`, per listener.
    pub poll_limit: RateLimit,
    /// `TriggerLimitIntervalSec=` and `TriggerLimitBurst=`, per socket unit.
    pub trigger_limit: RateLimit,
    /// `IPAddressAllow=`: connections from there are taken whatever [`Socket::deny`] says.
    pub allow: Seq<'a, Prefix>,
    /// `IPAddressDeny=`: other connections from there are closed.
    pub deny: Seq<'a, Prefix>,
    /// `FileDescriptorName=`; the unit's name where it gives none.
    pub fd_name: &'a str,
    /// `RemoveOnStop=`: nodes are unlinked when the socket stops.
    pub remove_on_stop: bool,
    /// A [`SocketSetup`] in postcard form: decoded only where a listener is opened.
    pub setup: &'a [u8],
}

impl<'a> Socket<'a> {
    /// How its listeners are opened.
    ///
    /// # Panics
    /// Never on a table that [`crate::Table::open`] accepted.
    pub fn setup(&self) -> SocketSetup<'a> {
        let Some(setup) = decode::from_bytes(self.setup) else {
            panic!("the table was checked when it was opened");
        };
        setup
    }
}

/// How the listeners of a `[Socket]` are opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SocketSetup<'a> {
    /// `Backlog=`, for listen(2).
    pub backlog: u32,
    /// `BindIPv6Only=`.
    pub bind_ipv6_only: BindIpv6Only,
    /// `ReusePort=`: SO_REUSEPORT.
    pub reuse_port: bool,
    /// `NoDelay=`: TCP_NODELAY.
    pub no_delay: bool,
    /// `KeepAlive=`: SO_KEEPALIVE.
    pub keep_alive: bool,
    /// `PipeSize=`, in bytes: F_SETPIPE_SZ of fcntl(2); 0 leaves the kernel's.
    pub pipe_size: u32,
    /// `SocketProtocol=`: the number of /etc/protocols; 0 is the one that goes with the kind.
    pub protocol: u16,
    /// `Writable=`: ListenSpecial= opens for writing as well.
    pub writable: bool,
    /// `MessageQueueMaxMessages=` and `MessageQueueMessageSize=`; 0 are the kernel's.
    pub queue_messages: u32,
    /// See `queue_messages`; in bytes.
    pub queue_message_bytes: u32,
    /// `Symlinks=`: links to the one path that is listened at, each NUL-terminated.
    pub symlinks: Words<'a>,
    /// `SocketUser=`, for nodes in the file system: a name or a number; empty is root.
    pub user: &'a str,
    /// `SocketGroup=`; empty is the user's own group.
    pub group: &'a str,
    /// `SocketMode=`.
    pub mode: u16,
    /// `DirectoryMode=`, for directories made on the way to a node.
    pub directory_mode: u16,
}

/// Addresses that begin alike: `10.0.0.0/8`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Prefix {
    /// IPv6, or IPv4 as `::ffff:a.b.c.d`.
    pub address: [u8; 16],
    /// How many leading bits count: 0 to 128.
    pub bits: u8,
}

impl Prefix {
    /// Bits in which all addresses of IPv4 are alike.
    const OF_IPV4: u8 = 96;

    /// True if the address, in the form of [`Prefix::address`], begins as this does. No prefix
    /// of IPv6 holds IPv4, not even the one of no bits.
    pub fn holds(&self, address: &[u8; 16]) -> bool {
        if self.bits < Self::OF_IPV4 && Ipv6Addr::from(*address).to_ipv4_mapped().is_some() {
            return false;
        }
        let (own, other) = (u128::from_be_bytes(self.address), u128::from_be_bytes(*address));
        let rest = 128 - u32::from(self.bits);
        (own ^ other).checked_shr(rest).unwrap_or(0) == 0
    }
}

impl Socket<'_> {
    /// The board-wide numbers of its listeners.
    pub fn listener_ids(&self) -> impl Iterator<Item = ListenerId> + use<> {
        (self.first_listener.0..self.first_listener.0 + self.listener_count).map(ListenerId)
    }
}

/// One `Listen…=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Listener<'a> {
    /// Which of the `Listen…=` it was.
    pub kind: ListenKind,
    /// Where it is.
    #[serde(borrow)]
    pub address: Address<'a>,
    /// What is set before it is bound, beside what [`SocketSetup`] says.
    pub options: Seq<'a, SocketOption<'a>>,
}

/// A directive that is one setsockopt(2), as the kernel's headers number it. The numbers are
/// those of asm-generic, which all architectures here have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SocketOption<'a> {
    /// SOL_SOCKET and the like.
    pub level: u16,
    /// The option.
    pub name: u16,
    /// Without it the listener is not opened; otherwise a failure is only told.
    pub required: bool,
    /// What it is set to.
    #[serde(borrow)]
    pub value: OptionValue<'a>,
}

/// The value of a [`SocketOption`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum OptionValue<'a> {
    /// An `int`.
    Number(i32),
    /// Text without a NUL.
    Text(&'a str),
}

/// What a listener is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ListenKind {
    /// `ListenStream=`: SOCK_STREAM.
    Stream,
    /// `ListenDatagram=`: SOCK_DGRAM.
    Datagram,
    /// `ListenSequentialPacket=`: SOCK_SEQPACKET, AF_UNIX only.
    SequentialPacket,
    /// `ListenFIFO=`.
    Fifo,
    /// `ListenSpecial=`: a device or a file of /proc or /sys.
    Special,
    /// `ListenNetlink=`: SOCK_RAW of AF_NETLINK.
    Netlink,
    /// `ListenMessageQueue=`: mq_overview(7).
    MessageQueue,
}

/// Where a listener is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Address<'a> {
    /// A bare port: the IPv6 wildcard, or the IPv4 wildcard on a kernel without IPv6.
    Port(u16),
    /// An IPv4 address and port.
    V4(Ipv4Addr, u16),
    /// An IPv6 address, port and the interface after `%` (empty: none).
    V6(Ipv6Addr, u16, &'a str),
    /// A path in the file system (AF_UNIX or a FIFO).
    Path(&'a str),
    /// A name in the abstract AF_UNIX namespace, without its leading `@`.
    Abstract(&'a str),
    /// A family of netlink(7), and its multicast groups as bits.
    Netlink(u16, u32),
    /// The name of a message queue, without its leading `/`.
    MessageQueue(&'a str),
}

/// `BindIPv6Only=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BindIpv6Only {
    /// As /proc/sys/net/ipv6/bindv6only says.
    Default,
    /// IPv4 too.
    Both,
    /// IPv6 only.
    Ipv6Only,
}

/// Longest unit name, suffix included: UNIT_NAME_MAX of systemd.
pub const UNIT_NAME_MAX: usize = 255;
/// Longest path of a socket node: `sun_path` less its NUL, unix(7).
pub const SUN_PATH_MAX: usize = 107;
/// Longest path of any node that PID 1 opens: a FIFO, the console.
pub const NODE_PATH_MAX: usize = 255;
