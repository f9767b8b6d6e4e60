//! What services say about themselves: the datagrams of sd_notify(3).

use unit::{NotifyAccess, Service};

use crate::{features, text};

use super::event::{Errno, Pid};
use super::time::Instant;

/// Longest datagram that is looked at, in bytes; what is longer is dropped whole.
pub const NOTIFICATION_MAX: usize = 4096;

/// A datagram's assignments that mean something here. All others are ignored, as the protocol asks;
/// so is `EXIT_STATUS=`, which is what a service manager tells whoever started it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Notification<'e> {
    /// `READY=1`.
    pub ready: bool,
    /// `RELOADING=1`.
    pub reloading: bool,
    /// `MONOTONIC_USEC=`: when that began, by CLOCK_MONOTONIC; whoever receives it adds what the
    /// engine's clock is ahead of it.
    pub since: Option<Instant>,
    /// `STOPPING=1`.
    pub stopping: bool,
    /// `BARRIER=1`: the sender waits until its descriptor is closed.
    pub barrier: bool,
    /// `STATUS=`.
    pub status: Option<&'e str>,
    /// `ERRNO=`.
    pub errno: Option<Errno>,
    /// `MAINPID=`.
    pub main_pid: Option<Pid>,
    /// `WATCHDOG=`.
    pub watchdog: Option<Ping>,
    /// `WATCHDOG_USEC=`: how often it will say that it is alive from now on.
    pub watchdog_us: Option<u64>,
    /// `EXTEND_TIMEOUT_USEC=`: how long what it is doing may take from now on, at least.
    pub extend_us: Option<u64>,
}

/// What a datagram says of the descriptors that come with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Storing<'e> {
    /// `FDSTORE=1`: keep them.
    Keep {
        /// `FDNAME=`, or `stored`.
        name: &'e str,
        /// False with `FDPOLL=0`: they stay when they have hung up.
        polled: bool,
    },
    /// `FDSTOREREMOVE=1`: forget those that were stored under that name.
    Remove(&'e str),
}

impl<'e> Storing<'e> {
    /// Reads a datagram. `None` if it says nothing of them, or would have some forgotten and does
    /// not say which. As systemd does, a bad name counts as none.
    pub fn parse(datagram: &'e [u8]) -> Option<Self> {
        let mut name = None;
        let (mut keep, mut remove, mut polled) = (false, false, true);
        for line in text::pieces(datagram, b'\n') {
            match line {
                b"FDSTORE=1" => keep = true,
                b"FDSTOREREMOVE=1" => remove = true,
                b"FDPOLL=0" => polled = false,
                other => name = name.or(other.strip_prefix(b"FDNAME=")),
            }
        }
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b':';
        let is_valid =
            |name: &&[u8]| name.len() <= unit::limits::FD_NAME_MAX && name.iter().all(is_plain);
        let name = name.filter(is_valid).and_then(|name| core::str::from_utf8(name).ok());
        if remove {
            return name.map(Self::Remove);
        }
        keep.then_some(Self::Keep { name: name.unwrap_or("stored"), polled })
    }
}

/// `NotifyAccess=`, of a service that says nothing of it, too.
pub fn access(config: &Service<'_>) -> NotifyAccess {
    features::more(config).notify_access.unwrap_or(config.type_.notify_access())
}

/// What a service says to its watchdog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ping {
    /// `1`: it is alive.
    Alive,
    /// `trigger`: it wants to be ended.
    Trigger,
}

