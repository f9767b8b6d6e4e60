//! Signals: signal(7), signalfd(2). PID 1 blocks all of them and reads what comes.
//!
//! # Safety
//! The only handler is [`fatal::on_fault`], for faults of our own; it does not return.

use core::ffi::c_int;

use linux_raw_sys::general::__kernel_sighandler_t;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::process::Signal;

use super::{fatal, raw};

/// Bytes of a signalfd_siginfo; its first four are the signal's number.
const SIGINFO_BYTES: usize = 128;
/// Signals read at once.
const BATCH: usize = 4;
/// What the kernel raises when an instruction goes wrong: never blocked.
const FAULTS: [Signal; 7] =
    [Signal::ILL, Signal::TRAP, Signal::ABORT, Signal::BUS, Signal::FPE, Signal::SEGV, Signal::SYS];
const SA_SIGINFO: u64 = 4;
const SA_RESTORER: u64 = 0x0400_0000;
const SIG_IGN: usize = 1;
/// The kernel's last signal.
const SIGNAL_MAX: u8 = 64;

/// A handler that is told why, sigaction(2).
type SigInfoHandler = unsafe extern "C" fn(c_int, *const [c_int; 3], *const usize);

const fn bit(signal: Signal) -> u64 {
    1 << (signal.as_raw() - 1)
}

/// The set of [`FAULTS`].
const FAULT_BITS: u64 = {
    let [a, b, c, d, e, f, g] = FAULTS;
    bit(a) | bit(b) | bit(c) | bit(d) | bit(e) | bit(f) | bit(g)
};

/// From now on a fault of this process is told of before it ends.
pub fn tell_of_faults() {
    let mut action = raw::no_action();
    // SAFETY: with SA_SIGINFO the kernel calls it with three arguments, as it expects.
    action.sa_handler_kernel =
        unsafe { core::mem::transmute::<SigInfoHandler, __kernel_sighandler_t>(fatal::on_fault) };
    // On x86_64 the kernel insists on a restorer; the handler never returns through it.
    let restorer = if cfg!(target_arch = "x86_64") { SA_RESTORER } else { 0 };
    action.sa_flags = (SA_SIGINFO | restorer) as _;
    for fault in FAULTS {
        // These can be set.
        let _ = raw::rt_sigaction(fault.as_raw() as u8, &action);
    }
}

/// The descriptor that all signals of PID 1 arrive at.
#[derive(Debug)]
pub struct Signals {
    fd: OwnedFd,
}

impl Signals {
    /// Blocks every signal but faults, which have a handler, and SIGPIPE, which is ignored (and
    /// stays so in children: IgnoreSIGPIPE=yes).
    ///
    /// # Errors
    /// Those of signalfd(2).
    pub fn collect() -> Result<Self, Errno> {
        // What whoever started us ignored would stay ignored in our children.
        for signal in (1..=SIGNAL_MAX).filter(|signal| FAULT_BITS >> (signal - 1) & 1 == 0) {
            // SIGKILL and SIGSTOP cannot be set, and need not be.
            let _ = raw::rt_sigaction(signal, &raw::no_action());
        }
        let mut ignore = raw::no_action();
        // SAFETY: SIG_IGN is a value the kernel compares with, never a function that is called.
        ignore.sa_handler_kernel =
            unsafe { core::mem::transmute::<usize, __kernel_sighandler_t>(SIG_IGN) };
        raw::rt_sigaction(Signal::PIPE.as_raw() as u8, &ignore)?;
        raw::rt_sigprocmask(!FAULT_BITS)?;
        Ok(Self { fd: raw::signalfd(!FAULT_BITS)? })
    }

    /// Calls `each` with the numbers of the signals that have come.
    pub fn read(&self, mut each: impl FnMut(u8)) {
        let mut infos = [0u8; SIGINFO_BYTES * BATCH];
        let Ok(length) = rustix::io::read(&self.fd, &mut infos) else { return };
        for info in infos[..length].chunks_exact(SIGINFO_BYTES) {
            each(info[0]);
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// SIGPIPE does in this process what it does by default.
///
/// # Errors
/// None that the kernel is known to give.
pub fn restore_sigpipe() -> Result<(), Errno> {
    raw::rt_sigaction(Signal::PIPE.as_raw() as u8, &raw::no_action())
}

/// Opens the signal mask: the last step of a child before its program.
///
/// # Errors
/// None that the kernel is known to give.
pub fn unblock_all() -> Result<(), Errno> {
    raw::rt_sigprocmask(0)
}

/// kill(2) to one process.
///
/// # Errors
/// ESRCH, EPERM.
pub fn kill(pid: u32, signal: u8) -> Result<(), Errno> {
    ensure!(pid > 1, "0 and 1 are not to be signalled");
    raw::kill(pid as i32, signal)
}

/// kill(2) to every process of a group; signal 0 asks whether there is one.
///
/// # Errors
/// ESRCH, EPERM.
pub fn kill_group(leader: u32, signal: u8) -> Result<(), Errno> {
    ensure!(leader > 1, "0 and 1 are not to be signalled");
    raw::kill(-(leader as i32), signal)
}

/// kill(2) to every process but PID 1.
///
/// # Errors
/// ESRCH if there is none.
pub fn kill_all(signal: u8) -> Result<(), Errno> {
    raw::kill(-1, signal)
}
