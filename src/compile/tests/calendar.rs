//! Calendar events: against what systemd-analyze says of the same ones, and against a model that
//! looks at every minute.
//!
//! `PILOT_RECORD=1 cargo test -p pilot-compile --test calendar` asks the systemd-analyze of this
//! machine anew and writes `tests/calendar/systemd.txt`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use compile::grammar::{CalendarEvent, calendar_event, zone_by_name};
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use unit::calendar::{Calendar, Zone, civil, days};

/// Elapses asked for of each event.
const ITERATIONS: usize = 5;
const SECOND: u64 = 1_000_000;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/calendar/systemd.txt")
}

/// One line: `event | zone | base | what systemd says`, times in seconds since 1970.
struct Vector {
    event: String,
    zone: String,
    base: u64,
    said: String,
}

fn vectors() -> Vec<Vector> {
    let text = fs::read_to_string(file()).expect("the vectors are there");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let vector = |line: &str| {
        let mut fields = line.split('|').map(str::trim);
        let mut field = || fields.next().unwrap_or_default().to_string();
        let (event, zone, base) = (field(), field(), field().parse().expect("a base"));
        Vector { event, zone, base, said: field() }
    };
    lines.map(vector).collect()
}

/// What systemd-analyze says, in the form of the file.
fn asked(vector: &Vector) -> String {
    let output = Command::new("systemd-analyze")
        .env("TZ", &vector.zone)
        .arg("calendar")
        .arg(format!("--base-time=@{}", vector.base))
        .arg(format!("--iterations={ITERATIONS}"))
        .arg(&vector.event)
        .output()
        .expect("systemd-analyze runs");
    if !output.status.success() {
        return "refused".into();
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let in_utc = vector.zone != "UTC";
    let wanted = |line: &&str| match in_utc {
        true => line.trim_start().starts_with("(in UTC)"),
        false => line.contains("Next elapse:") || line.contains("Iter. #"),
    };
    let seconds = |line: &str| -> Option<String> {
        // Thu 2024-02-29 00:00:00 UTC
        let words: Vec<&str> = line.split_whitespace().collect();
        let [date, time, "UTC"] = words[words.len().checked_sub(3)?..] else { return None };
        let number = |text: &str| text.parse::<i64>().expect("a number");
        let date: Vec<i64> = date.split('-').map(number).collect();
        let time: Vec<i64> = time.split(':').map(number).collect();
        let day = days(date[0] as i32, date[1] as u32, date[2] as u32);
        Some((day * 86_400 + time[0] * 3_600 + time[1] * 60 + time[2]).to_string())
    };
    let all: Vec<String> = text.lines().filter(wanted).filter_map(seconds).collect();
    if all.is_empty() { "never".into() } else { all.join(" ") }
}

/// What we say, in the same form.
fn ours(vector: &Vector) -> String {
    let Ok(event) = calendar_event(&vector.event) else { return "refused".into() };
    let zone = zone_by_name(&vector.zone).expect("a zone of this machine");
    let mut all = Vec::new();
    event.with(zone, |calendar| {
        let mut now = vector.base * SECOND;
        while let Some(next) = calendar.next(now).filter(|_| all.len() < ITERATIONS) {
            assert!(next > now, "{}", vector.event);
            all.push((next / SECOND).to_string());
            now = next;
        }
    });
    if all.is_empty() { "never".into() } else { all.join(" ") }
}

#[test]
fn we_say_what_systemd_says() {
    let vectors = vectors();
    if std::env::var_os("PILOT_RECORD").is_some() {
        let mut text = String::from(HEAD);
        for vector in &vectors {
            let Vector { event, zone, base, .. } = vector;
            writeln!(text, "{event} | {zone} | {base} | {}", asked(vector)).unwrap();
        }
        fs::write(file(), text).expect("a writable file");
        return;
    }
    assert!(vectors.len() > 150, "the vectors are there");
    let mut wrong = String::new();
    for vector in &vectors {
        let said = ours(vector);
        if said != vector.said {
            let Vector { event, zone, base, said: theirs } = vector;
            writeln!(wrong, "{event} | {zone} | {base}\n  we: {said}\n  systemd: {theirs}")
                .unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

const HEAD: &str = "\
# What systemd-analyze calendar of systemd 252 says: event | zone | base | elapses behind it, all
# in seconds since 1970. Written by src/compile/tests/calendar.rs.
";

/// Whether a minute matches, by its numbers on the wall.
fn matches(calendar: &Calendar<'_>, wall_minute: i64) -> bool {
    let day = wall_minute.div_euclid(1_440);
    let minute = wall_minute.rem_euclid(1_440);
    let (year, month, date) = civil(day);
    let length = days(year + month as i32 / 12, month % 12 + 1, 1) - days(year, month, 1);
    let counted = if calendar.from_end { length + 1 - i64::from(date) } else { i64::from(date) };
    let year_bit = (year - 1970) as usize;
    let has_year = calendar.years.is_empty()
        || calendar.years.get(year_bit / 8).is_some_and(|byte| byte >> (year_bit % 8) & 1 == 1);
    has_year
        && calendar.months >> month & 1 == 1
        && calendar.days >> counted & 1 == 1
        && calendar.weekdays >> (day + 3).rem_euclid(7) & 1 == 1
        && calendar.hours >> (minute / 60) & 1 == 1
        && calendar.minutes >> (minute % 60) & 1 == 1
}

/// The first minute behind `after` that counts, found by looking at each.
fn model(calendar: &Calendar<'_>, after: u64, bound_minutes: i64) -> Option<u64> {
    let zone = calendar.zone;
    let on_wall = |minute: i64| minute + zone.offset_at(minute * 60) / 60;
    let every_hour = calendar.hours.count_ones() == 24;
    let first = (after / SECOND / 60) as i64 + 1;
    let found = (first..first + bound_minutes).find(|&minute| {
        let wall = on_wall(minute);
        // Two hours is more than any clock is put back.
        let seen = || (minute - 120..minute).any(|earlier| on_wall(earlier) == wall);
        matches(calendar, wall) && (every_hour || !seen())
    });
    found.map(|minute| minute as u64 * 60 * SECOND)
}

const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kolkata",
    "Europe/Dublin",
];

fn event_of(seed: [u32; 8]) -> CalendarEvent {
    let mut event = calendar_event("*-*-* *:*:00").expect("an event");
    let sparse = |bits: u64, all: u64| if bits & all == 0 { all } else { bits & all };
    let [weekdays, months, days, hours, minutes_low, minutes_high, kinds, _] = seed;
    if kinds & 1 == 0 {
        event.weekdays = sparse(weekdays.into(), 0x7f) as u8;
    }
    if kinds & 2 == 0 {
        event.months = sparse(months.into(), 0x1ffe) as u16;
    }
    if kinds & 4 == 0 {
        event.days = sparse(days.into(), 0xffff_fffe) as u32;
    }
    if kinds & 8 == 0 {
        event.hours = sparse(hours.into(), 0xff_ffff) as u32;
    }
    if kinds & 16 == 0 {
        let minutes = u64::from(minutes_high) << 32 | u64::from(minutes_low);
        event.minutes = sparse(minutes & minutes.rotate_left(7), 0xfff_ffff_ffff_ffff);
    }
    event.from_end = kinds & 32 == 0;
    event
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_next_event_is_the_one_that_a_look_at_every_minute_finds(
        seed: [u32; 8],
        zone in 0..ZONES.len(),
        near_a_change: bool,
        after in 1_767_225_600u64..2_000_000_000,
    ) {
        let zone = zone_by_name(ZONES[zone]).expect("a zone of this machine");
        let changes = |at: &u64| {
            zone.offset_at(*at as i64) != zone.offset_at(*at as i64 + 7_200)
        };
        let near = (after..after + 366 * 86_400).step_by(3_600).find(changes);
        let after = if near_a_change { near.unwrap_or(after) } else { after };
        // What comes later is not compared.
        let bound = 9 * 1_440;
        event_of(seed).with(zone, |calendar| -> Result<(), _> {
            let mut now = after * SECOND;
            for _ in 0..3 {
                let next = calendar.next(now);
                let found = model(&calendar, now, bound);
                let minute = |at: u64| at / SECOND / 60;
                let within = next.filter(|&at| minute(at) <= minute(now) + bound as u64);
                prop_assert_eq!(found, within, "behind {}", now);
                let Some(next) = within else { break };
                now = next;
            }
            Ok(())
        })?;
    }
}

/// systemd 252 passes over the full minute here.
#[test]
fn steps_of_nearly_a_minute_begin_with_each_minute() {
    let event = calendar_event("*:*:0/59").expect("an event");
    event.with(Zone::UTC, |calendar| {
        let at = calendar.next(59 * SECOND).expect("it comes for ever");
        assert_eq!(at, 60 * SECOND);
        assert_eq!(calendar.next(at), Some(119 * SECOND));
    });
}

/// The worst there is: a day that comes once in many years, and one that never does.
#[test]
fn a_search_ends() {
    let next = |text: &str, zone: &str, base: u64| {
        let zone = if zone == "UTC" { Zone::UTC } else { zone_by_name(zone).expect("a zone") };
        let event = calendar_event(text).expect("an event");
        event.with(zone, |calendar| calendar.next(base * SECOND).map(|next| next / SECOND))
    };
    assert_eq!(next("Mon *-02-29 00:00:00", "UTC", 1_709_251_200), Some(2_340_316_800));
    assert_eq!(next("*-02-30", "Europe/Berlin", 0), None);
    // Each year in the hour that is left out.
    let never = "Sun *-03~01..07 02:30";
    assert_eq!(next(never, "Europe/Berlin", 1_767_225_600), None);
    assert_eq!(next("1970-01-01 00:00:00", "UTC", 0), None);
    assert_eq!(next("2199-12-31 23:59:59", "UTC", 0), Some(7_258_118_399));
    assert_eq!(next("*-*-* *:*:*", "UTC", 7_258_118_399), None);
    assert_eq!(next("*-*-* *:*:*", "UTC", u64::MAX / SECOND), None);
}

#[test]
fn zones_are_rules() {
    let berlin = zone_by_name("Europe/Berlin").expect("a zone of this machine");
    assert_eq!(berlin.offset, 3_600);
    assert_eq!(berlin.offset_at(1_774_745_999), 3_600, "2026-03-29 00:59:59 UTC");
    assert_eq!(berlin.offset_at(1_774_746_000), 7_200);
    assert_eq!(berlin.offset_at(1_792_889_999), 7_200, "2026-10-25 00:59:59 UTC");
    assert_eq!(berlin.offset_at(1_792_890_000), 3_600);
    for name in ["Foo/Bar", "../../../etc/passwd", "/etc/passwd", "", "Africa/Casablanca"] {
        assert!(zone_by_name(name).is_err(), "{name}");
    }
}
