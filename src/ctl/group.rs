//! Control groups: where they are, what may be in them and what is.

use core::fmt::{self, Display};

use unit::{ControlGroup, ControlGroups, Kind, SLICE_DEPTH_MAX, Table, UnitId};

use super::property::Property;
use super::session::Session;
use super::show::List;
use super::text::Output;
use crate::features;

/// Room for the content of a file of a group.
const CONTENT_BYTES: usize = 64;

/// Properties that are the content of a file, by the names that systemd has for them.
const PROPERTIES: [(Property, &str); 14] = [
    (Property::MemoryCurrent, "memory.current"),
    (Property::TasksCurrent, "pids.current"),
    (Property::MemoryMin, "memory.min"),
    (Property::MemoryLow, "memory.low"),
    (Property::MemoryHigh, "memory.high"),
    (Property::MemoryMax, "memory.max"),
    (Property::MemorySwapMax, "memory.swap.max"),
    (Property::MemoryZSwapMax, "memory.zswap.max"),
    (Property::TasksMax, "pids.max"),
    (Property::CPUWeight, "cpu.weight"),
    (Property::CPUMax, "cpu.max"),
    (Property::IOWeight, "io.weight"),
    (Property::AllowedCPUs, "cpuset.cpus"),
    (Property::AllowedMemoryNodes, "cpuset.mems"),
];

/// A unit's group as /proc/PID/cgroup has it.
pub(super) struct GroupPath<'t> {
    table: Table<'t>,
    groups: ControlGroups<'t>,
    unit: UnitId,
}

impl Display for GroupPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chain = heapless::Vec::<ControlGroup<'_>, { SLICE_DEPTH_MAX + 1 }>::new();
        let mut next = self.groups.of(self.unit);
        while let Some(group) = next {
            next = group.slice.and_then(|slice| self.groups.of(slice));
            chain.push(group).map_err(|_| fmt::Error)?;
        }
        f.write_str("/pilot")?;
        let slices = chain.iter().rev().filter(|group| group.unit != self.unit);
        for group in slices.filter(|group| group.slice.is_some()) {
            write!(f, "/{}", self.table.name(group.unit))?;
        }
        match self.table.name(self.unit) {
            "-.slice" => Ok(()),
            name => write!(f, "/{name}"),
        }
    }
}

/// Where the group of a unit is, if it can have one.
fn path<'t>(table: &Table<'t>, unit: UnitId) -> Option<GroupPath<'t>> {
    match table.kind(unit) {
        Kind::Service(_) | Kind::Socket(_) | Kind::Slice => {}
        Kind::Target | Kind::Timer(_) | Kind::Path(_) | Kind::Mount(_) => return None,
    }
    let groups = table.manager().control_groups();
    Some(GroupPath { table: *table, groups, unit })
}

/// The first line of a file of the group.
fn content<'b>(
    session: &mut Session<'_, '_>,
    path: &GroupPath<'_>,
    file: &str,
    buffer: &'b mut [u8; CONTENT_BYTES],
) -> Option<&'b str> {
    let length = session.link.group_file(path, file, buffer);
    let text = core::str::from_utf8(buffer.get(..length)?).ok()?;
    text.lines().next()
}

/// What `show` says of it.
pub(super) fn properties(
    session: &mut Session<'_, '_>,
    call: &super::args::Call<'_>,
    unit: UnitId,
) {
    if !features::CONTROL_GROUPS {
        return;
    }
    let table = session.table;
    let Some(path) = path(&table, unit) else { return };
    if let Some(slice) = path.groups.of(unit).and_then(|group| group.slice) {
        List::new(call, &mut session.out).text(Property::Slice, table.name(slice));
    }
    List::new(call, &mut session.out).other(Property::ControlGroup, &path);
    for (name, file) in PROPERTIES {
        let mut buffer = [0; CONTENT_BYTES];
        if let Some(text) = content(session, &path, file, &mut buffer) {
            let text = if text == "max" { "infinity" } else { text };
            List::new(call, &mut session.out).text(name, text);
        }
    }
}

/// What `status` says of it.
pub(super) fn lines(session: &mut Session<'_, '_>, unit: UnitId) {
    if !features::CONTROL_GROUPS {
        return;
    }
    let table = session.table;
    let Some(path) = path(&table, unit) else { return };
    for (label, now, most, print) in [
        ("      Tasks", "pids.current", "pids.max", plain as fn(&mut Output<'_>, &str)),
        ("     Memory", "memory.current", "memory.max", bytes),
    ] {
        let (mut first, mut second) = ([0; CONTENT_BYTES], [0; CONTENT_BYTES]);
        let Some(now) = content(session, &path, now, &mut first) else { continue };
        let most = content(session, &path, most, &mut second).filter(|most| *most != "max");
        write!(session.out, "{label}: ");
        print(&mut session.out, now);
        if let Some(most) = most {
            session.out.text(" (limit: ");
            print(&mut session.out, most);
            session.out.text(")");
        }
        session.out.text("\n");
    }
    writeln!(session.out, "     CGroup: {path}");
}

fn plain(out: &mut Output<'_>, number: &str) {
    out.text(number);
}

/// Bytes in the largest unit of which there are some, with a tenth.
fn bytes(out: &mut Output<'_>, number: &str) {
    let bytes: u64 = number.parse().unwrap_or_default();
    let (unit, name) = match bytes {
        0..1024 => return write!(out, "{bytes}B"),
        1024..0x10_0000 => (1024, 'K'),
        0x10_0000..0x4000_0000 => (0x10_0000, 'M'),
        _ => (0x4000_0000, 'G'),
    };
    write!(out, "{}.{}{name}", bytes / unit, bytes % unit * 10 / unit);
}
