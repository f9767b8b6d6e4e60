//! Addresses of listeners as text.

use core::fmt::{self, Display};
use core::net::{Ipv4Addr, Ipv6Addr};

use unit::{Address, VSOCK_ANY};

use crate::features;

/// An address as systemd prints it.
pub(crate) struct Printed<'a>(pub(crate) Address<'a>);

impl Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Address::Port(port) => write!(f, "[::]:{port}"),
            Address::V4(address, port) if features::INET_ADDRESSES => {
                write!(f, "{}:{port}", V4(address))
            }
            Address::V6(address, port, device) if features::INET_ADDRESSES => {
                let sign = if device.is_empty() { "" } else { "%" };
                write!(f, "[{}]:{port}{sign}{device}", V6(address))
            }
            Address::Path(path) => f.write_str(path),
            Address::Abstract(name) if features::ABSTRACT_SOCKETS => write!(f, "@{name}"),
            Address::Netlink(family, groups) if features::NETLINK => {
                write!(f, "netlink {family} {groups}")
            }
            Address::MessageQueue(name) if features::MESSAGE_QUEUES => write!(f, "/{name}"),
            Address::Vsock(VSOCK_ANY, port) if features::VSOCK => write!(f, "vsock::{port}"),
            Address::Vsock(context, port) if features::VSOCK => write!(f, "vsock:{context}:{port}"),
            Address::V4(..)
            | Address::V6(..)
            | Address::Abstract(_)
            | Address::Netlink(..)
            | Address::MessageQueue(_)
            | Address::Vsock(..) => Ok(()),
        }
    }
}

/// An address of IPv4, printed as the library does, but for its padding.
pub(crate) struct V4(pub(crate) Ipv4Addr);

impl Display for V4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0.octets().map(u32::from);
        write!(f, "{a}.{b}.{c}.{d}")
    }
}

/// An address of IPv6, as RFC 5952 has it and the library, but for its padding.
pub(crate) struct V6(pub(crate) Ipv6Addr);

impl Display for V6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.0.octets();
        if let Some(old) = mapped(&octets) {
            return write!(f, "::ffff:{}", V4(old));
        }
        let groups = octets.as_chunks::<2>().0;
        // The first of the longest runs of zeros: `::`, if they are two or more.
        let (mut zeros, mut longest, mut end) = (0, 1, 0);
        for (at, &group) in groups.iter().enumerate() {
            zeros = if group == [0; 2] { zeros + 1 } else { 0 };
            if zeros > longest {
                (longest, end) = (zeros, at + 1);
            }
        }
        let begin = end.saturating_sub(longest);
        for (at, &group) in groups.iter().enumerate() {
            if at >= begin && at < end {
                if at == begin {
                    f.write_str("::")?;
                }
                continue;
            }
            let colon = if at == 0 || at == end { "" } else { ":" };
            write!(f, "{colon}{:x}", u32::from(u16::from_be_bytes(group)))?;
        }
        Ok(())
    }
}

/// The address of IPv4 in one of IPv6 that such have: `::ffff:a.b.c.d`.
#[inline(never)]
pub(crate) fn mapped(address: &[u8; 16]) -> Option<Ipv4Addr> {
    const PREFIX: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
    let old = address.strip_prefix(&PREFIX)?.first_chunk::<4>()?;
    Some(Ipv4Addr::from(*old))
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn addresses_are_printed_as_the_library_prints_them(
            old: [u8; 4],
            groups: [u16; 8],
            kept: u8,
            digits in 0..16u32,
        ) {
            let old = Ipv4Addr::from(old);
            prop_assert_eq!(V4(old).to_string(), old.to_string());
            let group = |at| if kept >> at & 1 == 0 { 0 } else { groups[at] >> digits };
            let address = Ipv6Addr::from(core::array::from_fn::<_, 8, _>(group));
            prop_assert_eq!(V6(address).to_string(), address.to_string());
            let address = old.to_ipv6_mapped();
            prop_assert_eq!(V6(address).to_string(), address.to_string());
            prop_assert_eq!(mapped(&address.octets()), Some(old));
        }
    }

    #[test]
    fn every_pattern_of_zeros_is_shortened_as_the_library_does() {
        for kept in 0..=u8::MAX {
            let group = |at| u16::from(kept >> at & 1) * 0xfedc;
            let address = Ipv6Addr::from(core::array::from_fn::<_, 8, _>(group));
            assert_eq!(V6(address).to_string(), address.to_string());
        }
    }
}
