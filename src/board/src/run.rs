//! `cargo board run`: a board with its console in the user's terminal.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::process::{Pid, Signal};
use rustix::termios::{OptionalActions, Termios};

use crate::conf::Board;
use crate::fail::{Failure, OrFail, Result};
use crate::machine::{ConsoleTo, Machine};
use crate::state::State;
use crate::{image, namespace, ports, say};

/// What QEMU and we take for ourselves out of what is typed.
const CTRL_A: u8 = 1;

/// Builds and boots the board, and returns when it has ended.
///
/// # Errors
/// If a step fails, or the board ends otherwise than by power-off or reboot.
pub fn run(name: &str) -> Result<()> {
    let board = Board::find(name)?;
    let in_namespaces = crate::arch::facts(board.arch).machine.is_none();
    if in_namespaces {
        // Packages are root's business, and what they need is found before rights change.
        image::provide(&board, true)?;
        namespace::become_root()?;
    }
    let state = State::take()?;
    let image = image::build(&state, &board)?;
    drop(state);
    let ports = ports::choose(&board.conf.forward, true)?;
    say::step("Booting", format!("{} (Ctrl-A X ends it). On this machine type:", board.name));
    let path = std::env::var_os("PATH").unwrap_or_default();
    eprint!("{}", ports::lines(&ports, &image.ssh_key, &path));
    let program = namespace::this_program()?;
    // The emulator puts back by itself what it changes of a terminal, but not if it is killed.
    let settings = Settings::of(io::stdin().as_fd());
    let mut machine = Machine::start(&board, &image, &ports, ConsoleTo::User, &program)?;
    let unplugged = Arc::new(AtomicBool::new(false));
    let unplug = (machine.id(), Arc::clone(&unplugged));
    let output = machine.console.take().map(|console| {
        settings.make_raw();
        attach(console, unplug)
    });
    let status = machine.wait().or_fail(
        || format!("{} cannot be waited for", board.name),
        "see whether something else ended it",
    )?;
    if let Some(output) = output {
        let _ = output.join();
    }
    drop(settings);
    if machine.is_orderly(status) || unplugged.load(Ordering::Relaxed) {
        return Ok(());
    }
    Err(Failure::new(format!("{} ended with {status}", board.name), "see the console's last lines"))
}

/// Whom to kill when the user pulls the plug, and where to note it.
type Unplug = (Pid, Arc<AtomicBool>);

/// What a terminal is set to, put back when dropped; none if it is no terminal.
struct Settings(Option<(OwnedFd, Termios)>);

impl Settings {
    fn of(terminal: BorrowedFd<'_>) -> Self {
        let settings = rustix::termios::tcgetattr(terminal).ok();
        Self(settings.and_then(|settings| Some((terminal.try_clone_to_owned().ok()?, settings))))
    }

    /// Lets every key through to the board.
    fn make_raw(&self) {
        if let Some((terminal, before)) = &self.0 {
            let mut settings = before.clone();
            settings.make_raw();
            // Without it keys work line by line: the board can be used.
            let _ = rustix::termios::tcsetattr(terminal, OptionalActions::Now, &settings);
        }
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        if let Some((terminal, settings)) = &self.0 {
            let _ = rustix::termios::tcsetattr(terminal, OptionalActions::Now, settings);
        }
    }
}

/// Leads the user's terminal to a board's console; the thread ends when the board does.
fn attach((from, to): (File, File), unplug: Unplug) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let _ = copy_in(to, &unplug);
    });
    thread::spawn(move || {
        // Ends when nobody has the other side open any more.
        let _ = copy_out(from);
    })
}

fn copy_out(mut from: File) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let count = from.read(&mut bytes)?;
        let mut out = io::stdout().lock();
        out.write_all(&bytes[..count])?;
        out.flush()?;
        if count == 0 {
            return Ok(());
        }
    }
}

/// Ctrl-A X ends the board as it does under QEMU; Ctrl-A Ctrl-A is one Ctrl-A.
fn copy_in(mut to: File, (machine, unplugged): &Unplug) -> io::Result<()> {
    let mut escaped = false;
    for byte in io::stdin().lock().bytes() {
        let byte = byte?;
        if escaped && matches!(byte, b'x' | b'X') {
            unplugged.store(true, Ordering::Relaxed);
            rustix::process::kill_process(*machine, Signal::KILL)?;
        }
        if byte == CTRL_A && !escaped {
            escaped = true;
            continue;
        }
        escaped = false;
        to.write_all(&[byte])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::pty::OpenptFlags;

    #[test]
    fn a_terminal_is_left_as_it_was_found() {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let ours = rustix::pty::openpt(flags).unwrap();
        rustix::pty::unlockpt(&ours).unwrap();
        let terminal = rustix::pty::ioctl_tiocgptpeer(&ours, flags).unwrap();
        let modes = || rustix::termios::tcgetattr(&terminal).unwrap().local_modes;
        let before = modes();
        let settings = Settings::of(terminal.as_fd());
        settings.make_raw();
        assert_ne!(modes(), before);
        drop(settings);
        assert_eq!(modes(), before);
    }
}
