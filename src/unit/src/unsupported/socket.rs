//! `[Socket]`: systemd.socket(5).

use super::Same::{Empty, List, No, Yes};
use super::{Unsupported, ignored, refused};

const OPTION: &str = "this socket option is not implemented";
const LABELS: &str = "security labels are not supported";
/// For what a socket unit of systemd says of its own commands.
pub(super) const NO_COMMANDS: &str = "a socket runs no commands here; it belongs into the service";

#[rustfmt::skip]
pub(super) const SOCKET: &[Unsupported] = &[
    refused("ListenUSBFunction", List, "USB functions are not set up here"),
    refused("BindNetworkInterface", Empty, "listen on the interface's address instead"),
    refused("ExecStartPre", List, NO_COMMANDS),
    refused("ExecStartPost", List, NO_COMMANDS),
    refused("ExecStopPre", List, NO_COMMANDS),
    refused("ExecStopPost", List, NO_COMMANDS),
    ignored("TimeoutSec", Empty, "a socket runs no commands here that would have to be timed"),
    refused("PassPIDFD", No, OPTION),
    refused("AcceptFileDescriptors", Yes, OPTION),
    refused("PassFileDescriptorsToExec", No, NO_COMMANDS),
    refused("DeferTrigger", No, "a socket starts its service at once"),
    ignored("DeferTriggerMaxSec", Empty, "without DeferTrigger= it has no effect"),
    refused("SmackLabel", Empty, LABELS),
    refused("SmackLabelIPIn", Empty, LABELS),
    refused("SmackLabelIPOut", Empty, LABELS),
    refused("SELinuxContextFromNet", No, LABELS),
];
