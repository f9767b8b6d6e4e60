//! What may stand in any section with processes: systemd.kill(5).

use super::Same::Empty;
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
