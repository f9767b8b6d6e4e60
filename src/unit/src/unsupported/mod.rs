//! What systemd knows and is not supported here: never ignored in silence. One row a directive.
//!
//! A row says what leaving the directive out would do, which of its values say no more than what
//! happens here anyway (those are taken), and what to do instead. Where a new row goes:
//!
//! | file | manual page |
//! |---|---|
//! | `unit.rs` | systemd.unit(5), with `[Install]` |
//! | `service.rs` | systemd.service(5) |
//! | `socket.rs` | systemd.socket(5) |
//! | `exec.rs` | systemd.exec(5) |
//! | `kill.rs` | systemd.kill(5) |
//! | `resource.rs` | systemd.resource-control(5) |
//! | `kinds.rs` | the kinds of unit that are not supported |
//! | `manager.rs` | systemd-system.conf(5) |
//!
//! What is implemented has its row in [`crate::directives`], which comes first: a directive that
//! both know is implemented. Source: the man pages of systemd 256, and the names that its parser
//! has got up to 261.

mod exec;
mod kill;
mod kinds;
mod manager;
mod resource;
mod service;
mod socket;
mod unit;

pub use kinds::{SECTIONS, SUFFIXES};

/// What leaving a directive out would do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loss {
    /// Nothing that a service or its clients could tell: a warning.
    Cosmetic,
    /// The service would behave otherwise, or be less confined: an error.
    Behaviour,
}

/// Which values say no more than what happens here anyway. In every form but
/// [`Same::Exactly`] the empty assignment does, as it takes back what was assigned before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Same {
    /// No other one.
    Empty,
    /// None: the directive adds up, and what stands before an empty assignment is gone.
    List,
    /// No, in any of its spellings.
    No,
    /// Yes, in any of its spellings.
    Yes,
    /// These words.
    Words(&'static [&'static str]),
    /// These words; the empty assignment is a value of its own.
    Exactly(&'static [&'static str]),
}

/// A directive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unsupported {
    /// Its name.
    pub name: &'static str,
    /// What leaving it out would do.
    pub loss: Loss,
    /// The values that may be left out all the same.
    pub same: Same,
    /// What to do instead, or why: a sentence without its full stop.
    pub instead: &'static str,
}

/// Rows that stand in the same sections.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The sections, by name.
    pub sections: &'static [&'static str],
    /// The rows.
    pub rows: &'static [Unsupported],
    /// What to do in these sections, where that differs from what the rows say.
    pub instead: Option<&'static str>,
}

/// Every table. The first row of a name counts.
pub const TABLES: &[Table] = &[
    Table { sections: &["Unit"], rows: unit::UNIT, instead: None },
    Table { sections: &["Install"], rows: unit::INSTALL, instead: None },
    Table { sections: &["Service"], rows: service::SERVICE, instead: None },
    Table { sections: &["Socket"], rows: socket::SOCKET, instead: None },
    Table { sections: &["Service"], rows: exec::EXEC, instead: None },
    Table { sections: &["Service", "Slice"], rows: resource::RESOURCE, instead: None },
    Table { sections: &["Socket"], rows: exec::EXEC, instead: Some(socket::AS_ROOT) },
    Table { sections: &["Socket"], rows: exec::OF_SERVICES, instead: Some(socket::AS_ROOT) },
    Table { sections: &["Socket"], rows: kill::OF_SOCKETS, instead: Some(socket::THEN_KILLED) },
    Table { sections: &["Socket"], rows: kill::OF_SERVICES, instead: Some(socket::THEN_KILLED) },
    Table { sections: &["Socket"], rows: resource::RESOURCE, instead: Some(socket::AS_ROOT) },
    Table { sections: &["Socket"], rows: resource::OF_SERVICES, instead: Some(socket::IN_SLICE) },
    Table { sections: &["Mount"], rows: kinds::MOUNT, instead: None },
    Table { sections: kinds::ATTACHED, rows: exec::EXEC, instead: Some(kinds::NO_PROGRAM) },
    Table { sections: kinds::ATTACHED, rows: exec::OF_SERVICES, instead: Some(kinds::NO_PROGRAM) },
    Table { sections: kinds::ATTACHED, rows: kill::OF_SERVICES, instead: Some(kinds::NO_PROGRAM) },
    Table { sections: kinds::ATTACHED, rows: resource::RESOURCE, instead: Some(kinds::NO_PROGRAM) },
    Table {
        sections: kinds::ATTACHED,
        rows: resource::OF_SERVICES,
        instead: Some(kinds::NO_PROGRAM),
    },
    Table { sections: &["Automount"], rows: kinds::AUTOMOUNT, instead: None },
    Table { sections: &["Timer"], rows: kinds::TIMER, instead: None },
    Table { sections: &["Slice"], rows: kinds::SLICE, instead: None },
    Table { sections: &["Scope"], rows: kinds::SCOPE, instead: None },
    Table { sections: kinds::KILLED, rows: kill::OF_SERVICES, instead: Some(kinds::NO_SUCH_UNITS) },
    Table {
        sections: kinds::LIMITED,
        rows: resource::RESOURCE,
        instead: Some(kinds::NO_SUCH_UNITS),
    },
    Table {
        sections: kinds::LIMITED,
        rows: resource::OF_SERVICES,
        instead: Some(kinds::NO_SUCH_UNITS),
    },
    Table { sections: &["Manager"], rows: manager::MANAGER, instead: None },
];

/// The rows of a section, in the order of the manual pages.
pub fn rows(section: &str) -> impl Iterator<Item = Unsupported> {
    let tables = TABLES.iter().filter(move |table| table.sections.contains(&section));
    tables.flat_map(|table| {
        let instead = table.instead;
        table
            .rows
            .iter()
            .map(move |row| Unsupported { instead: instead.unwrap_or(row.instead), ..*row })
    })
}

/// The row of a directive.
pub fn find(section: &str, name: &str) -> Option<Unsupported> {
    rows(section).find(|row| row.name == name)
}

/// A directive that the unit cannot do without.
const fn refused(name: &'static str, same: Same, instead: &'static str) -> Unsupported {
    Unsupported { name, loss: Loss::Behaviour, same, instead }
}

/// A directive that changes nothing that matters.
const fn ignored(name: &'static str, same: Same, instead: &'static str) -> Unsupported {
    Unsupported { name, loss: Loss::Cosmetic, same, instead }
}
