//! The kernel's command line, as far as it is meant for PID 1: kernel-command-line(7).
//!
//! Does not look units up: who reads it has the table.

use crate::text::{cut, number};

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

/// What is meant for PID 1, in order. Words behind `--` are arguments, and mean nothing here.
///
/// Units are meant for the real root; those of an initramfs have a prefix: `rd.rescue`.
pub fn settings(line: &str, initramfs: bool) -> impl Iterator<Item = Setting<'_>> {
    let words = line.split_ascii_whitespace().take_while(|word| *word != "--");
    words.filter_map(move |word| {
        let rest = word.strip_prefix("rd.");
        let setting = setting(rest.unwrap_or(word))?;
        let is_meant = match setting {
            Setting::Unit(_) | Setting::Mask(_) => rest.is_some() == initramfs,
            Setting::LogLevel(_) => rest.is_none() || initramfs,
        };
        is_meant.then_some(setting)
    })
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
    Some(match word {
        "rescue" | "single" | "s" | "S" | "1" => Setting::Unit("rescue.target"),
        "emergency" | "-b" => Setting::Unit("emergency.target"),
        "2" | "3" | "4" => Setting::Unit("multi-user.target"),
        "5" => Setting::Unit("graphical.target"),
        "quiet" => Setting::LogLevel(4),
        "debug" => Setting::LogLevel(7),
        _ => return None,
    })
}

fn level(word: &str) -> Option<u8> {
    const NAMES: [&str; 8] =
        ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
    let found = NAMES.iter().position(|name| *name == word).map(|level| level as u8);
    found.or_else(|| number(word).filter(|level| *level < 8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn what_is_meant_for_pid_1_is_found_and_nothing_else() {
        let line = "console=ttyS0 root=/dev/vda rescue pilot.mask=a.service systemd.unit=\"b\" \
                    systemd.log_level=err quiet rd.systemd.unit=x pilot.log_level=9 pilot.unit \
                    single=1 5 -- emergency";
        let found: Vec<Setting<'_>> = settings(line, false).collect();
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
        assert_eq!(settings("", false).count(), 0);
    }

    #[test]
    fn an_initramfs_heeds_what_is_meant_for_it() {
        let line = "rescue rd.systemd.unit=a rd.emergency quiet rd.pilot.log_level=7 rd.break";
        let found: Vec<Setting<'_>> = settings(line, true).collect();
        let meant = [
            Setting::Unit("a"),
            Setting::Unit("emergency.target"),
            Setting::LogLevel(4),
            Setting::LogLevel(7),
        ];
        assert_eq!(found, meant);
        let found: Vec<Setting<'_>> = settings(line, false).collect();
        assert_eq!(found, [Setting::Unit("rescue.target"), Setting::LogLevel(4)]);
    }
}
