//! What the board's units use of `pilot`: what they do not use is not in the program.
//!
//! The build compiles the units first; for each feature that none of them uses it sets
//! `cfg(without = "…")`, and the constant here is false. A *door* is a function that nobody comes
//! through without the feature: it begins with `if !features::…`, and the compiler leaves out all
//! that only it leads to. Doors are few, at the begin of a machine or a step, never in its midst.
//! The compiler's half, `plan::features`, says by which units each feature is used. Tests on the
//! host have them all.

macro_rules! features {
    ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: bool = !cfg!(without = $name);)*

        /// All of them by the names that the compiler knows.
        pub const NAMES: &[&str] = &[$($name),*];
    };
}

features! {
    /// Names of the abstract namespace of AF_UNIX.
    ABSTRACT_SOCKETS = "abstract-sockets";
    /// `IPAddressAllow=` and `IPAddressDeny=`.
    ACCESS_LISTS = "access-lists";
    /// `CapabilityBoundingSet=`, `AmbientCapabilities=`, `NoNewPrivileges=`.
    CAPABILITIES = "capabilities";
    /// Children with a copy of PID 1's memory: `OOMScoreAdjust=`, `StandardInput=tty`.
    COPIES = "copies";
    /// `LoadCredential=`, `SetCredential=`.
    CREDENTIALS = "credentials";
    /// `RuntimeDirectory=` and its kin.
    DIRECTORIES = "directories";
    /// Programs that are looked for: without a slash.
    EXEC_SEARCH = "exec-search";
    /// `FailureAction=`, `SuccessAction=`, `StartLimitAction=`.
    EMERGENCY_ACTIONS = "emergency-actions";
    /// Any directive that the program finds in [`unit::ExecMore`].
    EXEC_MORE = "exec-more";
    /// `RuntimeWatchdogSec=`.
    HARDWARE_WATCHDOG = "hardware-watchdog";
    /// `Condition…=` and `Assert…=`.
    CONDITIONS = "conditions";
    /// `KernelCommandLine=`.
    COMMAND_LINE = "command-line";
    /// `Type=exec`.
    EXEC_TYPE = "exec-type";
    /// `$` in a command.
    EXPANSION = "expansion";
    /// `ListenFIFO=`.
    FIFOS = "fifos";
    /// `FlushPending=`.
    FLUSH_PENDING = "flush-pending";
    /// `AllowIsolate=` of more than one unit.
    ISOLATE = "isolate";
    /// `JobTimeoutSec=` and `JobRunningTimeoutSec=`.
    JOB_TIMEOUTS = "job-timeouts";
    /// `PrivateTmp=`, `ProtectSystem=`, `PrivateNetwork=` and their kin.
    NAMESPACES = "namespaces";
    /// `Group=`.
    GROUPS = "groups";
    /// `WorkingDirectory=~`.
    HOMES = "homes";
    /// Commands of services around the program: `ExecStartPre=`, `ExecReload=` and their kin.
    HELPERS = "helpers";
    /// Folders in /run that go when their service has stopped.
    LEAVINGS = "leavings";
    /// `RefuseManualStart=` and `RefuseManualStop=`.
    MANUAL_REFUSALS = "manual-refusals";
    /// `LimitNOFILE=`.
    LIMIT_NOFILE = "limit-nofile";
    /// Units that the image masks.
    MASKS = "masks";
    /// `ListenMessageQueue=`.
    MESSAGE_QUEUES = "message-queues";
    /// Mount units, and swap units.
    MOUNTS = "mounts";
    /// More services than `ParallelStarts=` allows to start at once.
    PARALLEL_STARTS = "parallel-starts";
    /// Path units.
    PATHS = "paths";
    /// `ListenNetlink=`.
    NETLINK = "netlink";
    /// `OOMScoreAdjust=`.
    OOM_SCORE = "oom-score";
    /// `OpenFile=`.
    OPEN_FILES = "open-files";
    /// `ExecReload=` and `Type=notify-reload`.
    RELOADS = "reloads";
    /// What [`unit::Relations`]
    RELATIONS = "relations";
    /// `RemoveOnStop=`.
    REMOVE_ON_STOP = "remove-on-stop";
    /// `RebootArgument=` and `JobTimeoutRebootArgument=`.
    REBOOT_ARGUMENTS = "reboot-arguments";
    /// `rescue.target` and `emergency.target`.
    RESCUE_TARGETS = "rescue-targets";
    /// Targets that end the board's run, and what they start on the way down.
    SHUTDOWN_UNITS = "shutdown-units";
    /// Targets that signals start.
    SPECIAL_TARGETS = "special-targets";
    /// `Limit…=`, but for LimitNOFILE=.
    RESOURCE_LIMITS = "resource-limits";
    /// `Nice=` and its kin, `CPUAffinity=`, `Personality=`.
    SCHEDULING = "scheduling";
    /// `MaxConnectionsPerSource=`.
    SOURCE_LIMITS = "source-limits";
    /// Directives of a socket that are one setsockopt(2) each.
    SOCKET_OPTIONS = "socket-options";
    /// `SocketUser=` and `SocketGroup=`.
    SOCKET_OWNERS = "socket-owners";
    /// `ListenSpecial=`.
    SPECIAL_FILES = "special-files";
    /// Standard streams that are files or data; `TTYPath=`.
    STREAMS = "streams";
    /// `Persistent=`.
    STAMPS = "stamps";
    /// `SupplementaryGroups=`.
    SUPPLEMENTARY_GROUPS = "supplementary-groups";
    /// `Type=forking`.
    FORKING = "forking";
    /// `ExecStop=` and `ExecStopPost=`, which are told how the service ended.
    STOP_COMMANDS = "stop-commands";
    /// `Slice=`, and what limits a control group.
    CONTROL_GROUPS = "control-groups";
    /// `BindIPv6Only=`, `KeepAlive=`, `NoDelay=`, `ReusePort=`, `SocketProtocol=`.
    INET_OPTIONS = "inet-options";
    /// Listeners at an address of IPv4 or IPv6: not only at a port.
    INET_ADDRESSES = "inet-addresses";
    /// `Type=idle`.
    IDLE = "idle";
    /// Services without `ExecStart=`.
    NO_PROGRAM = "no-program";
    /// A setting of [`unit::ServiceMore`].
    SERVICE_MORE = "service-more";
    /// Addresses and interfaces that may not be there yet are waited for.
    ADDRESSES = "addresses";
    /// `ExecStartPre=` and its like of sockets.
    SOCKET_COMMANDS = "socket-commands";
    /// `initrd-switch-root.target`.
    SWITCH_ROOT = "switch-root";
    /// Swap units.
    SWAPS = "swaps";
    /// `Symlinks=`.
    SYMLINKS = "symlinks";
    /// `EnvironmentFile=`, `PassEnvironment=`, `UnsetEnvironment=`.
    VARIABLES = "variables";
    /// `NotifyAccess=exec` and `all`.
    NOTIFY_ACCESS = "notify-access";
    /// `pilot-log`, and what its units make of it.
    LOG = "log";
    /// `FileDescriptorStoreMax=`.
    FD_STORE = "fd-store";
    /// `TTYReset=` and its kin; `StandardInput=tty`, which waits; terminals of users.
    TERMINALS = "terminals";
    /// `RootDirectory=`.
    ROOT_DIRECTORY = "root-directory";
    /// `WatchdogSec=`.
    WATCHDOG = "watchdog";
    /// `vsock:` addresses.
    VSOCK = "vsock";
    /// `OnCalendar=` and `OnClockChange=`.
    CALENDARS = "calendars";
    /// `.timer` units.
    TIMERS = "timers";
}

/// The settings that few services have, on a board with such services.
#[inline]
pub fn more<'t>(service: &unit::Service<'t>) -> unit::ServiceMore<'t> {
    if !SERVICE_MORE {
        return unit::ServiceMore::DEFAULT;
    }
    service.more()
}
