//! What a child does between clone3(2) and execve(2), in the order of [`Stage`].
//!
//! It runs in PID 1's memory: it writes nowhere but into its [`Work`] and on its own stack. It
//! has PID 1's descriptors in a table of its own. What already has the right value is not set
//! again: mask 0022, `/`, SIGPIPE ignored, 0 to 2 on /dev/null.
//!
//! The order is that of systemd's exec_invoke(), and a step that fails ends the child with
//! systemd's exit code for it.

mod arguments;
mod credentials;
mod directories;
mod environment;
mod files;
mod log;
mod namespace;
mod privileges;
mod root;
mod scheduling;
mod streams;
mod terminal;
mod user;

pub(super) use directories::{remove as remove_leavings, remove_tree};
pub(super) use namespace::private_tmp;

use rustix::fd::{AsRawFd, BorrowedFd, RawFd};
use rustix::io::Errno;
use unit::{Args, EXEC_PATH, ExecContext, ExecMore, decode};

use crate::engine::Stage;
use crate::features;
use crate::journal::origin::Origin;
use crate::sys::child::{Birth, Failure};
use crate::sys::path::Path;
use crate::sys::vectors::{Full, Vectors};
use crate::sys::{cgroup, fd, signal};
use crate::table::limits::{LISTEN_FDS, SPAWN_POINTERS, SPAWN_STRINGS};

/// argv and envp of one spawn.
pub(super) type Strings = Vectors<SPAWN_STRINGS, SPAWN_POINTERS>;

/// What PID 1 has prepared for a child. All zero when empty: it lies in `.bss`.
pub(super) struct Work {
    pub(super) vectors: Strings,
    /// The program and argv, for the child to put the values of variables into.
    pub(super) args: Option<Args<'static>>,
    /// [`unit::Service::context`].
    pub(super) context: Option<&'static [u8]>,
    pub(super) console: Option<&'static str>,
    /// It executes the first command of a start.
    pub(super) begins: bool,
    /// Its command is one of `ExecStart=`.
    pub(super) is_start: bool,
    /// It runs alone, so that a terminal as standard input is its own.
    pub(super) takes_terminal: bool,
    /// It becomes the main process, or serves a connection.
    pub(super) is_main: bool,
    /// `User=` and `Group=` are not applied.
    pub(super) privileged: bool,
    /// It has the board's own view of the file system.
    pub(super) unconfined: bool,
    /// Descriptors to pass, or the one that the standard streams are.
    pub(super) sockets: [RawFd; LISTEN_FDS],
    pub(super) socket_count: usize,
    /// How many of these, the last ones, the service has stored.
    pub(super) stored_count: usize,
    /// WATCHDOG_PID is set.
    pub(super) has_watchdog: bool,
    /// They become 3, 4, …; else the first is for the standard streams.
    pub(super) passes_sockets: bool,
    /// They are a connection, whose O_NONBLOCK nobody but the unit has set.
    pub(super) is_connection: bool,
    /// No slot was left for others: they are to be told when this one is free.
    pub(super) takes_last_slot: bool,
    /// Where to move, if the child could not be born there.
    pub(super) cgroup: RawFd,
    /// The service's /dev/kmsg; negative if there is none.
    pub(super) kmsg: RawFd,
    /// What tells PID 1 by its end that the program runs; negative if nothing does.
    pub(super) exec_pipe: RawFd,
    /// Where a copy of PID 1 says why it failed; negative if it does not.
    pub(super) reports: RawFd,
    /// Whose output it is, on a board with `pilot-log`.
    pub(super) origin: Option<Origin>,
}

impl Work {
    pub(super) const EMPTY: Self = Self {
        vectors: Vectors::EMPTY,
        args: None,
        context: None,
        console: None,
        begins: false,
        is_start: false,
        takes_terminal: false,
        is_main: false,
        privileged: false,
        unconfined: false,
        sockets: [0; LISTEN_FDS],
        socket_count: 0,
        stored_count: 0,
        has_watchdog: false,
        passes_sockets: false,
        is_connection: false,
        takes_last_slot: false,
        cgroup: 0,
        kmsg: 0,
        exec_pipe: 0,
        reports: 0,
        origin: None,
    };

    pub(super) fn push_socket(&mut self, fd: BorrowedFd<'_>) {
        let place = self.sockets.get_mut(self.socket_count);
        *place.unwrap_or_else(|| bug!("the compiler has counted them")) = fd.as_raw_fd();
        self.socket_count += 1;
    }
}

/// All stages, for those who have only a number.
pub(super) const STAGES: [Stage; 34] = [
    Stage::Slot,
    Stage::Arguments,
    Stage::ControlGroup,
    Stage::Clone,
    Stage::Session,
    Stage::Stdin,
    Stage::Stdout,
    Stage::Stderr,
    Stage::Sockets,
    Stage::OomScore,
    Stage::Nice,
    Stage::Scheduler,
    Stage::Affinity,
    Stage::IoPriority,
    Stage::TimerSlack,
    Stage::Personality,
    Stage::RuntimeDirectory,
    Stage::StateDirectory,
    Stage::CacheDirectory,
    Stage::LogsDirectory,
    Stage::ConfigurationDirectory,
    Stage::OpenFile,
    Stage::Credentials,
    Stage::EnvironmentFile,
    Stage::Limits,
    Stage::Group,
    Stage::Root,
    Stage::Namespace,
    Stage::Capabilities,
    Stage::User,
    Stage::NoNewPrivileges,
    Stage::WorkingDirectory,
    Stage::Signals,
    Stage::Exec,
];

/// A step that failed.
struct Broken(Stage, Errno);

trait At<T> {
    fn at(self, stage: Stage) -> Result<T, Broken>;
}

