//! What a child does between clone3(2) and execve(2), in the order of [`Stage`].
//!
//! It runs in PID 1's memory: it writes nowhere but into its [`Work`] and on its own stack. It
//! has PID 1's descriptors in a table of its own. What already has the right value is not set
//! again: mask 0022, `/`, SIGPIPE ignored, 0 to 2 on /dev/null.

use core::ffi::CStr;

use rustix::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit};
use rustix::thread::{Gid, Uid};
use unit::{EXEC_PATH, ExecContext, Stdio, decode};

use crate::engine::Stage;
use crate::sys::child::{Birth, Failure, Full, Vectors};
use crate::sys::fd::{self, LISTEN_FDS_START};
use crate::sys::path::Path;
use crate::sys::{cgroup, signal, users};
use crate::table::limits::{LISTEN_FDS, SPAWN_POINTERS, SPAWN_STRINGS};

const ROOT_HOME: &[u8] = b"/root";

/// What PID 1 has prepared for a child. All zero when empty: it lies in `.bss`.
pub(super) struct Work {
    pub(super) vectors: Vectors<SPAWN_STRINGS, SPAWN_POINTERS>,
    /// The program, NUL-terminated.
    pub(super) program: Option<&'static str>,
    /// [`unit::Service::context`].
    pub(super) context: Option<&'static [u8]>,
    pub(super) console: Option<&'static str>,
    /// `User=` and `Group=` are not applied.
    pub(super) privileged: bool,
    /// Descriptors to pass, or the one that the standard streams are.
    pub(super) sockets: [RawFd; LISTEN_FDS],
    pub(super) socket_count: usize,
    /// They become 3, 4, …; else the first is for the standard streams.
    pub(super) passes_sockets: bool,
    /// They are a connection, whose O_NONBLOCK nobody but the unit has set.
    pub(super) is_connection: bool,
    /// RLIMIT_NOFILE that PID 1 raised for itself: what a child gets back.
    pub(super) limit_nofile: Option<(u64, u64)>,
    /// Where to move, if the child could not be born there.
    pub(super) cgroup: RawFd,
    /// The service's /dev/kmsg; negative if there is none.
    pub(super) kmsg: RawFd,
}

impl Work {
    pub(super) const EMPTY: Self = Self {
        vectors: Vectors::EMPTY,
        program: None,
        context: None,
        console: None,
        privileged: false,
        sockets: [0; LISTEN_FDS],
        socket_count: 0,
        passes_sockets: false,
        is_connection: false,
        limit_nofile: None,
        cgroup: 0,
        kmsg: 0,
    };

    pub(super) fn push_socket(&mut self, fd: BorrowedFd<'_>) {
        let place = self.sockets.get_mut(self.socket_count);
        *place.unwrap_or_else(|| bug!("the compiler has counted them")) = fd.as_raw_fd();
        self.socket_count += 1;
    }
}

/// All stages, for those who have only a number.
pub(super) const STAGES: [Stage; 14] = [
    Stage::Slot,
    Stage::Arguments,
    Stage::Clone,
    Stage::Session,
    Stage::Stdin,
    Stage::Stdout,
    Stage::Stderr,
    Stage::Sockets,
    Stage::Limits,
    Stage::Group,
    Stage::User,
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

/// How many variables the child adds: SYSTEMD_EXEC_PID, LISTEN_PID; USER, LOGNAME, HOME, SHELL.
pub(super) fn variables(work: &Work, context: &ExecContext<'_>) -> usize {
    let passed = work.passes_sockets && work.socket_count > 0;
    1 + usize::from(passed) + if context.user.is_empty() { 0 } else { 4 }
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
        Stage::Sockets => 202,
        Stage::Slot | Stage::Arguments | Stage::Clone | Stage::Exec => 203,
        Stage::Limits => 205,
        Stage::Signals => 207,
        Stage::Stdin => 208,
        Stage::Stdout => 209,
        Stage::Group => 216,
        Stage::User => 217,
        Stage::Session => 220,
        Stage::Stderr => 222,
    }
}

