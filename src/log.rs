//! The `log` facade on the console: one bounded line, one write, never a wait.
//!
//! The macros are our own: those of the crate leave a target, a module, a file and a number of
//! each line in the program, and nobody reads them on a console.

use core::fmt::{Arguments, Write as _};

use embedded_io::Write as _;
pub use log::Level;
use log::{LevelFilter, Log, Metadata, Record};
use rustix::io::Errno;

use crate::engine::Instant;
use crate::reason::Reason;
use crate::sys::console::{Console, Line};
use crate::sys::{clock, fatal};

struct ConsoleLog;

impl Log for ConsoleLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_said(metadata.level())
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            write_line_at(Instant::at(clock::boot_time_us()), *record.args());
        }
    }

    fn flush(&self) {}
}

/// Says on the console from now on what matters as much as `level`, one of syslog(3): 0 to 7.
pub fn set_level(level: u8) {
    let filter = match level {
        0..=3 => LevelFilter::Error,
        4 => LevelFilter::Warn,
        5 | 6 => LevelFilter::Info,
        7.. => LevelFilter::Debug,
    };
    log::set_max_level(filter);
    // Fails if there is a logger already, which is this one.
    let _ = log::set_logger(&ConsoleLog);
}

/// True if what matters so much is said.
pub fn is_said(level: Level) -> bool {
    level <= log::max_level()
}

/// Writes one line as of `at`, and keeps it for the epitaph.
pub fn write_line_at(at: Instant, text: Arguments<'_>) {
    let mut line = Line::new();
    let (seconds, micros) = (at.us() / 1_000_000, at.us() % 1_000_000);
    let _ = write!(line, "[{seconds:5}.{micros:06}] {text}");
    let line = line.end();
    fatal::remember(line);
    let _ = Console.write_all(line);
}

/// Hands one line to the logger. The macros call it.
#[inline(never)]
pub fn say(level: Level, text: Arguments<'_>) {
    log::logger().log(&Record::builder().level(level).args(text).build());
}

/// Hands one line to the logger: what could not be done, and why.
#[inline(never)]
pub fn failed(level: Level, what: &str, errno: Errno) {
    say(level, format_args!("{what}: {}", Reason::of(errno)));
}

macro_rules! error {
    ($($text:tt)*) => {
        $crate::log::say($crate::log::Level::Error, format_args!($($text)*))
    };
}

macro_rules! warning {
    ($($text:tt)*) => {
        $crate::log::say($crate::log::Level::Warn, format_args!($($text)*))
    };
}

macro_rules! info {
    ($($text:tt)*) => {
        $crate::log::say($crate::log::Level::Info, format_args!($($text)*))
    };
}

pub(crate) use {error, info, warning as warn};
