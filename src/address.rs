//! Addresses of listeners as text.

use core::fmt::{self, Display};

use unit::{Address, VSOCK_ANY};

use crate::features;

/// An address as systemd prints it.
pub(crate) struct Printed<'a>(pub(crate) Address<'a>);

impl Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Address::Port(port) => write!(f, "[::]:{port}"),
            Address::V4(address, port) => write!(f, "{address}:{port}"),
            Address::V6(address, port, "") => write!(f, "[{address}]:{port}"),
            Address::V6(address, port, device) => write!(f, "[{address}]:{port}%{device}"),
            Address::Path(path) => f.write_str(path),
            Address::Abstract(name) => write!(f, "@{name}"),
            Address::Netlink(family, groups) if features::NETLINK => {
                write!(f, "netlink {family} {groups}")
            }
            Address::MessageQueue(name) if features::MESSAGE_QUEUES => write!(f, "/{name}"),
            Address::Vsock(VSOCK_ANY, port) if features::VSOCK => write!(f, "vsock::{port}"),
            Address::Vsock(context, port) if features::VSOCK => write!(f, "vsock:{context}:{port}"),
            Address::Netlink(..) | Address::MessageQueue(_) | Address::Vsock(..) => Ok(()),
        }
    }
}
