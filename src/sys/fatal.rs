//! What happens when PID 1 finds itself broken: an epitaph, then the board's `CrashAction=`.
//!
//! A service that fails is no reason to come here; a false assumption of our own code is. The
//! kernel would panic if PID 1 just ended.
//!
//! # Safety
//! A fault may come at any instruction, so that nothing here trusts more than atomics.

use core::ffi::c_int;
use core::fmt::Write as _;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use embedded_io::Write as _;
use rustix::process::{Pid, WaitOptions};
use rustix::time::Timespec;
use unit::CrashAction;

use super::console::{self, Console, LINE_BYTES, Line};
use super::power::{self, End};
use super::{fd, raw};

/// Lines that the epitaph repeats.
const LINES_KEPT: usize = 12;
/// How long sync(2) may take, in steps of [`SYNC_STEP`]: 5 s.
const SYNC_STEPS: u32 = 100;
const SYNC_STEP: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
/// Exit code of a process that is not PID 1.
const EXIT_PANIC: u8 = 101;

/// The words before the program counter in a ucontext_t: asm/ucontext.h, asm/sigcontext.h.
const CONTEXT_PLACE: usize = if cfg!(target_arch = "x86_64") {
    21
} else if cfg!(target_arch = "aarch64") {
    55
} else if cfg!(target_arch = "riscv64") {
    22
} else {
    23
};

static ACTION: AtomicU8 = AtomicU8::new(0);
static BROKEN: AtomicBool = AtomicBool::new(false);
static LAST_LINES: [[AtomicU8; LINE_BYTES]; LINES_KEPT] =
    [const { [const { AtomicU8::new(0) }; LINE_BYTES] }; LINES_KEPT];
static LINES_SEEN: AtomicUsize = AtomicUsize::new(0);

/// What is to happen; before this is called it is a reboot.
pub fn set_action(action: CrashAction) {
    let number = match action {
        CrashAction::Reboot => 0,
        CrashAction::Poweroff => 1,
        CrashAction::Freeze => 2,
    };
    ACTION.store(number, Ordering::Relaxed);
}

/// Keeps a line for the epitaph.
pub fn remember(line: &[u8]) {
    let seen = LINES_SEEN.fetch_add(1, Ordering::Relaxed);
    let place = &LAST_LINES[seen % LINES_KEPT];
    for (kept, &byte) in place.iter().zip(line) {
        kept.store(byte, Ordering::Relaxed);
    }
}

/// The body of the binary's panic handler.
pub fn panic(info: &PanicInfo<'_>) -> ! {
    let mut line = Line::new();
    let _ = match info.location() {
        Some(place) => {
            write!(line, "{}:{}: {}", place.file(), place.line(), info.message())
        }
        None => write!(line, "{}", info.message()),
    };
    give_up(&mut line)
}

/// What `bug!` is where panics have texts. `file` is a reference so that a place is two words: one
/// literal for all places of a file, and a number.
#[cfg(not(panic = "immediate-abort"))]
#[cold]
#[inline(never)]
pub(crate) fn bug(file: &'static &'static str, line: u32) -> ! {
    let mut text = Line::new();
    let _ = write!(text, "{file}:{line}: this cannot be");
    give_up(&mut text)
}

/// Handler of the signals that a wrong instruction raises. What the compiler knows to be wrong (an
/// index out of its bounds) is one, too, where panics are compiled to nothing else.
pub(super) unsafe extern "C" fn on_fault(
    signal: c_int,
    info: *const [c_int; 3],
    context: *const usize,
) {
    // SAFETY: SA_SIGINFO is set, so that the kernel hands over a siginfo_t, which begins with
    // si_signo, si_errno and si_code, and a ucontext_t, where the kernel's headers have it so.
    let ([.., code], place) = unsafe { (*info, *context.add(CONTEXT_PLACE)) };
    let mut line = Line::new();
    let _ = write!(line, "fault: signal {signal}");
    // Otherwise somebody has sent it.
    if code > 0 {
        let _ = write!(line, " at {place:#x}: see cargo board place");
    }
    give_up(&mut line)
}

fn give_up(line: &mut Line) -> ! {
    if rustix::process::getpid() != Pid::INIT {
        let _ = rustix::io::write(fd::number(2), line.end());
        raw::exit_group(EXIT_PANIC);
    }
    // A second fault on the way ends the attempt to speak.
    if !BROKEN.swap(true, Ordering::Relaxed) {
        write_epitaph(line);
        sync_for_a_while();
    }
    match ACTION.load(Ordering::Relaxed) {
        0 => power::end(End::Restart("")),
        1 => power::end(End::PowerOff),
        _ => power::stand_still(),
    }
}

fn write_epitaph(line: &mut Line) {
    // What is wrong with the table is found before that says where the console is.
    if !console::is_open() {
        let _ = console::open("/dev/console");
    }
    let mut head = Line::new();
    let _ = write!(head, "pilot: PID 1 is broken and gives up");
    for text in [head.end(), line.end()] {
        let _ = Console.write_all(text);
        console::write_kmsg(text);
    }
    let seen = LINES_SEEN.load(Ordering::Relaxed);
    for number in seen.saturating_sub(LINES_KEPT)..seen {
        let kept = &LAST_LINES[number % LINES_KEPT];
        let mut text = [0u8; LINE_BYTES];
        for (byte, kept) in text.iter_mut().zip(kept) {
            *byte = kept.load(Ordering::Relaxed);
        }
        let end = text.iter().position(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        console::write_kmsg(&text[..end]);
    }
}

/// sync(2) in a child: a device that does not answer must not keep us from what comes next.
fn sync_for_a_while() {
    let Ok(Some(pid)) = raw::fork() else {
        rustix::fs::sync();
        raw::exit_group(0);
    };
    for _ in 0..SYNC_STEPS {
        let waited = rustix::process::waitpid(Pid::from_raw(pid as i32), WaitOptions::NOHANG);
        if !matches!(waited, Ok(None)) {
            return;
        }
        let _ = rustix::thread::nanosleep(&SYNC_STEP);
    }
}
