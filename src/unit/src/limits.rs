//! What the plan says of sizes: every array on the board is exactly this long.

/// The sizes of one board. The compiler computes them; `limits.rs` in the build's output holds
/// the same figures as constants, so that the board's arrays are exact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// Units in the table.
    pub units: usize,
    /// Units that are services.
    pub services: usize,
    /// Units that are sockets.
    pub sockets: usize,
    /// Listeners of all sockets.
    pub listeners: usize,
    /// Per-connection instances: the sum of `MaxConnections=` over all `Accept=yes` sockets.
    pub instances: usize,
    /// Units that are paths.
    pub paths: usize,
    /// Units with job deadlines, or that start or stop by themselves.
    pub extras: usize,
    /// Listeners that one service is passed at most.
    pub listen_fds: usize,
    /// Descriptors that services store: the sum of `FileDescriptorStoreMax=`.
    pub stored_fds: usize,
    /// Streams whose lines `pilot-log` may take at once.
    pub log_streams: usize,
    /// Rings that `pilot-log` keeps lines in; 0 on a board without it.
    pub log_rings: usize,
    /// Bytes of argument and environment text that one spawn writes at most.
    pub spawn_strings: usize,
    /// Entries of argv and envp, both terminators included, that one spawn writes at most.
    pub spawn_pointers: usize,
    /// Bytes of the encoded table.
    pub table_bytes: usize,
    /// File descriptors that PID 1 holds at most when a boot is over and nothing happens.
    pub fds_at_rest: usize,
}

/// Longest USER and LOGNAME that a spawn writes, in bytes.
pub const USER_FIELD_MAX: usize = 64;
/// Longest HOME and SHELL that a spawn writes, in bytes.
pub const USER_PATH_MAX: usize = 128;
/// Bytes that all files of `EnvironmentFile=` give one spawn at most, a NUL behind each variable.
pub const ENVIRONMENT_FILES_MAX: usize = 4096;
/// Variables that they give at most.
pub const FILE_VARIABLES_MAX: usize = 64;
/// Longest of these, and of what `PassEnvironment=` passes and a command uses: `NAME=value`.
pub const FILE_VARIABLE_MAX: usize = 1024;
/// NOTIFY_SOCKET: where READY=1 and its kin are received.
pub const NOTIFY_SOCKET: &str = "/run/pilot/notify";
/// Longest name of a stored descriptor, in bytes: FDNAME=.
pub const FD_NAME_MAX: usize = 255;
/// Most rings of `pilot-log`: one for each unit that has its output kept, and one for all else.
pub const LOG_RINGS_MAX: usize = 128;
/// Most streams that it takes at once.
pub const LOG_STREAMS_MAX: usize = 512;
/// USER of a service without `User=`.
pub const USER: &str = "root";
/// TERM of a service on the console.
pub const TERM: &str = "linux";
/// Descriptors that PID 1 holds whatever the units are: three standard streams, signalfd, the
/// console, epoll, inotify, the notify socket, the control socket and the control groups' root.
pub const FIXED_FDS: usize = 10;
