//! `cargo board run`: a board with its console in the user's terminal.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
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
    eprint!("{}", ports::lines(&ports, &image.ssh_key));
    let program = namespace::this_program()?;
    let mut machine = Machine::start(&board, &image, &ports, ConsoleTo::User, &program)?;
    let unplugged = Arc::new(AtomicBool::new(false));
    let unplug = (machine.id(), Arc::clone(&unplugged));
    let terminal = machine.console.take().map(|console| Terminal::attach(console, unplug));
    let status = machine.wait().or_fail(
        || format!("{} cannot be waited for", board.name),
        "see whether something else ended it",
    )?;
    drop(terminal);
    if machine.is_orderly(status) || unplugged.load(Ordering::Relaxed) {
        return Ok(());
    }
    Err(Failure::new(format!("{} ended with {status}", board.name), "see the console's last lines"))
}

/// Whom to kill when the user pulls the plug, and where to note it.
type Unplug = (Pid, Arc<AtomicBool>);

/// The user's terminal, led to a board's console; as it was before when dropped.
struct Terminal {
    before: Option<(OwnedFd, Termios)>,
    output: Option<thread::JoinHandle<()>>,
}

impl Terminal {
    fn attach((from, to): (File, File), unplug: Unplug) -> Self {
        let before = raw();
        let output = thread::spawn(move || {
            // Ends when the board does: nobody has the other side open any more.
            let _ = copy_out(from);
        });
        thread::spawn(move || {
            let _ = copy_in(to, &unplug);
        });
        Self { before, output: Some(output) }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(output) = self.output.take() {
            let _ = output.join();
        }
        if let Some((terminal, settings)) = &self.before {
            let _ = rustix::termios::tcsetattr(terminal, OptionalActions::Now, settings);
        }
    }
}

/// Lets every key through to the board; none if standard input is no terminal.
fn raw() -> Option<(OwnedFd, Termios)> {
    let terminal = io::stdin().as_fd().try_clone_to_owned().ok()?;
    let before = rustix::termios::tcgetattr(&terminal).ok()?;
    let mut settings = before.clone();
    settings.make_raw();
    rustix::termios::tcsetattr(&terminal, OptionalActions::Now, &settings).ok()?;
    Some((terminal, before))
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
