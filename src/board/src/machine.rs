//! A board that runs, under QEMU or in namespaces, and its console.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::Pid;

use crate::arch::facts;
use crate::cgroup::Group;
use crate::conf::Board;
use crate::fail::{OrFail, Result};
use crate::image::Image;
use crate::ports::Port;
use crate::{namespace, qemu, relay};

/// Where the console of a board leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConsoleTo {
    /// This process's own standard input and output, which are a terminal's.
    User,
    /// [`Machine::console`].
    Program,
}

/// A running board. Dropping it pulls the plug.
#[derive(Debug)]
pub struct Machine {
    child: Child,
    /// The console for reading and for writing; none if the user has it.
    pub console: Option<(File, File)>,
    /// Held open until the board has ended: see [`namespace::Namespace::terminal`].
    terminal: Option<File>,
    namespaces: bool,
    group: Option<Group>,
    work: Option<PathBuf>,
}

impl Machine {
    /// Starts a board; `ports` lead to its services. `program` is the one that becomes PID 1 of
    /// namespaces: `cargo board` itself.
    ///
    /// # Errors
    /// If the emulator or the namespaces cannot be had.
    pub fn start(
        board: &Board,
        image: &Image,
        ports: &[Port],
        console: ConsoleTo,
        program: &Path,
    ) -> Result<Self> {
        match facts(board.arch).machine {
            Some(machine) => Self::emulate(qemu::command(&machine, image, ports, "")?, console),
            None => Self::isolate(image, ports, program),
        }
    }

    /// Starts the emulator's `command`, such as [`qemu::command`] makes it.
    ///
    /// # Errors
    /// If it cannot be had.
    pub fn emulate(mut command: Command, console: ConsoleTo) -> Result<Self> {
        if console == ConsoleTo::Program {
            command.stdin(Stdio::piped()).stdout(Stdio::piped());
        }
        let mut child = command.spawn().or_fail(
            || format!("cannot start {}", command.get_program().display()),
            "install the Debian package it is in",
        )?;
        let console = match (child.stdout.take(), child.stdin.take()) {
            (Some(from), Some(to)) => {
                Some((File::from(OwnedFd::from(from)), File::from(OwnedFd::from(to))))
            }
            _ => None,
        };
        Ok(Self { child, console, terminal: None, namespaces: false, group: None, work: None })
    }

    fn isolate(image: &Image, ports: &[Port], program: &Path) -> Result<Self> {
        let name = format!("pilot-board-{}-{}", std::process::id(), ports_key(ports));
        let work = std::env::temp_dir().join(name);
        fs::create_dir_all(&work).or_file("make", &work)?;
        let board = namespace::start(program, &image.rootfs, &work)?;
        relay::start(&board.network, ports)?;
        let writer = board.console.try_clone().or_file("open", Path::new("/dev/ptmx"))?;
        let console = Some((board.console, writer));
        let terminal = Some(board.terminal);
        Ok(Self {
            child: board.child,
            console,
            terminal,
            namespaces: true,
            group: board.group,
            work: Some(work),
        })
    }

    /// The process whose end is the board's.
    pub fn id(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for the board's end.
    ///
    /// # Errors
    /// If the process is not ours to wait for.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait();
        self.terminal = None;
        status
    }

    /// True if a board that ended with `status` was powered off or rebooted from inside.
    pub fn is_orderly(&self, status: ExitStatus) -> bool {
        if self.namespaces { namespace::is_orderly(status) } else { status.success() }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
        drop(self.group.take());
        if let Some(work) = &self.work {
            let _ = fs::remove_dir(work);
        }
    }
}

/// Tells the boards of one process apart: no two of them have the same host port.
fn ports_key(ports: &[Port]) -> String {
    ports.first().map_or_else(String::new, |port| port.host.to_string())
}
