//! `poweroff`, `reboot`, `halt`, and shutdown(8) in the form that init programs share.

use core::ffi::CStr;

use unit::control::{ShutdownKind, Verb};

use super::args::Call;
use super::exit;
use super::session::{Outcome, Session};
use crate::features;
use crate::packed::Packed;

const USAGE: Packed = packed!(
    "\
shutdown [-h | -P | -r | -H] now

  -h, -P   Power off (without an option, too)
  -r       Reboot
  -H       Halt

PID 1 keeps no appointments: the time is 'now' or '+0'.
"
);

/// Ends the board's run.
pub(super) fn end(call: &Call<'_>, session: &mut Session<'_, '_>, kind: ShutdownKind) -> Outcome {
    tell(session, kind, call.force)
}

/// shutdown(8).
pub(super) fn shutdown(
    args: &mut dyn Iterator<Item = &CStr>,
    session: &mut Session<'_, '_>,
) -> Outcome {
    let mut kind = ShutdownKind::Poweroff;
    let mut now = false;
    for arg in args {
        match arg.to_bytes() {
            b"-h" | b"-P" => kind = ShutdownKind::Poweroff,
            b"-r" => kind = ShutdownKind::Reboot,
            b"-H" => kind = ShutdownKind::Halt,
            b"now" | b"+0" => now = true,
            b"--help" => {
                session.out.tell(USAGE, &[]);
                return Ok(exit::SUCCESS);
            }
            _ => {
                let arg = arg.to_str().unwrap_or("?");
                session.complain(packed!("shutdown: cannot do '{}'.\n{}"), &[&arg, &USAGE]);
                return Ok(exit::FAILURE);
            }
        }
    }
    if !now {
        session.complain(packed!("shutdown: say when.\n{}"), &[&USAGE]);
        return Ok(exit::FAILURE);
    }
    tell(session, kind, false)
}

fn tell(session: &mut Session<'_, '_>, kind: ShutdownKind, force: bool) -> Outcome {
    match session.tell(Verb::Shutdown { kind, force }) {
        Ok(()) => Ok(exit::SUCCESS),
        Err(failure) => {
            let verb = packed_of!(kind, ShutdownKind {
                Poweroff => "power off",
                Reboot => "reboot",
                Halt => "halt",
                Kexec => "kexec",
                SwitchRoot if features::SWITCH_ROOT => "switch root",
            });
            session.complain(packed!("Failed to {}: {}"), &[&verb, &failure]);
            Ok(failure.exit_code())
        }
    }
}
