//! The edge to the kernel, and the only place with `unsafe`: one file per subject of the manual.
//!
//! Everything here is mechanism: it knows system calls, not units in states. Read before
//! editing: clone(2), execve(2), epoll(7), signalfd(2), unix(7), cgroups(7).
//!
//! # Safety
//! What a file promises stands at its head. `raw`, `start` and `mark` hold all the assembly.
#![allow(unsafe_code, reason = "the one place for it")]

pub mod attach;
pub mod cell;
pub mod cgroup;
pub mod child;
pub mod clock;
pub mod console;
pub mod device;
#[cfg(any(test, target_arch = "arm"))]
pub mod division;
pub mod fatal;
pub mod fd;
pub mod file;
#[cfg(panic = "immediate-abort")]
pub mod mark;
pub mod mem;
pub mod message;
pub mod mount;
pub mod namespace;
pub mod passed;
pub mod path;
pub mod pidfile;
pub mod poll;
pub mod power;
pub mod process;
mod raw;
mod reports;
pub mod signal;
pub mod socket;
pub mod stamp;
pub mod start;
pub mod swap;
pub mod terminal;
pub mod users;
mod vdso;
pub mod vectors;
pub mod watchdog;
