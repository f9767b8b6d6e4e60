//! A board under QEMU.

use std::process::Command;

use crate::arch::Machine;
use crate::fail::{Failure, Result};
use crate::image::Image;
use crate::ports::Port;

/// Memory of the machine: an initramfs of some 30 MiB is there twice while it is unpacked.
const MEMORY_MB: u32 = 256;

/// The command that boots `image`, with `words` on the kernel's command line; its standard input
/// and output are the board's console.
///
/// The machine's network is QEMU's own user network: no privilege is needed, and only the
/// loopback `ports` lead in. Power-off and reboot both end the command with status 0.
///
/// # Errors
/// If the image has no kernel.
pub fn command(machine: &Machine, image: &Image, ports: &[Port], words: &str) -> Result<Command> {
    let kernel = image.kernel.as_ref().ok_or_else(|| {
        Failure::new("this board has no kernel", "boards without one run in namespaces")
    })?;
    let mut netdev = "user,id=net0,restrict=off,ipv6=off".to_owned();
    for port in ports {
        let (protocol, host) = (port.forward.protocol.name(), port.host);
        netdev += &format!(",hostfwd={protocol}:127.0.0.1:{host}-:{}", port.forward.guest_port);
    }
    // Without us nobody wants the machine: it gives back the ports, and the terminal as it was.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--", machine.program]).args(machine.args);
    command.args(["-m", &MEMORY_MB.to_string(), "-nographic", "-no-reboot", "-nodefaults"]);
    command.args(["-chardev", "stdio,id=con,mux=on,signal=off", "-serial", "chardev:con"]);
    command.args(["-mon", "chardev=con,mode=readline"]);
    command.args(["-netdev", &netdev, "-device", "virtio-net-device,netdev=net0"]);
    command.arg("-kernel").arg(kernel).arg("-initrd").arg(&image.rootfs);
    command.args(["-append", &format!("{} {words}", kernel_command_line(machine))]);
    Ok(command)
}

/// A panic ends the run at once; of the kernel's own messages only errors reach the console.
fn kernel_command_line(machine: &Machine) -> String {
    format!("console={} rdinit=/sbin/init panic=-1 loglevel=4", machine.console)
}
