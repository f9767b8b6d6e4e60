//! The file of the rings, and what comes into it: within the limits, and in order.

use core::fmt::{self, Write as _};

use embedded_io::Write as _;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use unit::{RateLimit, Table, UnitId};

use crate::journal::RINGS;
use crate::journal::entry::{Entry, NO_UNIT};
use crate::journal::rate::Rate;
use crate::journal::ring::{Layout, Span, Store};
use crate::sys::cell::Once;
use crate::sys::clock;
use crate::sys::console::{self, Console, Line};
use crate::table::limits::LOG_RINGS;

use super::NAME;

static SPANS: Once<[Span; LOG_RINGS], 16> = Once::new([Span::NEW; LOG_RINGS]);
static BUDGETS: Once<[Budget; LOG_RINGS], 13> = Once::new([Budget::NEW; LOG_RINGS]);

/// daemon.notice: what this role says itself.
const OWN_PRIORITY: u8 = 3 << 3 | 5;

/// How many lines may still come into a ring.
#[derive(Clone, Copy)]
struct Budget {
    rate: Rate,
    limit: RateLimit,
    unit: UnitId,
}

impl Budget {
    const NEW: Self = Self {
        rate: Rate::NEW,
        limit: RateLimit { interval: unit::Millis(0), burst: 0 },
        unit: UnitId(0),
    };
}

/// The open file.
struct File(OwnedFd);

impl Store for File {
    fn read(&mut self, at: u64, bytes: &mut [u8]) -> bool {
        let length = bytes.len();
        rustix::io::pread(&self.0, bytes, at).is_ok_and(|read| read == length)
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> bool {
        rustix::io::pwrite(&self.0, bytes, at).is_ok_and(|written| written == bytes.len())
    }
}

/// A line, and what is to be thought of it.
pub(super) struct Said<'l> {
    pub(super) ring: usize,
    pub(super) unit: UnitId,
    pub(super) pid: u32,
    pub(super) priority: u8,
    pub(super) limit: RateLimit,
    pub(super) identifier: &'l [u8],
    pub(super) text: &'l [u8],
    pub(super) is_cut: bool,
    pub(super) on_console: bool,
}

pub(super) struct Keeper {
    pub(super) table: Table<'static>,
    layout: Layout,
    file: File,
    spans: &'static mut [Span],
    budgets: &'static mut [Budget],
    next_number: u64,
    pid: u32,
}

impl Keeper {
    /// Opens the rings of the last life, or empty ones.
    pub(super) fn open(table: Table<'static>) -> Option<Self> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = rustix::fs::open(RINGS, flags, Mode::from_raw_mode(0o600)).ok()?;
        let mut file = File(file);
        let bytes = table.manager().log_ring_bytes;
        let layout = Layout { table: table.crc(), rings: LOG_RINGS as u32, bytes };
        if !layout.is_of(&mut file) {
            rustix::fs::ftruncate(&file.0, 0).ok()?;
            // Holes: a line takes memory when it comes.
            rustix::fs::ftruncate(&file.0, layout.file_bytes()).ok()?;
            layout.write_to(&mut file).then_some(())?;
        }
        let spans = SPANS.take();
        for (ring, span) in spans.iter_mut().enumerate() {
            *span = Span::read(layout, &mut file, ring);
        }
        let next_number = spans.iter().map(Span::next_number).max().unwrap_or(0);
        let pid = rustix::process::getpid().as_raw_nonzero().get() as u32;
        Some(Self { table, layout, file, spans, budgets: BUDGETS.take(), next_number, pid })
    }

    /// Keeps a line, unless it is one too many.
    pub(super) fn keep(&mut self, said: &Said<'_>) {
        self.settle_ring(said.ring);
        let Some(budget) = self.budgets.get_mut(said.ring) else { return };
        (budget.limit, budget.unit) = (said.limit, said.unit);
        if budget.rate.takes(said.limit) {
            self.push(said);
        }
    }

    fn push(&mut self, said: &Said<'_>) {
        let entry = Entry {
            priority: said.priority,
            is_cut: said.is_cut,
            unit: said.unit,
            pid: said.pid,
            number: self.next_number,
            at_us: clock::boot_time_us(),
            identifier: said.identifier,
            text: said.text,
        };
        let Some(span) = self.spans.get_mut(said.ring) else { return };
        // Without memory for it the line is lost, and nothing else.
        if span.push(self.layout, &mut self.file, said.ring, &entry) {
            self.next_number += 1;
        }
        if said.on_console {
            self.show(said);
        }
    }

    /// What does not fit in a line of the console is left out there.
    fn show(&self, said: &Said<'_>) {
        if !console::is_open() && console::open(self.table.manager().console).is_err() {
            return;
        }
        let mut line = Line::new();
        for part in [said.identifier, b": ", said.text] {
            for chunk in part.utf8_chunks() {
                let _ = line.write_str(chunk.valid());
            }
        }
        let _ = Console.write_all(line.end());
    }

    /// When something is to be told next.
    pub(super) fn due(&self) -> Option<u64> {
        self.budgets.iter().filter_map(|budget| budget.rate.due(budget.limit)).min()
    }

    /// Tells what was dropped in intervals that are over.
    pub(super) fn settle(&mut self) {
        (0..self.budgets.len()).for_each(|ring| self.settle_ring(ring));
    }

    fn settle_ring(&mut self, ring: usize) {
        let Some(budget) = self.budgets.get_mut(ring) else { return };
        let dropped = budget.rate.settle(budget.limit, clock::boot_time_us());
        let unit = budget.unit;
        if dropped == 0 {
            return;
        }
        if unit == NO_UNIT {
            self.say(ring, unit, format_args!("Suppressed {dropped} messages"));
        } else {
            let name = self.table.name(unit);
            self.say(ring, unit, format_args!("Suppressed {dropped} messages from {name}"));
        }
    }

    /// Says something of itself.
    pub(super) fn tell(&mut self, text: fmt::Arguments<'_>) {
        self.say(0, NO_UNIT, text);
    }

    fn say(&mut self, ring: usize, unit: UnitId, text: fmt::Arguments<'_>) {
        let mut line = Line::new();
        // It takes what fits.
        let _ = line.write_fmt(text);
        self.push(&Said {
            ring,
            unit,
            pid: self.pid,
            priority: OWN_PRIORITY,
            limit: Budget::NEW.limit,
            identifier: NAME.as_bytes(),
            text: line.end().trim_ascii_end(),
            is_cut: false,
            on_console: false,
        });
    }
}
