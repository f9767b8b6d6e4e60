//! The `log` facade on the console: one bounded line, one write, never a wait.

use core::fmt::Write as _;

use embedded_io::{ErrorType, Write};
use log::{LevelFilter, Log, Metadata, Record};

use crate::engine::Instant;
use crate::sys::console::{self, Line};
use crate::sys::{clock, fatal};

/// The console as a byte sink: takes all, loses what the device does not take at once.
#[derive(Clone, Copy, Debug)]
pub struct Console;

impl ErrorType for Console {
    type Error = core::convert::Infallible;
}

impl Write for Console {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        console::write_line(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// Writes one line as of `at`, and keeps it for the epitaph.
pub fn write_line_at(at: Instant, text: core::fmt::Arguments<'_>) {
    let mut line = Line::new();
    let (seconds, micros) = (at.0 / 1_000_000, at.0 % 1_000_000);
    let _ = write!(line, "[{seconds:5}.{micros:06}] {text}");
    let line = line.end();
    fatal::remember(line);
    let _ = Console.write_all(line);
}

struct ConsoleLog;

impl Log for ConsoleLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            write_line_at(Instant(clock::boot_time_us()), *record.args());
        }
    }

    fn flush(&self) {}
}

/// Directs `log`'s macros to the console. `level` is one of syslog(3), 3 to 7.
pub fn install(level: u8) {
    let filter = match level {
        0..=3 => LevelFilter::Error,
        4 => LevelFilter::Warn,
        5 | 6 => LevelFilter::Info,
        7.. => LevelFilter::Debug,
    };
    log::set_max_level(filter);
    // It can only fail if there is one already: ours.
    let _ = log::set_logger(&ConsoleLog);
}
