//! `pilotctl log`: what `pilot-log` keeps, as journalctl(1) prints it. The rings are read from
//! their file, and nobody is asked.

use core::fmt::{self, Display, Write};

use unit::calendar::civil;
use unit::limits::LOG_RINGS_MAX;
use unit::{Table, UnitId};

use super::args::Call;
use super::exit;
use super::names::Typed;
use super::session::{Link, LogAccess, Outcome, Session};
use super::text::Harmless;
use crate::features;
use crate::journal;
use crate::journal::entry::{ENTRY_MAX, Entry};
use crate::journal::ring::{Cursor, Layout, Store};

/// Lines that `-f` shows of before, and `status`.
const LINES_BEFORE: u32 = 10;
/// What no line has for a number.
const AT_END: u64 = u64::MAX;
const DAY_SECONDS: i64 = 86_400;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// How a line is printed: `-o`.
#[derive(Clone, Copy)]
enum Shape {
    Short,
    Monotonic,
    Cat,
}

/// Which lines are printed, and how.
struct Wanted<'c> {
    names: &'c [&'c str],
    level_max: u8,
    shape: Shape,
    wall_offset_us: i64,
}

impl Wanted<'_> {
    fn has(&self, entry: &Entry<'_>, table: &Table<'_>) -> bool {
        let is_named = || {
            let name = (entry.unit.index() < table.len()).then(|| table.name(entry.unit));
            name.is_some_and(|name| self.names.iter().any(|typed| Typed(typed).is(name)))
        };
        entry.priority & 7 <= self.level_max && (self.names.is_empty() || is_named())
    }
}

struct File<'l>(&'l mut dyn Link);

impl Store for File<'_> {
    fn read(&mut self, at: u64, bytes: &mut [u8]) -> bool {
        self.0.read_log(at, bytes)
    }

    fn write(&mut self, _: u64, _: &[u8]) -> bool {
        false
    }
}

/// All rings as one sequence, in the order in which the lines came.
struct Lines {
    layout: Layout,
    cursors: [Cursor; LOG_RINGS_MAX],
    /// That of the line at each cursor.
    numbers: [u64; LOG_RINGS_MAX],
}

impl Lines {
    fn new(layout: Layout, link: &mut dyn Link) -> Self {
        let cursors = [Cursor::FIRST; LOG_RINGS_MAX];
        let mut lines = Self { layout, cursors, numbers: [AT_END; LOG_RINGS_MAX] };
        lines.look_again(link);
        lines
    }

    /// Lines may have come where there were no more.
    fn look_again(&mut self, link: &mut dyn Link) {
        for ring in 0..(self.layout.rings as usize).min(LOG_RINGS_MAX) {
            if self.numbers[ring] == AT_END {
                self.look(ring, link);
            }
        }
    }

    fn look(&mut self, ring: usize, link: &mut dyn Link) {
        let mut buffer = [0; ENTRY_MAX];
        let entry = self.cursors[ring].peek(self.layout, &mut File(link), ring, &mut buffer);
        self.numbers[ring] = entry.map_or(AT_END, |entry| entry.number);
    }

    fn next<'b>(
        &mut self,
        link: &mut dyn Link,
        buffer: &'b mut [u8; ENTRY_MAX],
    ) -> Option<Entry<'b>> {
        let (ring, &number) = self.numbers.iter().enumerate().min_by_key(|(_, number)| **number)?;
        if number == AT_END {
            return None;
        }
        let entry = self.cursors[ring].peek(self.layout, &mut File(link), ring, buffer);
        self.cursors[ring].step();
        self.look(ring, link);
        entry
    }
}

/// Opens the rings; `None` if there are none, for whatever reason.
fn open(session: &mut Session<'_, '_>) -> Result<Option<Layout>, LogAccess> {
    match session.link.open_log() {
        LogAccess::Open => {}
        LogAccess::Missing => return Ok(None),
        LogAccess::Denied => return Err(LogAccess::Denied),
    }
    let table = session.table;
    let (rings, bytes) = (journal::rings(&table) as u32, table.manager().log_ring_bytes);
    let layout = Layout { table: table.crc(), rings, bytes };
    Ok(layout.is_of(&mut File(session.link)).then_some(layout))
}

/// Prints the last lines, at most `most`. Where to go on is returned.
#[inline(never)]
fn print_last(
    session: &mut Session<'_, '_>,
    layout: Layout,
    wanted: &Wanted<'_>,
    most: Option<u32>,
) -> Lines {
    let table = session.table;
    let mut buffer = [0; ENTRY_MAX];
    let mut skipped = 0;
    if let Some(most) = most {
        let mut lines = Lines::new(layout, session.link);
        let mut count = 0;
        while let Some(entry) = lines.next(session.link, &mut buffer) {
            count += u32::from(wanted.has(&entry, &table));
        }
        skipped = count.saturating_sub(most);
    }
    let mut lines = Lines::new(layout, session.link);
    while !session.out.has_failed()
        && let Some(entry) = lines.next(session.link, &mut buffer)
    {
        if !wanted.has(&entry, &table) {
            continue;
        }
        if skipped > 0 {
            skipped -= 1;
            continue;
        }
        writeln!(session.out, "{}", Printed { entry, wanted, table: &table });
    }
    lines
}

