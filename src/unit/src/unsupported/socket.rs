//! `[Socket]`: systemd.socket(5).

use super::Same::{Empty, List, No, Yes};
use super::{Unsupported, ignored, refused};

const LISTENERS: &str = "of the listeners only ListenStream=, ListenDatagram=, \
                         ListenSequentialPacket= and ListenFIFO= are understood";
const OPTION: &str = "this socket option is not implemented";
const LABELS: &str = "security labels are not supported";
const QUEUES: &str = "ListenMessageQueue= is not supported either";
/// For what a socket unit of systemd says of its own commands.
pub(super) const NO_COMMANDS: &str = "a socket runs no commands here; it belongs into the service";

#[rustfmt::skip]
pub(super) const SOCKET: &[Unsupported] = &[
    refused("ListenNetlink", List, LISTENERS),
    refused("ListenSpecial", List, LISTENERS),
    refused("ListenMessageQueue", List, LISTENERS),
    refused("ListenUSBFunction", List, LISTENERS),
    refused("SocketProtocol", Empty, "streams are TCP and datagrams UDP"),
    refused("BindNetworkInterface", Empty, "listen on the interface's address instead"),
    refused("ExecStartPre", List, NO_COMMANDS),
    refused("ExecStartPost", List, NO_COMMANDS),
    refused("ExecStopPre", List, NO_COMMANDS),
    refused("ExecStopPost", List, NO_COMMANDS),
    ignored("TimeoutSec", Empty, "a socket runs no commands here that would have to be timed"),
    refused("FlushPending", No, "what is queued when a service stops is for its next run"),
    refused("Writable", No, "ListenSpecial= is not supported either"),
    refused("PassPIDFD", No, OPTION),
    refused("AcceptFileDescriptors", Yes, OPTION),
    refused("MessageQueueMaxMessages", Empty, QUEUES),
    refused("MessageQueueMessageSize", Empty, QUEUES),
    refused("Symlinks", List, "listen on the other path too, with a second ListenStream="),
    refused("PassFileDescriptorsToExec", No, NO_COMMANDS),
    refused("DeferTrigger", No, "a socket starts its service at once"),
    ignored("DeferTriggerMaxSec", Empty, "without DeferTrigger= it has no effect"),
    refused("SmackLabel", Empty, LABELS),
    refused("SmackLabelIPIn", Empty, LABELS),
    refused("SmackLabelIPOut", Empty, LABELS),
    refused("SELinuxContextFromNet", No, LABELS),
];
