//! How many ports are listened on, without touching them: sock_diag(7).

use rustix::fd::OwnedFd;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with,
};

use crate::fail::{OrFail, Result};

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
/// NLM_F_REQUEST and NLM_F_DUMP.
const FLAGS_DUMP: u16 = 0x301;
const AF_INET: u8 = 2;
const IPPROTO_TCP: u8 = 6;
const TCP_LISTEN: u32 = 10;
/// struct nlmsghdr and struct inet_diag_req_v2.
const REQUEST_BYTES: usize = 16 + 56;
/// Family, state, timer and retransmissions in struct inet_diag_msg come before the port.
const PORT_AT: usize = 16 + 4;

/// A way to ask.
#[derive(Debug)]
pub struct Listeners {
    socket: OwnedFd,
}

impl Listeners {
    /// Opens the way to ask, in this process's network namespace.
    ///
    /// # Errors
    /// If the kernel has no sock_diag.
    pub fn open() -> Result<Self> {
        let flags = SocketFlags::CLOEXEC;
        let protocol = Some(netlink::SOCK_DIAG);
        socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, protocol)
            .map(|socket| Self { socket })
            .or_fail(|| "cannot ask for listeners".into(), "load the kernel module inet_diag")
    }

    /// How many IPv4 TCP ports of `first..first + count` are listened on.
    ///
    /// # Errors
    /// If the kernel does not answer.
    pub fn count(&self, first: u16, count: u16) -> Result<usize> {
        self.dump(|port| (first..first + count).contains(&port)).or_fail(
            || "the kernel does not say who listens".into(),
            "load the kernel module tcp_diag",
        )
    }

    fn dump(&self, mut wanted: impl FnMut(u16) -> bool) -> std::io::Result<usize> {
        let mut request = [0u8; REQUEST_BYTES];
        request[..4].copy_from_slice(&(REQUEST_BYTES as u32).to_ne_bytes());
        request[4..6].copy_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        request[6..8].copy_from_slice(&FLAGS_DUMP.to_ne_bytes());
        request[16] = AF_INET;
        request[17] = IPPROTO_TCP;
        request[20..24].copy_from_slice(&(1u32 << TCP_LISTEN).to_ne_bytes());
        send(&self.socket, &request, SendFlags::empty())?;
        let mut found = 0;
        let mut answer = vec![0u8; 65536];
        loop {
            let (length, _) = recv(&self.socket, &mut answer[..], RecvFlags::empty())?;
            let mut rest = &answer[..length];
            while rest.len() >= 16 {
                let bytes = u32::from_ne_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
                match u16::from_ne_bytes([rest[4], rest[5]]) {
                    NLMSG_DONE => return Ok(found),
                    NLMSG_ERROR => return Err(std::io::ErrorKind::Unsupported.into()),
                    _ => {}
                }
                let port = u16::from_be_bytes([rest[PORT_AT], rest[PORT_AT + 1]]);
                found += usize::from(wanted(port));
                rest = rest.get(bytes.next_multiple_of(4)..).unwrap_or_default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use rustix::net::{Shutdown, shutdown};

    use super::*;

    #[test]
    fn a_listener_is_seen_while_it_is_there() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let listeners = Listeners::open().unwrap();
        assert_eq!(listeners.count(port, 1).unwrap(), 1);
        // Not closed: a child that another test is just starting has it open, too, until it execs.
        shutdown(&listener, Shutdown::Both).unwrap();
        assert_eq!(listeners.count(port, 1).unwrap(), 0);
    }
}