/// The verb.
pub(super) fn run(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let Some(wanted) = wanted(call, session) else { return Ok(exit::FAILURE) };
    let table = session.table;
    for &name in &call.names {
        if Typed(name).units(&table).next().is_none() {
            session.complain_of_name(Typed(name), "");
            return Ok(exit::FAILURE);
        }
    }
    let layout = match open(session) {
        Ok(Some(layout)) => layout,
        Ok(None) if journal::rings(&table) == 0 => {
            session.complain(
                packed!("No pilot-log on this board: StandardOutput=log of a unit brings it."),
                &[],
            );
            return Ok(exit::FAILURE);
        }
        Ok(None) => {
            session.out.text("-- No entries --\n");
            return Ok(exit::SUCCESS);
        }
        Err(_) => {
            session.complain(packed!("Failed to read the log: only root may. Try as root."), &[]);
            return Ok(exit::FAILURE);
        }
    };
    let follows = call.force;
    let most = call.lines.or(follows.then_some(LINES_BEFORE));
    let mut lines = print_last(session, layout, &wanted, most);
    let mut buffer = [0; ENTRY_MAX];
    while follows && !session.out.has_failed() && session.link.await_log() {
        lines.look_again(session.link);
        while let Some(entry) = lines.next(session.link, &mut buffer) {
            if wanted.has(&entry, &table) {
                writeln!(session.out, "{}", Printed { entry, wanted: &wanted, table: &table });
            }
        }
    }
    Ok(exit::SUCCESS)
}

fn wanted<'c>(call: &'c Call<'_>, session: &mut Session<'_, '_>) -> Option<Wanted<'c>> {
    let level_max = match call.properties.last() {
        None => 7,
        Some(word) => {
            let by_name = LEVELS.iter().position(|level| level == word);
            let level = by_name.or_else(|| word.parse().ok()).filter(|&level| level < LEVELS.len());
            let Some(level) = level else {
                session
                    .complain(packed!("No level is called '{}': emerg to debug, 0 to 7."), &[word]);
                return None;
            };
            level as u8
        }
    };
    let shape = match call.output {
        None | Some("short") => Shape::Short,
        Some("short-monotonic") => Shape::Monotonic,
        Some("cat") => Shape::Cat,
        Some(other) => {
            session.complain(
                packed!("No output is called '{}': short, short-monotonic or cat."),
                &[&other],
            );
            return None;
        }
    };
    let wall_offset_us = session.link.wall_offset_us();
    Some(Wanted { names: &call.names, level_max, shape, wall_offset_us })
}

/// What `status` prints of a unit.
pub(super) fn tail(session: &mut Session<'_, '_>, unit: UnitId) {
    let table = session.table;
    if !features::LOG || journal::ring_of(&table, unit) == 0 {
        return;
    }
    let Ok(Some(layout)) = open(session) else { return };
    session.out.text("\n");
    let names = [table.name(unit)];
    let wall_offset_us = session.link.wall_offset_us();
    let wanted = Wanted { names: &names, level_max: 7, shape: Shape::Short, wall_offset_us };
    print_last(session, layout, &wanted, Some(LINES_BEFORE));
}

/// One line.
struct Printed<'e> {
    entry: Entry<'e>,
    wanted: &'e Wanted<'e>,
    table: &'e Table<'e>,
}

impl Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entry, wanted, table } = self;
        match wanted.shape {
            Shape::Short => write!(f, "{} ", Date(entry.at_us as i64 + wanted.wall_offset_us))?,
            Shape::Monotonic => {
                write!(f, "[{:5}.{:06}] ", entry.at_us / 1_000_000, entry.at_us % 1_000_000)?;
            }
            Shape::Cat => return write!(f, "{}", Line(entry)),
        }
        let hostname = table.manager().hostname;
        f.write_str(if hostname.is_empty() { "localhost" } else { hostname })?;
        let identifier = if entry.identifier.is_empty() { b"unknown" } else { entry.identifier };
        write!(f, " {}", Lossy(identifier))?;
        match entry.pid {
            0 => write!(f, ": {}", Line(entry)),
            pid => write!(f, "[{pid}]: {}", Line(entry)),
        }
    }
}

/// What a line says, and whether it was longer.
struct Line<'e>(&'e Entry<'e>);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Lossy(self.0.text), if self.0.is_cut { "…" } else { "" })
    }
}

/// Bytes of a service's own choosing as text.
struct Lossy<'t>(&'t [u8]);

impl Display for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            write!(f, "{}", Harmless(chunk.valid()))?;
            if !chunk.invalid().is_empty() {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(())
    }
}

/// A moment as syslog has it, in UTC: microseconds since 1970.
struct Date(i64);

impl Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(1_000_000);
        let (_, month, day) = civil(seconds.div_euclid(DAY_SECONDS));
        let second = seconds.rem_euclid(DAY_SECONDS);
        let month = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{month} {day:02} {hour:02}:{minute:02}:{second:02}")
    }
}