fn take_steps(work: &mut Work, birth: Birth) -> Result<core::convert::Infallible, Broken> {
    let context = work.context.and_then(decode::from_bytes::<ExecContext<'_>>);
    let context = context.unwrap_or_else(|| bug!("PID 1 has decoded it before"));
    if birth == Birth::MustMove {
        // Without control groups a unit's processes are found by their process groups.
        let _ = cgroup::move_self(fd::number(work.cgroup));
    }
    let pid = rustix::process::setsid().at(Stage::Session)?.as_raw_nonzero();
    work.vectors.push_env("SYSTEMD_EXEC_PID", format_args!("{pid}")).at(Stage::Arguments)?;
    set_streams(work, &context)?;
    pass_sockets(work, &context, pid.get()).at(Stage::Sockets)?;
    set_limits(work, &context).at(Stage::Limits)?;
    let home = change_user(work, &context)?;
    change_directory(&context, &home).at(Stage::WorkingDirectory)?;
    signal::unblock_all().at(Stage::Signals)?;
    Err(Broken(Stage::Exec, execute(work)))
}

fn set_streams(work: &Work, context: &ExecContext<'_>) -> Result<(), Broken> {
    let ExecContext { stdin, stdout, stderr, .. } = *context;
    set_stream(work, stdin, 0).at(Stage::Stdin)?;
    set_stream(work, stdout, 1).at(Stage::Stdout)?;
    set_stream(work, stderr, 2).at(Stage::Stderr)
}

/// Makes a standard stream lead where it should.
fn set_stream(work: &Work, stream: Stdio, number: RawFd) -> Result<(), Errno> {
    match stream {
        Stdio::Null => Ok(()),
        Stdio::Inherit if number == 0 => Ok(()),
        Stdio::Inherit => fd::put(fd::number(number - 1), number),
        Stdio::Socket => {
            let socket = work.sockets[..work.socket_count].first();
            let socket = socket.unwrap_or_else(|| bug!("the compiler has seen that there is one"));
            fd::put(fd::number(*socket), number)
        }
        Stdio::Kmsg if work.kmsg < 0 => Ok(()),
        Stdio::Kmsg => fd::put(fd::number(work.kmsg), number),
        Stdio::Tty => {
            let console = Path::new(work.console.unwrap_or_else(|| bug!("PID 1 has set it")))?;
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            let tty = rustix::fs::open(console.as_c_str(), flags, Mode::empty())?;
            if number == 0 {
                rustix::process::ioctl_tiocsctty(&tty)?;
            }
            fd::put(tty.as_fd(), number)
        }
    }
}

/// The passed sockets become 3, 4, …: PID 1 keeps every descriptor that is passed above those
/// numbers. O_NONBLOCK is the listener's, not the descriptor's: it is set at every start.
fn pass_sockets(work: &mut Work, context: &ExecContext<'_>, pid: i32) -> Result<(), Errno> {
    let sockets = &work.sockets[..work.socket_count];
    let flags = if context.non_blocking { OFlags::NONBLOCK } else { OFlags::empty() };
    for &socket in sockets {
        if !work.is_connection || context.non_blocking {
            rustix::fs::fcntl_setfl(fd::number(socket), flags)?;
        }
    }
    if !work.passes_sockets || sockets.is_empty() {
        return Ok(());
    }
    for (&socket, number) in sockets.iter().zip(LISTEN_FDS_START..) {
        fd::put(fd::number(socket), number)?;
    }
    let pushed = work.vectors.push_env("LISTEN_PID", format_args!("{pid}"));
    pushed.map_err(|Full| Errno::TOOBIG)
}

fn set_limits(work: &Work, context: &ExecContext<'_>) -> Result<(), Errno> {
    if context.umask != 0o022 {
        rustix::process::umask(Mode::from_raw_mode(context.umask.into()));
    }
    let Some((soft, hard)) = context.limit_nofile.or(work.limit_nofile) else { return Ok(()) };
    let limit = |value: u64| (value != u64::MAX).then_some(value);
    let limits = Rlimit { current: limit(soft), maximum: limit(hard) };
    match rustix::process::setrlimit(Resource::Nofile, limits) {
        Err(Errno::PERM) => {
            // More than the kernel allows at all: as much as it does, like systemd.
            let most = rustix::process::getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
            let limits = Rlimit { current: Some(soft.min(most)), maximum: Some(hard.min(most)) };
            rustix::process::setrlimit(Resource::Nofile, limits)
        }
        set => set,
    }
}

/// Becomes the unit's user, and returns that user's home.
fn change_user(work: &mut Work, context: &ExecContext<'_>) -> Result<users::Field, Broken> {
    let user = match context.user {
        "" => None,
        name => Some(users::find_user(name).at(Stage::User)?),
    };
    if let Some(user) = &user {
        push_user(work, user).at(Stage::Arguments)?;
    }
    if !work.privileged {
        set_ids(context, user.as_ref())?;
    }
    let mut home = user.map_or_else(|| ROOT_HOME.iter().copied().collect(), |user| user.home);
    home.push(0).map_err(|_| Errno::NAMETOOLONG).at(Stage::User)?;
    Ok(home)
}

fn set_ids(context: &ExecContext<'_>, user: Option<&users::User>) -> Result<(), Broken> {
    let gid = match (context.group, user) {
        ("", None) => return Ok(()),
        ("", Some(user)) => user.gid,
        (name, _) => users::find_group(name).at(Stage::Group)?,
    };
    if let Some(user) = user {
        let groups = users::groups_of(&user.name, gid).at(Stage::Group)?;
        let groups: heapless::Vec<Gid, { users::GROUPS_MAX }> =
            groups.into_iter().map(Gid::from_raw).collect();
        rustix::thread::set_thread_groups(&groups).at(Stage::Group)?;
    }
    let gid = Gid::from_raw(gid);
    rustix::thread::set_thread_res_gid(gid, gid, gid).at(Stage::Group)?;
    if let Some(user) = user {
        let uid = Uid::from_raw(user.uid);
        rustix::thread::set_thread_res_uid(uid, uid, uid).at(Stage::User)?;
    }
    Ok(())
}

/// Who the user is. A home or shell that is there only because passwd(5) wants one is not told.
fn push_user(work: &mut Work, user: &users::User) -> Result<(), Full> {
    let home = if user.has_home() { &user.home[..] } else { &[] };
    let shell = if user.has_login() { &user.shell[..] } else { &[] };
    let variables =
        [("USER", &user.name[..]), ("LOGNAME", &user.name), ("HOME", home), ("SHELL", shell)];
    for (name, value) in variables {
        if let (false, Ok(value)) = (value.is_empty(), core::str::from_utf8(value)) {
            work.vectors.push_env(name, format_args!("{value}"))?;
        }
    }
    Ok(())
}

fn change_directory(context: &ExecContext<'_>, home: &[u8]) -> Result<(), Errno> {
    let directory =
        if context.working_directory_home { home } else { context.working_directory.as_bytes() };
    let Ok(directory) = CStr::from_bytes_with_nul(directory) else { return Ok(()) };
    match rustix::process::chdir(directory) {
        Err(_) if context.working_directory_optional => Ok(()),
        changed => changed,
    }
}

fn execute(work: &Work) -> Errno {
    let program = work.program.unwrap_or_else(|| bug!("PID 1 has set it"));
    let Ok(path) = CStr::from_bytes_with_nul(program.as_bytes()) else { return Errno::INVAL };
    if program.as_bytes().contains(&b'/') {
        return work.vectors.execute(path);
    }
    let mut error = Errno::NOENT;
    for directory in EXEC_PATH.split(':') {
        let name = program.strip_suffix('\0').unwrap_or_default();
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
