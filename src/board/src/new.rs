//! `cargo board new`: a board's folder that builds and boots at once.

use std::fs;
use std::path::Path;

use crate::fail::{Failure, OrFail, Result};
use crate::say;

const BOARD_CONF: &str = "\
# What the board is. `cargo board run PATH` builds and boots it.

[Board]
# armv7, aarch64 or riscv64 under QEMU; x86_64 in namespaces of this machine (take Modules= out,
# and modules.service and network.service: the network is there).
Architecture=armv7
Hostname=HOSTNAME
# Debian packages, and the programs of theirs that the board has. Libraries come along.
Packages=busybox-static
Programs=/usr/bin/busybox
Links=/usr/bin/busybox sh cat date dmesg echo ip kill ls mount ps top uptime vi
# What QEMU's network card needs.
Modules=virtio_mmio virtio_net
# Ports of the board that this machine's loopback leads to: NAME:tcp:PORT or NAME:udp:PORT.
Forward=hello:tcp:7777

[Manager]
# Settings of PID 1 itself: see src/MANUAL.md.
";
const HELLO_SOCKET: &str = "\
[Unit]
Description=Hello, for Whoever Connects

[Socket]
ListenStream=7777
Accept=yes
MaxConnections=8

[Install]
WantedBy=sockets.target
";
const HELLO_SERVICE: &str = "\
[Unit]
Description=Hello

[Service]
ExecStart=-/usr/bin/busybox echo Hello from a process of your own.
User=nobody
StandardInput=socket
";
/// The units, the demo boards' own where they have one.
const UNITS: [(&str, &str); 5] = [
    ("hello.socket", HELLO_SOCKET),
    ("hello@.service", HELLO_SERVICE),
    ("modules.service", include_str!("../../../board/virt/units/modules.service")),
    ("network.service", include_str!("../../../board/virt/units/network.service")),
    ("shell.service", include_str!("../../../board/common/units/shell.service")),
];

/// Makes the board in a folder that is not there yet.
///
/// # Errors
/// If there is something at `path`, or it cannot be written.
pub fn new(path: &Path) -> Result<()> {
    if path.exists() {
        let next = "name a folder that is not there yet";
        return Err(Failure::new(format!("{} exists already", path.display()), next));
    }
    let units = path.join(compile::UNITS);
    fs::create_dir_all(&units).or_file("make", &units)?;
    let conf = path.join(compile::BOARD_CONF);
    let text = BOARD_CONF.replace("HOSTNAME", &host_name(path));
    fs::write(&conf, text).or_file("write", &conf)?;
    for (name, text) in UNITS {
        let unit = units.join(name);
        fs::write(&unit, text).or_file("write", &unit)?;
    }
    let path = path.display().to_string();
    println!("{path} is a board now. Type: cargo board run {}", say::typed(&path));
    Ok(())
}

/// The folder's name as far as a host name may have its letters, hostname(7).
fn host_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "board".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_board_compiles_without_a_word_and_is_not_overwritten() {
        let path = std::env::temp_dir().join(format!("pilot-board-new-{}", std::process::id()));
        new(&path).unwrap();
        let (image, warnings) = compile::compile_board(&path).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(image.limits.sockets, 1);
        let conf = fs::read_to_string(path.join(compile::BOARD_CONF)).unwrap();
        assert!(conf.contains("NAME:tcp:PORT") && !conf.contains("HOSTNAME"), "{conf}");
        assert!(new(&path).is_err());
        fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn a_host_name_has_only_its_letters() {
        assert_eq!(host_name(Path::new("/x/My_Board-2")), "myboard-2");
        assert_eq!(host_name(Path::new("/")), "board");
    }
}