impl<'e> Notification<'e> {
    /// Reads a datagram: lines of `KEY=VALUE`. Bytes that are not UTF-8 and values that do not
    /// parse are passed over, line by line: a client's bytes can never be an error of PID 1.
    pub fn parse(datagram: &'e [u8]) -> Self {
        let mut notification = Self::default();
        for line in text::pieces(datagram, b'\n') {
            let Ok(line) = core::str::from_utf8(line) else { continue };
            let Some((key, value)) = text::cut(line, b'=') else { continue };
            match (key, value) {
                ("READY", "1") => notification.ready = true,
                ("RELOADING", "1") => notification.reloading = true,
                ("STOPPING", "1") => notification.stopping = true,
                ("BARRIER", "1") => notification.barrier = true,
                ("MONOTONIC_USEC", number) if features::RELOADS => {
                    notification.since = text::number(number).map(Instant::at);
                }
                ("WATCHDOG", "1") if features::WATCHDOG => {
                    notification.watchdog = Some(Ping::Alive);
                }
                ("WATCHDOG", "trigger") if features::WATCHDOG => {
                    notification.watchdog = Some(Ping::Trigger);
                }
                ("WATCHDOG_USEC", number) if features::WATCHDOG => {
                    notification.watchdog_us = text::number(number);
                }
                ("EXTEND_TIMEOUT_USEC", number) => notification.extend_us = text::number(number),
                ("STATUS", text) => notification.status = Some(text),
                ("ERRNO", number) => notification.errno = text::number(number).map(Errno),
                ("MAINPID", number) => {
                    notification.main_pid = text::number(number).filter(|&pid| pid > 1).map(Pid);
                }
                (_, _) => {}
            }
        }
        notification
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_key_it_knows_and_no_other() {
        let text = b"READY=1\nSTATUS=well = good\nMAINPID=77\nERRNO=5\nX_OTHER=1\nSTOPPING=0";
        assert_eq!(
            Notification::parse(text),
            Notification {
                ready: true,
                status: Some("well = good"),
                main_pid: Some(Pid(77)),
                errno: Some(Errno(5)),
                ..Notification::default()
            }
        );
    }

    #[test]
    fn watchdogs_and_deadlines_are_spoken_of() {
        let text = b"WATCHDOG=1\nWATCHDOG_USEC=2500000\nEXTEND_TIMEOUT_USEC=7";
        let (watchdog_us, extend_us) = (Some(2_500_000), Some(7));
        let watchdog = Some(Ping::Alive);
        let said = Notification { watchdog, watchdog_us, extend_us, ..Notification::default() };
        assert_eq!(Notification::parse(text), said);
        assert_eq!(Notification::parse(b"WATCHDOG=trigger").watchdog, Some(Ping::Trigger));
        assert_eq!(Notification::parse(b"WATCHDOG=2").watchdog, None);
    }

    #[test]
    fn descriptors_have_names_that_are_names() {
        let keep = |name, polled| Some(Storing::Keep { name, polled });
        let long = [b"FDSTORE=1\nFDNAME=", &[b'x'; 256][..]].concat();
        for (text, storing) in [
            (&b"FDSTORE=1"[..], keep("stored", true)),
            (b"FDNAME=a b\nFDSTORE=1\nFDNAME=c", keep("a b", true)),
            (b"FDSTORE=1\nFDNAME=a:b\nFDPOLL=0", keep("stored", false)),
            (b"FDSTORE=1\nFDNAME=\xc3\xa4", keep("stored", true)),
            (&long[..], keep("stored", true)),
            (&long[..long.len() - 1], keep(&"x".repeat(255), true)),
            (b"FDSTORE=1\nFDSTOREREMOVE=1\nFDNAME=a", Some(Storing::Remove("a"))),
            (b"FDSTOREREMOVE=1", None),
            (b"FDSTOREREMOVE=1\nFDNAME=a\tb", None),
            (b"FDSTORE=0\nFDNAME=a", None),
            (b"READY=1", None),
        ] {
            assert_eq!(Storing::parse(text), storing);
        }
    }

    #[test]
    fn nonsense_says_nothing() {
        for datagram in [
            &b""[..],
            b"\n\n\n",
            b"READY",
            b"READY=yes",
            b"MAINPID=1",
            b"MAINPID=-4",
            b"MAINPID=99999999999",
            b"\xff\xfe=1",
            b"STATUS\xff=1",
        ] {
            assert_eq!(Notification::parse(datagram), Notification::default());
        }
    }

    #[test]
    fn a_bad_line_does_not_cost_the_good_ones() {
        assert!(Notification::parse(b"STATUS=\xff\nREADY=1\n").ready);
    }
}
