//! `[Socket]`: systemd.socket(5).

use super::Same::{Empty, List, No, Yes};
use super::{Unsupported, ignored, refused};

const OPTION: &str = "this socket option is not implemented";
const LABELS: &str = "security labels are not supported";
/// For what a socket unit of systemd says of how its commands are run.
pub(super) const AS_ROOT: &str =
    "a socket's commands run as root with the board's defaults; others belong into the service";
/// For what limits them.
pub(super) const IN_SLICE: &str = "use Slice=, and limit the slice";
/// For how they are ended.
pub(super) const THEN_KILLED: &str =
    "a socket's commands and all that they have made get SIGTERM, and SIGKILL after TimeoutSec=";

#[rustfmt::skip]
pub(super) const SOCKET: &[Unsupported] = &[
    refused("ListenUSBFunction", List, "USB functions are not set up here"),
    refused("BindNetworkInterface", Empty, "listen on the interface's address instead"),
    refused("PassPIDFD", No, OPTION),
    refused("AcceptFileDescriptors", Yes, OPTION),
    refused("DeferTrigger", No, "a socket starts its service at once"),
    ignored("DeferTriggerMaxSec", Empty, "without DeferTrigger= it has no effect"),
    refused("SmackLabel", Empty, LABELS),
    refused("SmackLabelIPIn", Empty, LABELS),
    refused("SmackLabelIPOut", Empty, LABELS),
    refused("SELinuxContextFromNet", No, LABELS),
];
