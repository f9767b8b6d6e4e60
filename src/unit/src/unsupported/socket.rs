//! `[Socket]`: systemd.socket(5).

use super::Same::{Empty, List, No, Words, Yes};
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
    refused("BindToDevice", Empty, "listen on the interface's address instead"),
    refused("BindNetworkInterface", Empty, "listen on the interface's address instead"),
    refused("ExecStartPre", List, NO_COMMANDS),
    refused("ExecStartPost", List, NO_COMMANDS),
    refused("ExecStopPre", List, NO_COMMANDS),
    refused("ExecStopPost", List, NO_COMMANDS),
    ignored("TimeoutSec", Empty, "a socket runs no commands here that would have to be timed"),
    refused("FlushPending", No, "what is queued when a service stops is for its next run"),
    refused("Writable", No, "ListenSpecial= is not supported either"),
    refused("KeepAliveTimeSec", Words(&["7200", "2h"]), OPTION),
    refused("KeepAliveIntervalSec", Words(&["75", "75s"]), OPTION),
    refused("KeepAliveProbes", Words(&["9"]), OPTION),
    refused("DeferAcceptSec", Words(&["0"]), OPTION),
    refused("Priority", Empty, OPTION),
    refused("ReceiveBuffer", Empty, OPTION),
    refused("SendBuffer", Empty, OPTION),
    refused("IPTOS", Empty, OPTION),
    refused("IPTTL", Empty, OPTION),
    refused("Mark", Empty, OPTION),
    refused("PipeSize", Empty, OPTION),
    refused("FreeBind", No, "listen on all addresses, or order the socket after the network"),
    refused("Transparent", No, OPTION),
    refused("Broadcast", No, OPTION),
    refused("PassCredentials", No, OPTION),
    refused("PassPIDFD", No, OPTION),
    refused("PassSecurity", No, OPTION),
    refused("PassPacketInfo", No, OPTION),
    refused("AcceptFileDescriptors", Yes, OPTION),
    refused("Timestamping", Words(&["off"]), OPTION),
    refused("TCPCongestion", Empty, OPTION),
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
