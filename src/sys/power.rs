//! The end: reboot(2), and the key combination that asks for it.

use core::fmt::Write as _;

use embedded_io::Write as _;
use rustix::io::Errno;
use rustix::system::{RebootCommand, reboot};

use super::console::{Console, Line};
use super::{file, raw, watchdog};
use crate::features;

/// What the kernel is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// LINUX_REBOOT_CMD_POWER_OFF.
    PowerOff,
    /// LINUX_REBOOT_CMD_RESTART; LINUX_REBOOT_CMD_RESTART2 with the text, which ends with NUL, if
    /// it is not empty.
    Restart(&'static str),
    /// LINUX_REBOOT_CMD_HALT.
    Halt,
    /// LINUX_REBOOT_CMD_KEXEC; LINUX_REBOOT_CMD_RESTART if no kernel is loaded.
    Kexec,
}

/// Ctrl-Alt-Del becomes a SIGINT to PID 1.
///
/// # Errors
/// EPERM outside the initial pid namespace: EINVAL there, and no key reaches us anyway.
pub fn catch_ctrl_alt_del() -> Result<(), Errno> {
    reboot(RebootCommand::CadOff)
}

/// reboot(2): ends the board's run, or that of the pid namespace. If the kernel refuses (it has
/// no power-off, say), stands still.
pub fn end(end: End) -> ! {
    // It would make a reset of what is to stay off, and the next kernel may not know it.
    if features::HARDWARE_WATCHDOG && !matches!(end, End::Restart(_)) {
        watchdog::stop();
    }
    let command = match end {
        End::PowerOff => RebootCommand::PowerOff,
        End::Restart(argument) => {
            if features::REBOOT_ARGUMENTS && !argument.is_empty() {
                raw::restart_with(file::path(argument));
            }
            RebootCommand::Restart
        }
        End::Halt => RebootCommand::Halt,
        End::Kexec => {
            let _ = reboot(RebootCommand::Kexec);
            RebootCommand::Restart
        }
    };
    if let Err(errno) = reboot(command) {
        let mut line = Line::new();
        let _ = write!(line, "reboot(2): errno {}", errno.raw_os_error() as u16);
        let _ = Console.write_all(line.end());
    }
    stand_still()
}

/// Waits for ever; signals stay blocked.
pub fn stand_still() -> ! {
    loop {
        let _ = rustix::event::poll(&mut [], None);
    }
}
