//! The aims, and the one table that is printed.

use std::fmt::Write;

use super::contender::Contender;
use super::rounds::{Figures, Metric};
use super::stats::median;

/// What a figure should be.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Aim {
    /// At most this many times the floor's.
    Ratio(f64),
    /// At most this.
    Most(f64),
    /// It is only shown.
    None,
}

struct Row {
    label: &'static str,
    unit: &'static str,
    metric: Metric,
    aim: Aim,
}

const fn row(label: &'static str, unit: &'static str, metric: Metric, aim: Aim) -> Row {
    Row { label, unit, metric, aim }
}

/// 1000 listeners must not cost more than 50 do, each, within what a machine's noise allows.
const LINEAR: f64 = 1.5;
const MIB96: f64 = 96.0;

const ROWS: [Row; 24] = [
    row("Accept=yes, 1 client, p50", "us", Metric::ConnectionP50, Aim::Ratio(1.15)),
    row("Accept=yes, 1 client, p99", "us", Metric::ConnectionP99, Aim::Ratio(1.5)),
    row("Accept=yes, 8 clients, p50", "us", Metric::CrowdP50, Aim::Ratio(1.15)),
    row("Accept=yes, 8 clients, p99", "us", Metric::CrowdP99, Aim::Ratio(1.5)),
    row("Accept=no, cold, p50", "us", Metric::ColdP50, Aim::Ratio(1.1)),
    row("Accept=no, cold, p99", "us", Metric::ColdP99, Aim::Ratio(1.5)),
    row("SIGKILL to restart, p50", "us", Metric::RestartP50, Aim::Ratio(1.3)),
    row("execve to 1 listener", "ms", Metric::ReadyMs(1), Aim::None),
    row("execve to 50 listeners", "ms", Metric::ReadyMs(50), Aim::Ratio(2.0)),
    row("execve to 200 listeners", "ms", Metric::ReadyMs(200), Aim::None),
    row("execve to 1000 listeners", "ms", Metric::ReadyMs(1000), Aim::None),
    row("Accept=yes, calls of PID 1", "", Metric::ConnectionCalls, Aim::Most(8.0)),
    row("Accept=yes, calls of the child", "", Metric::ConnectionChildCalls, Aim::Most(6.0)),
    row("Accept=no, calls of PID 1", "", Metric::ColdCalls, Aim::None),
    row("Accept=no, calls of the child", "", Metric::ColdChildCalls, Aim::None),
    row("50 listeners, processes", "", Metric::Processes(50), Aim::Most(1.0)),
    row("50 listeners, switches in 5 s", "", Metric::IdleSwitches(50), Aim::Most(0.0)),
    row("50 listeners, PSS", "KiB", Metric::PssKib(50), Aim::None),
    row("1 listener, private dirty", "KiB", Metric::PrivateDirtyKib(1), Aim::None),
    row("50 listeners, private dirty", "KiB", Metric::PrivateDirtyKib(50), Aim::Most(48.0)),
    row("200 listeners, private dirty", "KiB", Metric::PrivateDirtyKib(200), Aim::None),
    row("1000 listeners, private dirty", "KiB", Metric::PrivateDirtyKib(1000), Aim::None),
    row("1000 listeners, processes", "", Metric::Processes(1000), Aim::Most(1.0)),
    row("1000 listeners, switches in 5 s", "", Metric::IdleSwitches(1000), Aim::Most(0.0)),
];

/// The table: a line for each figure, the aim and whether it is met; then what the peers did,
/// each beside the floor, and which system calls were counted.
pub fn print(figures: &Figures, contenders: &[Contender], armv7_size_bytes: u64) -> String {
    let mut out = String::new();
    line(&mut out, "", ["pilot", "floor", "ratio", "aim", "met"].map(str::to_owned));
    for row in &ROWS {
        let pilot = figures.of(Contender::Pilot, row.metric);
        let floor = figures.of(Contender::Floor, row.metric);
        let (measured, ratio) = (median(pilot), ratio(pilot, floor));
        let (aim, met) = match row.aim {
            Aim::Ratio(most) => (format!("<= {most} x"), Some(ratio <= most)),
            Aim::Most(most) => (format!("<= {most}"), Some(measured <= most)),
            Aim::None => (String::new(), None),
        };
        let label = format!("{} {}", row.label, row.unit);
        let cells = [number(measured), number(median(floor)), number(ratio), aim, verdict(met)];
        line(&mut out, &label, cells);
    }
    let linear =
        linearity(figures.of(Contender::Pilot, Metric::ReadyMs(50)), 50.0).max(f64::MIN_POSITIVE);
    let growth = linearity(figures.of(Contender::Pilot, Metric::ReadyMs(1000)), 1000.0) / linear;
    let cells = |value: f64, aim: f64| {
        let none = String::new();
        [number(value), none.clone(), none, format!("<= {aim}"), verdict(Some(value <= aim))]
    };
    line(&mut out, "per listener, 1000 against 50", cells(growth, LINEAR));
    line(&mut out, "pilot on armv7 KiB", cells(armv7_size_bytes as f64 / 1024.0, MIB96));
    peers(&mut out, figures, contenders);
    out.push_str("\nSystem calls of one connection:\n");
    for calls in &figures.calls {
        let _ = writeln!(out, "  {calls}");
    }
    out
}

/// Milliseconds for one of `count` listeners.
fn linearity(ready_ms: &[f64], count: f64) -> f64 {
    median(ready_ms) / count
}

/// The median of the ratios within each round.
fn ratio(measured: &[f64], floor: &[f64]) -> f64 {
    let ratios: Vec<f64> = measured.iter().zip(floor).map(|(one, floor)| one / floor).collect();
    median(&ratios)
}

fn peers(out: &mut String, figures: &Figures, contenders: &[Contender]) {
    let peers =
        contenders.iter().filter(|&&who| who != Contender::Floor && who != Contender::Pilot);
    for &peer in peers {
        let _ = writeln!(out, "\n{} (ratio to the floor)", peer.name());
        for row in &ROWS {
            let measured = figures.of(peer, row.metric);
            if measured.is_empty() {
                continue;
            }
            let ratio = ratio(measured, figures.of(Contender::Floor, row.metric));
            let label = format!("{} {}", row.label, row.unit);
            let _ = writeln!(out, "{label:<36}{:>9}{:>9}", number(median(measured)), number(ratio));
        }
    }
}

fn line(out: &mut String, label: &str, [measured, floor, ratio, aim, met]: [String; 5]) {
    let text = format!("{label:<36}{measured:>9}{floor:>9}{ratio:>9}  {aim:<10}{met}");
    let _ = writeln!(out, "{}", text.trim_end());
}

fn verdict(met: Option<bool>) -> String {
    match met {
        Some(true) => "met".into(),
        Some(false) => "NOT MET".into(),
        None => String::new(),
    }
}

/// Three digits are all that can be trusted; a dash where nothing was measured.
fn number(value: f64) -> String {
    if !value.is_finite() {
        "-".into()
    } else if value >= 100.0 || value == value.trunc() {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        assert_eq!(ratio(&[2.0, 30.0, 4.0], &[1.0, 10.0, 4.0]), 2.0);
        assert!(ratio(&[], &[1.0]).is_nan());
    }

    #[test]
    fn numbers_have_three_digits_or_are_whole() {
        assert_eq!(["1.23", "8", "12.3", "1235", "-"].join(" "), {
            [1.234, 8.0, 12.34, 1234.6, f64::NAN].map(number).join(" ")
        });
    }
}
