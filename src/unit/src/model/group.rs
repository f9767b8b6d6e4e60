//! Control groups: systemd.slice(5), systemd.resource-control(5), cgroups(7) version 2.

use serde::{Deserialize, Serialize};

use super::UnitId;
use crate::seq::Seq;

/// Controllers, a bit each, in this order.
pub const CONTROLLERS: [&str; 5] = ["cpu", "cpuset", "io", "memory", "pids"];
/// Most slices one in another, `-.slice` included.
pub const SLICE_DEPTH_MAX: usize = 8;

/// What the control groups of a board are made of, beside a folder for each unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ControlGroups<'a> {
    /// Bits of [`CONTROLLERS`] that the groups right below the root of all need.
    pub controllers: u8,
    /// What is written into the files of the group that all lie in.
    #[serde(borrow)]
    pub root: Seq<'a, GroupSetting<'a>>,
    /// Those of which there is something to say, in the order of their units: a slice stands
    /// before all that lies in it.
    pub groups: Seq<'a, ControlGroup<'a>>,
}

/// That of one unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ControlGroup<'a> {
    /// The service, socket or slice.
    pub unit: UnitId,
    /// The slice that it lies in.
    pub slice: Option<UnitId>,
    /// Of a slice: the controllers that the groups in it need, as bits.
    pub controllers: u8,
    /// What is written into its files before a process is in it.
    #[serde(borrow)]
    pub settings: Seq<'a, GroupSetting<'a>>,
}

/// A file of a control group, and what is written into it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GroupSetting<'a> {
    /// The file, NUL-terminated.
    pub file: &'a str,
    /// Nothing runs in the group unless this is written.
    pub required: bool,
    /// What.
    pub value: GroupValue<'a>,
}

/// What is written into a file of a control group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum GroupValue<'a> {
    /// That.
    Text(&'a str),
    /// So many ten-thousandths of the board's memory, in bytes.
    MemoryShare(u16),
    /// So many ten-thousandths of the processes and threads that the kernel allows.
    TasksShare(u16),
    /// The number of the block device at a path (NUL-terminated), a blank, and a text.
    Device(&'a str, &'a str),
}

impl<'a> ControlGroups<'a> {
    /// Nothing to say.
    pub const NONE: Self = Self { controllers: 0, root: Seq::EMPTY, groups: Seq::EMPTY };

    /// What there is to say of a unit's group.
    pub fn of(&self, unit: UnitId) -> Option<ControlGroup<'a>> {
        self.groups.iter().find(|group| group.unit == unit)
    }
}
