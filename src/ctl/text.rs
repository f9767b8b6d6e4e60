//! Text without a heap: a line buffer over a descriptor, columns, spans of time.

use core::fmt::{self, Display, Write};

use embedded_io::{ErrorKind, ErrorType, Write as _};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;

use crate::packed::{Packed, Told};
use crate::text::pieces;

/// Longer lines are written in pieces.
const LINE_BYTES: usize = 256;

/// A descriptor as a sink of bytes.
struct Descriptor<'fd>(BorrowedFd<'fd>);

impl ErrorType for Descriptor<'_> {
    type Error = ErrorKind;
}

impl embedded_io::Write for Descriptor<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        loop {
            match rustix::io::write(self.0, bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero),
                Ok(count) => return Ok(count),
                Err(Errno::INTR) => {}
                Err(_) => return Err(ErrorKind::BrokenPipe),
            }
        }
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// Writes whole lines to a descriptor.
///
/// Once a write fails (a reader that left, a full disk) the rest is dropped: text written then
/// is an error of the writer, which ends whatever prints it.
pub(super) struct LineWriter<'fd> {
    to: Descriptor<'fd>,
    line: [u8; LINE_BYTES],
    used: usize,
    broken: bool,
}

impl<'fd> LineWriter<'fd> {
    pub(super) const fn new(fd: BorrowedFd<'fd>) -> Self {
        Self { to: Descriptor(fd), line: [0; LINE_BYTES], used: 0, broken: false }
    }

    /// Writes what is buffered. True if everything so far has been taken.
    pub(super) fn flush(&mut self) -> bool {
        let line = self.line.get(..self.used).unwrap_or_default();
        self.used = 0;
        self.broken = self.broken || self.to.write_all(line).is_err();
        !self.broken
    }
}

impl Write for LineWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            if self.used == LINE_BYTES {
                self.flush();
            }
            if let Some(place) = self.line.get_mut(self.used) {
                *place = byte;
                self.used += 1;
            }
            if byte == b'\n' {
                self.flush();
            }
        }
        if self.broken { Err(fmt::Error) } else { Ok(()) }
    }
}

/// An output that remembers its failure: those who print need not ask after every word.
pub(super) struct Output<'o> {
    to: &'o mut dyn Write,
    failed: bool,
}

impl<'o> Output<'o> {
    pub(super) fn new(to: &'o mut dyn Write) -> Self {
        Self { to, failed: false }
    }

    /// True if something could not be written.
    pub(super) const fn has_failed(&self) -> bool {
        self.failed
    }

    #[inline(never)]
    pub(super) fn text(&mut self, text: &str) {
        self.failed |= self.to.write_str(text).is_err();
    }

    /// What `write!` calls.
    #[inline(never)]
    pub(super) fn write_fmt(&mut self, text: fmt::Arguments<'_>) {
        self.failed |= self.to.write_fmt(text).is_err();
    }

    /// A text with its values.
    #[inline(never)]
    pub(super) fn tell(&mut self, text: Packed, values: &[&dyn Display]) {
        self.write_fmt(format_args!("{}", Told(text, values)));
    }

    pub(super) fn blanks(&mut self, count: usize) {
        (0..count).for_each(|_| self.text(" "));
    }

    /// Prints a value and blanks up to the next column.
    pub(super) fn cell(&mut self, value: &dyn Display, columns: usize) {
        write!(self, "{value}");
        self.blanks(columns.saturating_sub(width(value)) + 1);
    }
}

/// True if what is written of the value is one of the words of a list with commas.
#[inline(never)]
pub(super) fn is_in(list: &str, value: &dyn Display) -> bool {
    pieces(list.as_bytes(), b',').any(|word| {
        let mut unread = Unread(word);
        write!(unread, "{value}").is_ok() && unread.0.is_empty()
    })
}

/// Takes no text but the one that it has.
struct Unread<'t>(&'t [u8]);

impl Write for Unread<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(text.as_bytes()).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// Several lists as one, made by the compiler; N is how many all of them are, and not 0.
pub(super) const fn joined<T: Copy, const N: usize>(lists: &[&[T]]) -> [T; N] {
    let mut all = [lists[0][0]; N];
    let (mut list, mut used) = (0, 0);
    while list < lists.len() {
        let mut index = 0;
        while index < lists[list].len() {
            all[used] = lists[list][index];
            index += 1;
            used += 1;
        }
        list += 1;
    }
    assert!(used == N, "as many as there are");
    all
}

struct Counter(usize);

impl Write for Counter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.chars().count();
        Ok(())
    }
}

/// Characters that a value prints as.
pub(super) fn width(value: &dyn Display) -> usize {
    let mut counter = Counter(0);
    // A counter takes everything.
    let _ = write!(counter, "{value}");
    counter.0
}

/// A span of time in systemd's words: `1min 30s`. At most `parts` units, the largest first.
pub(super) struct Span {
    pub(super) us: u64,
    pub(super) parts: usize,
}

const UNITS: [(u64, &str); 7] = [
    (7 * 86_400_000_000, "w"),
    (86_400_000_000, "d"),
    (3_600_000_000, "h"),
    (60_000_000, "min"),
    (1_000_000, "s"),
    (1_000, "ms"),
    (1, "us"),
];

impl Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.us;
        let mut parts = 0;
        for (unit, name) in UNITS {
            if left >= unit && parts < self.parts {
                let blank = if parts > 0 { " " } else { "" };
                write!(f, "{blank}{}{name}", left / unit)?;
                left %= unit;
                parts += 1;
            }
        }
        if parts == 0 { f.write_str("0") } else { Ok(()) }
    }
}

/// A time since boot: seconds and milliseconds.
pub(super) struct SinceBoot(pub(super) u64);

impl Display for SinceBoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0 / 1000;
        write!(f, "{}.{:03}s after boot", ms / 1000, ms % 1000)
    }
}

/// Text of a service's own choosing: what could steer a terminal is shown as `?`.
pub(super) struct Harmless<'t>(pub(super) &'t str);

impl Display for Harmless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| f.write_char(if c.is_control() { '?' } else { c }))
    }
}
