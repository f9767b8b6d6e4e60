//! The kernel's command line, as far as it is meant for PID 1: kernel-command-line(7).
//!
//! Does not look units up: who reads it has the table.

use crate::text::{cut, number, pieces};

/// What one of its words says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setting<'c> {
    /// The unit to boot.
    Unit(&'c str),
    /// A unit that is never to start.
    Mask(&'c str),
    /// Most verbose level on the console, syslog(3).
    LogLevel(u8),
}

/// The words that ask for a unit, with commas.
const UNITS: [(&str, &str); 4] = [
    ("rescue,single,s,S,1", "rescue.target"),
    ("emergency,-b", "emergency.target"),
    ("2,3,4", "multi-user.target"),
    ("5", "graphical.target"),
];
/// Levels of syslog(3), the worst first.
const LEVELS: &str = "emerg,alert,crit,err,warning,notice,info,debug";

/// Calls `each` with what is meant for PID 1, in order. There are blanks between words; those
/// behind `--` are arguments, and mean nothing here.
///
/// Units are meant for the real root; those of an initramfs have a prefix: `rd.rescue`.
pub fn settings<'c>(line: &'c [u8], initramfs: bool, each: &mut dyn FnMut(Setting<'c>)) {
    for word in pieces(line, b' ') {
        let Ok(word) = core::str::from_utf8(word) else { continue };
        if word == "--" {
            return;
        }
        let rest = word.strip_prefix("rd.");
        let Some(setting) = setting(rest.unwrap_or(word)) else { continue };
        let is_meant = match setting {
            Setting::Unit(_) | Setting::Mask(_) => rest.is_some() == initramfs,
            Setting::LogLevel(_) => rest.is_none() || initramfs,
        };
        if is_meant {
            each(setting);
        }
    }
}

fn setting(word: &str) -> Option<Setting<'_>> {
    let own = word.strip_prefix("pilot.").or_else(|| word.strip_prefix("systemd."));
    if let Some((key, value)) = own.and_then(|own| cut(own, b'=')) {
        let quoted = value.strip_prefix("\"").and_then(|value| value.strip_suffix("\""));
        let value = quoted.unwrap_or(value);
        return match key {
            "unit" => Some(Setting::Unit(value)),
            "mask" => Some(Setting::Mask(value)),
            "log_level" => level(value).map(Setting::LogLevel),
            _ => None,
        };
    }
    match word {
        "quiet" => Some(Setting::LogLevel(4)),
        "debug" => Some(Setting::LogLevel(7)),
        _ => {
            let asked = UNITS.iter().find(|(words, _)| place(word, words).is_some());
            asked.map(|(_, unit)| Setting::Unit(unit))
        }
    }
}

fn level(word: &str) -> Option<u8> {
    place(word, LEVELS).or_else(|| number(word).filter(|level| *level < 8))
}

/// Where a word stands in a list with commas.
#[inline(never)]
fn place(word: &str, list: &str) -> Option<u8> {
    let place = pieces(list.as_bytes(), b',').position(|each| each == word.as_bytes());
    place.map(|place| place as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn all(line: &'static str, initramfs: bool) -> Vec<Setting<'static>> {
        let mut found = Vec::new();
        settings(line.as_bytes(), initramfs, &mut |setting| found.push(setting));
        found
    }

    #[test]
    fn what_is_meant_for_pid_1_is_found_and_nothing_else() {
        let line = "console=ttyS0 root=/dev/vda rescue pilot.mask=a.service systemd.unit=\"b\" \
                    systemd.log_level=err quiet rd.systemd.unit=x pilot.log_level=9 pilot.unit \
                    single=1 5 -- emergency";
        let found = all(line, false);
        assert_eq!(
            found,
            [
                Setting::Unit("rescue.target"),
                Setting::Mask("a.service"),
                Setting::Unit("b"),
                Setting::LogLevel(3),
                Setting::LogLevel(4),
                Setting::Unit("graphical.target"),
            ]
        );
        assert_eq!(all("", false), []);
    }

    #[test]
    fn an_initramfs_heeds_what_is_meant_for_it() {
        let line = "rescue rd.systemd.unit=a rd.emergency quiet rd.pilot.log_level=7 rd.break";
        let found = all(line, true);
        let meant = [
            Setting::Unit("a"),
            Setting::Unit("emergency.target"),
            Setting::LogLevel(4),
            Setting::LogLevel(7),
        ];
        assert_eq!(found, meant);
        let found = all(line, false);
        assert_eq!(found, [Setting::Unit("rescue.target"), Setting::LogLevel(4)]);
    }
}
