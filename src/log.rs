//! What PID 1 says: one bounded line, one write, never a wait.

use core::fmt::{Arguments, Write};
use core::sync::atomic::{AtomicU8, Ordering};

use crate::engine::Instant;
use crate::sys::console::{self, Line};
use crate::sys::{clock, fatal};

/// How much a line matters, with the numbers of syslog(3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Level {
    /// Something does not work.
    Error = 3,
    /// Something does not work as it was told to.
    Warn = 4,
    /// What a reader of the console wants to know.
    Info = 5,
    /// Everything.
    Debug = 7,
}

/// The least that is said; nothing before [`set_level`].
static LEVEL: AtomicU8 = AtomicU8::new(0);

/// Says from now on what matters as much as `level`, one of syslog(3).
pub fn set_level(level: u8) {
    LEVEL.store(level.max(Level::Error as u8), Ordering::Relaxed);
}

/// True if what matters so much is said.
pub fn is_said(level: Level) -> bool {
    level as u8 <= LEVEL.load(Ordering::Relaxed)
}

/// Writes one line as of `at`, and keeps it for the epitaph.
pub fn write_line_at(at: Instant, text: Arguments<'_>) {
    let mut line = Line::new();
    let (seconds, micros) = (at.0 / 1_000_000, at.0 % 1_000_000);
    let _ = write!(line, "[{seconds:5}.{micros:06}] {text}");
    let line = line.end();
    fatal::remember(line);
    console::write_line(line);
}

/// Writes one line now. The macros call it.
#[inline(never)]
pub fn say(level: Level, text: Arguments<'_>) {
    if is_said(level) {
        write_line_at(Instant(clock::boot_time_us()), text);
    }
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
