//! What may stand in any section with processes: systemd.kill(5).

use super::Same::{Empty, No, Words, Yes};
use super::{Unsupported, ignored, refused};

const THEN_KILLED: &str = "what is left after KillSignal= and TimeoutStopSec= gets SIGKILL";

#[rustfmt::skip]
pub(super) const KILL: &[Unsupported] = &[
    refused("SendSIGKILL", Yes, THEN_KILLED),
    refused("SendSIGHUP", No, "let KillSignal=SIGHUP be the first signal"),
    refused("RestartKillSignal", Empty, "a restart stops the service with KillSignal="),
    refused("FinalKillSignal", Words(&["SIGKILL", "KILL", "9"]), THEN_KILLED),
    ignored("WatchdogSignal", Words(&["SIGABRT"]), "without WatchdogSec= it has no effect"),
];

/// What services have here and other units do not.
#[rustfmt::skip]
pub(super) const OF_SERVICES: &[Unsupported] = &[
    refused("KillMode", Empty, ""),
    refused("KillSignal", Empty, ""),
];
