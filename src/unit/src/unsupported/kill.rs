//! What may stand in any section with processes: systemd.kill(5).

use super::Same::{Empty, No, Words, Yes};
use super::{Unsupported, refused};

/// What services have here and other units do not.
#[rustfmt::skip]
pub(super) const OF_SERVICES: &[Unsupported] = &[
    refused("KillMode", Empty, ""),
    refused("KillSignal", Empty, ""),
    refused("RestartKillSignal", Empty, ""),
    refused("FinalKillSignal", Empty, ""),
    refused("SendSIGHUP", Empty, ""),
    refused("SendSIGKILL", Empty, ""),
    refused("WatchdogSignal", Empty, ""),
];

/// What sockets have here: the defaults.
#[rustfmt::skip]
pub(super) const OF_SOCKETS: &[Unsupported] = &[
    refused("KillMode", Words(&["control-group"]), ""),
    refused("KillSignal", Words(&["SIGTERM", "TERM", "15"]), ""),
    refused("FinalKillSignal", Words(&["SIGKILL", "KILL", "9"]), ""),
    refused("SendSIGHUP", No, ""),
    refused("SendSIGKILL", Yes, ""),
];
