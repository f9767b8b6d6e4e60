//! `pilotctl log` on rings that are written here, as `pilot-log` would.

use pilotlight::journal::entry::{Entry, NO_UNIT};
use pilotlight::journal::ring::{Layout, Span, Store};
use pilotlight::journal::{ring_of, rings};
use unit::control::{ActiveState, SubState};
use unit::{Table, UnitId};

use crate::fake::Fake;
use crate::{pilotctl, printed};

const UNITS: &[(&str, &str)] = &[
    ("web.service", "[Service]\nExecStart=/usr/sbin/httpd\nStandardOutput=log\n"),
    ("clock.service", "[Service]\nExecStart=/usr/sbin/clock\nStandardError=journal+console\n"),
    ("mute.service", "[Service]\nExecStart=/usr/sbin/mute\n"),
];

struct File(Vec<u8>);

impl Store for File {
    fn read(&mut self, at: u64, bytes: &mut [u8]) -> bool {
        bytes.copy_from_slice(&self.0[at as usize..at as usize + bytes.len()]);
        true
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> bool {
        self.0[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
        true
    }
}

/// What `pilot-log` does with lines.
struct Writer {
    table: Table<'static>,
    layout: Layout,
    file: File,
    spans: Vec<Span>,
    next_number: u64,
}

impl Writer {
    fn new(table: Table<'static>) -> Self {
        let (rings, bytes) = (rings(&table) as u32, table.manager().log_ring_bytes);
        assert_eq!((rings, bytes), (3, 16 << 10), "two units have one, and all others together");
        let layout = Layout { table: table.crc(), rings, bytes };
        let mut file = File(vec![0; layout.file_bytes() as usize]);
        assert!(layout.write_to(&mut file));
        let spans = vec![Span::NEW; rings as usize];
        Self { table, layout, file, spans, next_number: 0 }
    }

    fn line(&mut self, unit: &str, priority: u8, identifier: &str, text: &[u8]) {
        let unit = self.table.find(unit).unwrap_or(NO_UNIT);
        self.entry(unit, priority, identifier, text, false);
    }

    fn entry(&mut self, unit: UnitId, priority: u8, identifier: &str, text: &[u8], is_cut: bool) {
        let ring = ring_of(&self.table, unit);
        let entry = Entry {
            priority,
            is_cut,
            unit,
            pid: if unit == NO_UNIT { 0 } else { 77 },
            number: self.next_number,
            at_us: 5_000_000 + self.next_number * 1_500_000,
            identifier: identifier.as_bytes(),
            text,
        };
        assert!(self.spans[ring].push(self.layout, &mut self.file, ring, &entry));
        self.next_number += 1;
    }
}

fn writer() -> Writer {
    let mut writer = Writer::new(Fake::with(UNITS).table);
    writer.line("web.service", 30, "httpd", b"serving");
    writer.line("clock.service", 27, "clock", "drifts by 3 µs \x1b[31m".as_bytes());
    writer.line("", 13, "root", b"by \xff hand");
    writer.line("web.service", 28, "pilot-log", b"Suppressed 3 messages from web.service");
    let web = writer.table.find("web.service").unwrap();
    writer.entry(web, 30, "httpd", b"a long", true);
    writer
}

fn board() -> Fake {
    let writer = writer();
    let mut fake = Fake::with(UNITS);
    fake.log = writer.file.0;
    fake
}

#[test]
fn lines_of_all_units_are_printed_in_the_order_in_which_they_came() {
    assert_eq!(
        printed(&mut board(), &["log"]),
        "Nov 24 16:00:05 oven httpd[77]: serving\n\
         Nov 24 16:00:06 oven clock[77]: drifts by 3 µs ?[31m\n\
         Nov 24 16:00:08 oven root: by \u{fffd} hand\n\
         Nov 24 16:00:09 oven pilot-log[77]: Suppressed 3 messages from web.service\n\
         Nov 24 16:00:11 oven httpd[77]: a long…\n"
    );
}

#[test]
fn lines_are_chosen_by_unit_level_and_number() {
    let cat = |arguments: &[&str]| {
        let arguments = [&["log", "-o", "cat"], arguments].concat();
        printed(&mut board(), &arguments)
    };
    assert_eq!(cat(&["-u", "web", "-n", "2"]), "Suppressed 3 messages from web.service\na long…\n");
    assert_eq!(cat(&["-u", "web", "-u", "clock", "-p", "warning"]).lines().count(), 2);
    assert_eq!(cat(&["-p", "3"]), "drifts by 3 µs ?[31m\n");
    assert_eq!(cat(&["--unit=*.service", "--lines=0"]), "");
    assert_eq!(cat(&["mute"]), "");
    let out = printed(&mut board(), &["log", "-o", "short-monotonic", "-n1"]);
    assert_eq!(out, "[   11.000000] oven httpd[77]: a long…\n");
}

#[test]
fn who_follows_gets_the_last_lines_and_those_that_come() {
    let mut writer = writer();
    (0..12)
        .for_each(|number| writer.line("web.service", 30, "httpd", format!("{number}").as_bytes()));
    let mut fake = Fake::with(UNITS);
    fake.log = writer.file.0.clone();
    fake.log_changes.push(fake.log.clone());
    writer.line("clock.service", 30, "clock", b"tick");
    writer.line("web.service", 30, "httpd", b"more");
    fake.log_changes.push(writer.file.0);
    let out = printed(&mut fake, &["log", "-f", "-o", "cat"]);
    assert_eq!(out, "2\n3\n4\n5\n6\n7\n8\n9\n10\n11\ntick\nmore\n");
}

#[test]
fn status_ends_with_the_last_lines_of_the_unit() {
    let mut fake = board();
    fake.put("web.service", ActiveState::Active, SubState::Running);
    let out = printed(&mut fake, &["status", "web"]);
    let (_, lines) = out.split_once("\n\n").expect("an empty line before them");
    assert_eq!(lines.lines().count(), 3);
    assert!(lines.ends_with("oven httpd[77]: a long…\n"), "{lines}");
    fake.put("mute.service", ActiveState::Active, SubState::Running);
    assert!(!printed(&mut fake, &["status", "mute"]).contains("\n\n"));
}

#[test]
fn what_cannot_be_printed_is_complained_of() {
    let complaint = |fake: &mut Fake, arguments: &[&str]| {
        let (code, out, err) = pilotctl(fake, arguments);
        assert_eq!((code, out.as_str()), (1, ""), "{arguments:?}");
        err
    };
    let mut fake = board();
    assert!(complaint(&mut fake, &["log", "-p", "loud"]).contains("'loud'"));
    assert!(complaint(&mut fake, &["log", "-p", "8"]).contains("'8'"));
    assert!(complaint(&mut fake, &["log", "-o", "json"]).contains("'json'"));
    assert!(complaint(&mut fake, &["log", "-n", "few"]).contains("--lines"));
    assert!(complaint(&mut fake, &["log", "-u", "wep"]).contains("Did you mean web.service?"));
    fake.log_is_denied = true;
    assert!(complaint(&mut fake, &["log"]).contains("only root may"));
    fake.log_is_denied = false;
    fake.log.clear();
    assert_eq!(printed(&mut fake, &["log"]), "-- No entries --\n");
    assert!(complaint(&mut Fake::new(), &["log"]).contains("No pilot-log on this board"));
}
