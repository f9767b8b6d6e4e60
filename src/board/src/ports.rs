//! Loopback ports of the host that lead to a board, and what to type to use them.

use std::env;
use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;

use compile::{Forward, Protocol};

use crate::fail::{OrFail, Result};
use crate::say;

/// A forward with its host port.
#[derive(Clone, Debug)]
pub struct Port {
    /// What is forwarded.
    pub forward: Forward,
    /// The port on 127.0.0.1.
    pub host: u16,
}

/// Added to a board's port for the host's, where that is free: 80 becomes 8080 and 22 becomes 8022.
const OFFSET: u16 = 8000;

/// Chooses a free host port for each forward: an easily remembered one if `memorable`, else any.
///
/// # Errors
/// If the host has no free port.
pub fn choose(forwards: &[Forward], memorable: bool) -> Result<Vec<Port>> {
    // Held until all are chosen, so that no port is given out twice.
    let mut held = Vec::new();
    let mut ports = Vec::new();
    for forward in forwards {
        let easy = forward.guest_port.checked_add(OFFSET).filter(|_| memorable);
        let bound = easy.and_then(|port| Held::bind(forward.protocol, port).ok());
        let bound = match bound {
            Some(bound) => bound,
            None => Held::bind(forward.protocol, 0).or_fail(
                || format!("there is no free port for {}", forward.name),
                "close something that listens on 127.0.0.1",
            )?,
        };
        let host = bound.port().or_fail(
            || "a bound socket has no address".to_owned(),
            "see that the loopback interface is up",
        )?;
        ports.push(Port { forward: forward.clone(), host });
        held.push(bound);
    }
    Ok(ports)
}

/// Clients that a line may begin with, and Debian's packages of them; ssh is there for its keys.
const CLIENTS: [(&str, &str); 2] = [("curl", "curl"), ("nc", "netcat-openbsd")];

/// What to type on the host, a line for each port; before them, what installs the clients that are
/// in none of the folders in `path`, which is as $PATH.
pub fn lines(ports: &[Port], ssh_key: &Path, path: &OsStr) -> String {
    let row = |name: &str, line: &str| format!("{name:>12}  {line}\n");
    let lines: Vec<_> =
        ports.iter().map(|port| (port.forward.name.as_str(), line(port, ssh_key))).collect();
    let is_there = |client: &str| env::split_paths(path).any(|dir| dir.join(client).is_file());
    let is_wanted =
        |client: &str| lines.iter().any(|(_, line)| line.split(' ').next() == Some(client));
    let absent = CLIENTS.iter().filter(|(client, _)| is_wanted(client) && !is_there(client));
    let packages = absent.map(|(_, package)| *package).collect::<Vec<_>>().join(" ");
    let first = if packages.is_empty() {
        String::new()
    } else {
        row("first", &format!("sudo apt-get install {packages}"))
    };
    first + &lines.iter().map(|(name, line)| row(name, line)).collect::<String>()
}

fn line(port: &Port, ssh_key: &Path) -> String {
    let host = port.host;
    match (port.forward.name.as_str(), port.forward.protocol) {
        ("http", _) => format!("curl http://127.0.0.1:{host}/"),
        ("ssh", _) => {
            let options: Vec<_> =
                ssh_options(ssh_key).iter().map(|word| say::typed(word)).collect();
            format!("ssh {} -p {host} root@127.0.0.1", options.join(" "))
        }
        ("tftp", _) => format!("curl tftp://127.0.0.1:{host}/motd"),
        (_, Protocol::Tcp) => format!("nc 127.0.0.1 {host}"),
        (_, Protocol::Udp) => format!("nc -u 127.0.0.1 {host}"),
    }
}

/// Options of ssh(1) for a board: its own key, and a host key that is new at every boot.
pub fn ssh_options(ssh_key: &Path) -> Vec<String> {
    let key = ssh_key.display();
    ["-i", &key.to_string(), "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null"]
        .into_iter()
        .chain(["-oLogLevel=ERROR"])
        .map(str::to_owned)
        .collect()
}

#[derive(Debug)]
enum Held {
    Tcp(TcpListener),
    Udp(UdpSocket),
}

impl Held {
    fn bind(protocol: Protocol, port: u16) -> std::io::Result<Self> {
        let address = (Ipv4Addr::LOCALHOST, port);
        Ok(match protocol {
            Protocol::Tcp => Self::Tcp(TcpListener::bind(address)?),
            Protocol::Udp => Self::Udp(UdpSocket::bind(address)?),
        })
    }

    fn port(&self) -> std::io::Result<u16> {
        match self {
            Self::Tcp(socket) => socket.local_addr(),
            Self::Udp(socket) => socket.local_addr(),
        }
        .map(|address| address.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(name: &str, protocol: Protocol, port: u16) -> Forward {
        Forward { name: name.into(), protocol, guest_port: port }
    }

    #[test]
    fn a_port_in_use_is_not_chosen() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let number = taken.local_addr().unwrap().port();
        let wish = number.checked_sub(OFFSET).filter(|&port| port != 0);
        let Some(wish) = wish else { return };
        let ports = choose(&[forward("a", Protocol::Tcp, wish)], true).unwrap();
        assert_ne!(ports[0].host, number);
    }

    #[test]
    fn what_to_type_is_words_of_a_shell() {
        let ports = [Port { forward: forward("ssh", Protocol::Tcp, 22), host: 8022 }];
        let said = lines(&ports, Path::new("/my clone/key"), OsStr::new(""));
        assert!(said.starts_with("         ssh  ssh -i '/my clone/key' -oStrict"), "{said}");
    }

    #[test]
    fn a_client_that_is_absent_is_to_be_installed_first() {
        let ports = [
            Port { forward: forward("http", Protocol::Tcp, 80), host: 8080 },
            Port { forward: forward("echo", Protocol::Tcp, 7), host: 8007 },
        ];
        let said = |path: &str| lines(&ports, Path::new("key"), OsStr::new(path));
        let first = "       first  sudo apt-get install curl netcat-openbsd\n";
        assert!(said("/nonexistent").starts_with(first), "{}", said("/nonexistent"));
        let dir = std::env::temp_dir().join(format!("pilot-board-path-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        for client in ["curl", "nc"] {
            std::fs::write(dir.join(client), "").unwrap();
        }
        assert!(said(dir.to_str().unwrap()).starts_with("        http  curl"));
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn no_port_is_chosen_twice() {
        let forwards = vec![forward("a", Protocol::Tcp, 1); 20];
        let mut ports: Vec<_> = choose(&forwards, false).unwrap().iter().map(|p| p.host).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 20);
    }
}