impl<T> At<T> for Result<T, Errno> {
    fn at(self, stage: Stage) -> Result<T, Broken> {
        self.map_err(|errno| Broken(stage, errno))
    }
}

impl<T> At<T> for Result<T, Full> {
    fn at(self, stage: Stage) -> Result<T, Broken> {
        self.map_err(|Full| Broken(stage, Errno::TOOBIG))
    }
}

/// The child. Comes back only to fail.
pub(super) fn run(work: &mut Work, birth: Birth) -> Failure {
    let Err(Broken(stage, errno)) = take_steps(work, birth);
    Failure { stage: stage as u8, errno: errno.raw_os_error() as u16, exit_code: exit_code(stage) }
}

/// systemd's exit code for a step: systemd.exec(5), "Process Exit Codes".
const fn exit_code(stage: Stage) -> u8 {
    match stage {
        Stage::WorkingDirectory => 200,
        Stage::Nice => 201,
        Stage::Sockets | Stage::OpenFile => 202,
        Stage::Slot | Stage::Arguments | Stage::Clone | Stage::Exec => 203,
        Stage::Limits => 205,
        Stage::OomScore => 206,
        Stage::Signals => 207,
        Stage::Stdin => 208,
        Stage::Stdout => 209,
        Stage::Root => 210,
        Stage::IoPriority => 211,
        Stage::TimerSlack => 212,
        Stage::Scheduler => 214,
        Stage::Affinity => 215,
        Stage::Group => 216,
        Stage::User => 217,
        Stage::Capabilities => 218,
        Stage::ControlGroup => 219,
        Stage::Session => 220,
        Stage::Stderr => 222,
        Stage::Namespace => 226,
        Stage::NoNewPrivileges => 227,
        Stage::Personality => 230,
        Stage::RuntimeDirectory => 233,
        Stage::StateDirectory => 238,
        Stage::CacheDirectory => 239,
        Stage::LogsDirectory => 240,
        Stage::ConfigurationDirectory => 241,
        Stage::Credentials => 243,
        // systemd reads the files itself and has no code for that: EXIT_EXCEPTION.
        Stage::EnvironmentFile => 255,
    }
}

fn take_steps(work: &mut Work, birth: Birth) -> Result<core::convert::Infallible, Broken> {
    let context = work.context.and_then(decode::from_bytes::<ExecContext<'_>>);
    let context = context.unwrap_or_else(|| bug!("PID 1 has decoded it before"));
    if work.takes_last_slot {
        fd::hold_until_executed(super::RUN_DIRECTORY);
    }
    if birth == Birth::MustMove {
        // Without control groups a unit's processes are found by their process groups.
        let _ = cgroup::move_self(fd::number(work.cgroup));
    }
    let pid = rustix::process::setsid().at(Stage::Session)?.as_raw_nonzero();
    let own = pid.get().unsigned_abs();
    work.vectors.push_env_number("SYSTEMD_EXEC_PID", own).at(Stage::Arguments)?;
    if features::WATCHDOG && work.has_watchdog {
        work.vectors.push_env_number("WATCHDOG_PID", own).at(Stage::Arguments)?;
    }
    let more = more(&context);
    terminal::settle(work, &more);
    streams::set_streams(work, &context, &more)?;
    streams::pass_sockets(work, &context, pid.get()).at(Stage::Sockets)?;
    files::open(work, &more, pid.get()).at(Stage::OpenFile)?;
    scheduling::set_oom_score(&more).at(Stage::OomScore)?;
    scheduling::set_scheduling(&more)?;
    let identity = user::find(&context)?;
    terminal::give(work, &context, &identity).at(Stage::Stdin)?;
    user::name(work, &identity)?;
    directories::make(&more, &identity)?;
    credentials::make(work, &more, &identity).at(Stage::Credentials)?;
    environment::read_files(work, &more)?;
    environment::unset(work, &more);
    arguments::push(work).at(Stage::Arguments)?;
    scheduling::set_limits(&context, &more).at(Stage::Limits)?;
    let groups = match work.privileged {
        true => user::Groups::new(),
        false => user::find_groups(&identity, &more).at(Stage::Group)?,
    };
    // What is made on the way is root's.
    namespace::enter(work, &more).at(Stage::Namespace)?;
    if !work.privileged {
        user::join_groups(&identity, &groups).at(Stage::Group)?;
    }
    let begin = root::enter(work, &more).at(Stage::Root)?;
    if !work.privileged {
        user::change(&identity, &more)?;
    }
    user::change_directory(&context, &identity, begin).at(Stage::WorkingDirectory)?;
    if more.default_sigpipe {
        signal::restore_sigpipe().at(Stage::Signals)?;
    }
    signal::unblock_all().at(Stage::Signals)?;
    Err(Broken(Stage::Exec, execute(work)))
}

/// What few units say. Where no unit says any of it nobody reads it.
fn more<'a>(context: &ExecContext<'a>) -> ExecMore<'a> {
    if features::EXEC_MORE { context.more() } else { ExecMore::default() }
}

fn execute(work: &Work) -> Errno {
    let Some(program) = work.args.and_then(|args| args.program()) else { return Errno::INVAL };
    if !features::EXEC_SEARCH || program.to_bytes().contains(&b'/') {
        return work.vectors.execute(program);
    }
    let Ok(name) = program.to_str() else { return Errno::INVAL };
    let mut error = Errno::NOENT;
    for directory in EXEC_PATH.split(':') {
        let path = match Path::format(format_args!("{directory}/{name}")) {
            Ok(path) => path,
            Err(errno) => return errno,
        };
        match work.vectors.execute(path.as_c_str()) {
            Errno::NOENT | Errno::NOTDIR => {}
            Errno::ACCESS => error = Errno::ACCESS,
            errno => return errno,
        }
    }
    error
}
