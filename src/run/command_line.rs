//! The kernel's command line is read, and what it says of units becomes events.

use rustix::fs::OFlags;
use unit::{Table, UnitId};

use super::Pilot;
use crate::command_line::{Setting, settings};
use crate::engine::Event;
use crate::sys::{file, process};
use crate::{features, log};

/// Longest command line that a kernel hands over: COMMAND_LINE_SIZE.
const BYTES_MAX: usize = 4096;

/// Calls `each` with what it says, in order. Nothing where it is not to be heeded, or cannot be
/// read.
fn for_each(each: &mut dyn FnMut(Setting<'_>)) {
    if !features::COMMAND_LINE {
        return;
    }
    let in_container = is_in_container();
    let path = if in_container { c"/proc/self/cmdline" } else { c"/proc/cmdline" };
    let mut bytes = [0; BYTES_MAX];
    let Ok(file) = file::open(path, OFlags::RDONLY | OFlags::CLOEXEC) else {
        return;
    };
    let length = rustix::io::read(file, &mut bytes).unwrap_or(0);
    // The program's own name is no argument, and ends with the first of the bytes between them.
    let mut is_name = in_container;
    for byte in &mut bytes[..length] {
        if *byte == 0 {
            is_name = false;
        }
        if is_name || *byte == 0 || byte.is_ascii_whitespace() {
            *byte = b' ';
        }
    }
    settings(&bytes[..length], features::SWITCH_ROOT, each);
}

/// True outside the kernel's first pid namespace: its command line is meant for another PID 1, and
/// ours are our arguments, as with systemd.
fn is_in_container() -> bool {
    /// PROC_PID_INIT_INO of include/linux/proc_ns.h.
    const INITIAL: u64 = 0xEFFF_FFFC;
    process::pid_namespace().is_some_and(|namespace| namespace != INITIAL)
}

/// The level of what is said, if it says one.
pub(super) fn log_level() -> Option<u8> {
    let mut found = None;
    for_each(&mut |setting| match setting {
        Setting::LogLevel(level) => found = Some(level),
        Setting::Unit(_) | Setting::Mask(_) => {}
    });
    found
}

/// A unit by its name, which may lack its suffix.
fn find(table: &Table<'_>, name: &str) -> Option<UnitId> {
    if name == "default.target" {
        return Some(table.manager().default_target);
    }
    table.ids().find(|&unit| {
        let rest = table.name(unit).strip_prefix(name);
        rest.is_some_and(|rest| ["", ".target", ".service"].contains(&rest))
    })
}

impl Pilot {
    /// The last word about the target counts. A name that nobody has is told, and changes
    /// nothing.
    pub(super) fn heed_command_line(&mut self) {
        let (table, now) = (self.table, self.now);
        let engine = &mut self.engine;
        for_each(&mut |setting| {
            let (name, masks) = match setting {
                Setting::Unit(name) => (name, false),
                Setting::Mask(name) => (name, true),
                Setting::LogLevel(_) => return,
            };
            match find(&table, name) {
                Some(unit) if masks => engine.step(Event::Masked(unit), now),
                Some(unit) => engine.step(Event::BootTarget(unit), now),
                None => log::error!("command line: there is no unit {name}, passed over"),
            }
        });
    }
}
