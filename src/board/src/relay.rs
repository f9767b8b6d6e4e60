//! Leads loopback ports of the host into the network namespace of a board.
//!
//! A thread that belongs to the namespace opens its sockets there; a socket stays in the
//! namespace it was opened in, whichever thread uses it.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use compile::Protocol;
use rustix::thread::LinkNameSpaceType;

use crate::fail::{OrFail, Result};
use crate::ports::Port;

/// A conversation over UDP that was silent for so long is forgotten.
const UDP_SILENCE: Duration = Duration::from_secs(60);
/// Longest datagram.
const DATAGRAM_BYTES: usize = 65_536;

/// Listens on the host's side of every port; ends with the process.
///
/// # Errors
/// If a port is taken by now.
pub fn start(network: &File, ports: &[Port]) -> Result<()> {
    let network = Arc::new(network.try_clone().or_fail(
        || "cannot keep the board's network open".to_owned(),
        "raise the limit on open files (ulimit -n)",
    )?);
    for port in ports {
        let (host, guest) = (address(port.host), address(port.forward.guest_port));
        let taken = || format!("port {} is taken by now", port.host);
        let network = Arc::clone(&network);
        match port.forward.protocol {
            Protocol::Tcp => {
                let listener = TcpListener::bind(host).or_fail(taken, "try again")?;
                thread::spawn(move || {
                    for client in listener.incoming().flatten() {
                        let network = Arc::clone(&network);
                        thread::spawn(move || tcp(&network, &client, guest));
                    }
                });
            }
            Protocol::Udp => {
                let socket = UdpSocket::bind(host).or_fail(taken, "try again")?;
                thread::spawn(move || udp(&network, &Arc::new(socket), guest));
            }
        }
    }
    Ok(())
}

fn address(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn enter(network: &File) -> io::Result<()> {
    let kind = Some(LinkNameSpaceType::Network);
    Ok(rustix::thread::move_into_link_name_space(network.as_fd(), kind)?)
}

/// One connection. The client learns of a failure as of any other: it is closed.
fn tcp(network: &File, client: &TcpStream, guest: SocketAddr) {
    let Ok(server) = enter(network).and_then(|()| TcpStream::connect(guest)) else {
        return;
    };
    thread::scope(|scope| {
        scope.spawn(|| pump(client, &server));
        pump(&server, client);
    });
}

/// Copies one direction to its end, and passes the end on.
fn pump(mut from: &TcpStream, mut to: &TcpStream) {
    // An error ends the direction just as the end of the data does.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

/// Where the next datagram of a conversation goes: where the last answer came from, as TFTP wants.
type Goal = Arc<Mutex<SocketAddr>>;
/// The conversations by client.
type Conversations = Mutex<HashMap<SocketAddr, (Arc<UdpSocket>, Goal)>>;

fn udp(network: &File, host: &Arc<UdpSocket>, guest: SocketAddr) {
    if enter(network).is_err() {
        return;
    }
    let conversations: Arc<Conversations> = Arc::default();
    let mut datagram = vec![0; DATAGRAM_BYTES];
    while let Ok((length, client)) = host.recv_from(&mut datagram) {
        let Ok(mut known) = conversations.lock() else { return };
        let (socket, goal) = match known.get(&client) {
            Some((socket, goal)) => (Arc::clone(socket), Arc::clone(goal)),
            None => {
                let Ok(socket) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map(Arc::new) else {
                    continue;
                };
                let goal: Goal = Arc::new(Mutex::new(guest));
                known.insert(client, (Arc::clone(&socket), Arc::clone(&goal)));
                let (host, conversations) = (Arc::clone(host), Arc::clone(&conversations));
                let answers = (Arc::clone(&socket), Arc::clone(&goal));
                thread::spawn(move || {
                    answer(&host, client, &answers.0, &answers.1);
                    if let Ok(mut known) = conversations.lock() {
                        known.remove(&client);
                    }
                });
                (socket, goal)
            }
        };
        drop(known);
        let Ok(goal) = goal.lock().map(|goal| *goal) else { return };
        // A datagram that is lost is lost.
        let _ = socket.send_to(&datagram[..length], goal);
    }
}

/// Takes answers back to the client until the conversation falls silent.
fn answer(host: &UdpSocket, client: SocketAddr, socket: &UdpSocket, goal: &Goal) {
    let mut datagram = vec![0; DATAGRAM_BYTES];
    if socket.set_read_timeout(Some(UDP_SILENCE)).is_err() {
        return;
    }
    while let Ok((length, from)) = socket.recv_from(&mut datagram) {
        if let Ok(mut goal) = goal.lock() {
            *goal = from;
        }
        let _ = host.send_to(&datagram[..length], client);
    }
}
