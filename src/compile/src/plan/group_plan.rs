//! Control groups: which lies in which, and every file that is written, to the byte. PID 1 makes
//! the folders and writes. "Read before editing": cgroups(7), Documentation/admin-guide/cgroup-v2.

use std::fmt::Write;

use unit::CONTROLLERS;

use super::UnitPlan;
use crate::draft;
use crate::grammar::{Amount, OfDevice};

/// [`unit::ControlGroup`] with text of its own.
#[derive(Default, Debug)]
pub struct GroupPlan {
    /// The slice it lies in.
    pub slice: Option<u16>,
    /// The controllers that the groups in it need, as bits.
    pub controllers: u8,
    /// Those that it needs itself.
    pub own: u8,
    /// What is written.
    pub settings: Vec<GroupSettingPlan>,
}

/// [`unit::GroupSetting`] with text of its own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::GroupSetting`")]
pub struct GroupSettingPlan {
    pub file: &'static str,
    pub required: bool,
    pub value: GroupValuePlan,
}

/// [`unit::GroupValue`] with text of its own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each variant is that of `unit::GroupValue`")]
pub enum GroupValuePlan {
    Text(String),
    MemoryShare(u16),
    TasksShare(u16),
    Device(OfDevice),
}

/// What there is to say of the group that all others lie in.
#[derive(Default, Debug)]
pub struct RootPlan {
    /// The controllers that they need.
    pub controllers: u8,
    /// What is written into its files; nothing where there is `-.slice`, which has its own.
    pub settings: Vec<GroupSettingPlan>,
}

/// What the kernel measures a quota in, and the longest period: microseconds.
const QUOTA_MIN_US: u64 = 1_000;
const PERIOD_MAX_US: u64 = 1_000_000;

impl GroupPlan {
    /// True if PID 1 need not hear of it.
    pub fn is_default(&self) -> bool {
        let Self { slice, controllers, own: _, settings } = self;
        slice.is_none() && *controllers == 0 && settings.is_empty()
    }

    /// Spends every row of `[Slice]`, and `OOMPolicy=kill`.
    pub(super) fn of(resources: draft::Slice, kill: bool) -> Self {
        let draft::Slice {
            memory_min,
            memory_low,
            memory_high,
            memory_max,
            memory_swap_max,
            memory_zswap_max,
            memory_zswap_writeback,
            tasks_max,
            cpu_weight,
            cpu_quota,
            cpu_quota_period,
            allowed_cpus,
            allowed_memory_nodes,
            io_weight,
            io_device_weight,
            io_max,
            cpu_accounting: _,
            memory_accounting,
            tasks_accounting,
            io_accounting,
        } = resources;
        let mut plan = Self::default();
        let idle = matches!(cpu_weight.value(), Some(None));
        plan.put("cpu.idle", idle.then(|| "1".into()));
        plan.put("cpu.weight", weight(cpu_weight.value().copied().flatten()));
        plan.put(
            "cpu.max",
            cpu_quota.value().map(|&share| quota(share.into(), cpu_quota_period.value)),
        );
        plan.put("cpuset.cpus", ranges(&allowed_cpus.values()));
        plan.put("cpuset.mems", ranges(&allowed_memory_nodes.values()));
        let weight = weight(io_weight.value().copied());
        plan.put("io.weight", weight.map(|weight| format!("default {weight}")));
        for device in io_device_weight.values() {
            plan.push("io.weight", GroupValuePlan::Device(device));
        }
        for device in io_max.values() {
            plan.push("io.max", GroupValuePlan::Device(device));
        }
        for (file, amount) in [
            ("memory.min", memory_min.value()),
            ("memory.low", memory_low.value()),
            ("memory.high", memory_high.value()),
            ("memory.max", memory_max.value()),
            ("memory.swap.max", memory_swap_max.value()),
            ("memory.zswap.max", memory_zswap_max.value()),
        ] {
            plan.put_amount(file, amount, GroupValuePlan::MemoryShare);
        }
        let keeps = memory_zswap_writeback.value() == Some(&false);
        plan.put("memory.zswap.writeback", keeps.then(|| "0".into()));
        plan.put("memory.oom.group", kill.then(|| "1".into()));
        plan.put_amount("pids.max", tasks_max.value(), GroupValuePlan::TasksShare);
        for (is_on, name) in [
            (memory_accounting.value, "memory"),
            (tasks_accounting.value, "pids"),
            (io_accounting.value, "io"),
        ] {
            plan.own |= if is_on { controller(name) } else { 0 };
        }
        plan
    }

    fn put(&mut self, file: &'static str, text: Option<String>) {
        if let Some(text) = text {
            self.push(file, GroupValuePlan::Text(text));
        }
    }

    fn put_amount(
        &mut self,
        file: &'static str,
        amount: Option<&Amount>,
        share: fn(u16) -> GroupValuePlan,
    ) {
        // What a group is born with need not be written.
        let is_floor = matches!(file, "memory.min" | "memory.low");
        match amount {
            None => {}
            Some(Amount::Infinity) if !is_floor => {}
            Some(Amount::Exactly(0) | Amount::Share(0)) if is_floor => {}
            Some(Amount::Infinity) => self.push(file, GroupValuePlan::Text("max".into())),
            Some(Amount::Exactly(number)) => {
                self.push(file, GroupValuePlan::Text(number.to_string()));
            }
            Some(Amount::Share(part)) => self.push(file, share(*part)),
        }
    }

    /// Takes what is promised to the groups in it, unless it says itself what it is promised.
    fn promise(&mut self, inner: [Promise; PROMISES.len()]) {
        for (file, promise) in PROMISES.into_iter().zip(inner) {
            if self.settings.iter().all(|setting| setting.file != file) {
                self.put(file, promise.text());
            }
        }
    }

    fn push(&mut self, file: &'static str, value: GroupValuePlan) {
        self.own |= file.split_once('.').map_or(0, |(name, _)| controller(name));
        // Without these one service could take all of the board.
        let required = matches!(file, "memory.max" | "pids.max");
        self.settings.push(GroupSettingPlan { file, required, value });
    }
}

impl GroupSettingPlan {
    /// As `pilotc plan` prints it.
    pub fn text(&self) -> String {
        let value = match &self.value {
            GroupValuePlan::Text(text) => text.clone(),
            GroupValuePlan::MemoryShare(share) | GroupValuePlan::TasksShare(share) => {
                format!("{}.{:02}%", share / 100, share % 100)
            }
            GroupValuePlan::Device(OfDevice { path, text }) => format!("{path} {text}"),
        };
        format!("{} {value}", self.file)
    }
}

/// A weight that is not what a group is born with.
fn weight(given: Option<u64>) -> Option<String> {
    given.filter(|&weight| weight != 100).map(|weight| weight.to_string())
}

/// The bit of a controller.
fn controller(name: &str) -> u8 {
    let bit = CONTROLLERS.iter().position(|each| *each == name);
    1 << bit.expect("a controller that is known")
}

/// Their names, as in cgroup.controllers.
pub fn controllers(bits: u8) -> String {
    let named = CONTROLLERS.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0);
    named.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
}

/// What is promised to some groups together.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Promise {
    #[default]
    Nothing,
    Bytes(u64),
    /// All there is.
    Any,
}

impl Promise {
    fn of(value: &GroupValuePlan) -> Self {
        match value {
            GroupValuePlan::Text(text) => text.parse().map_or(Self::Any, Self::Bytes),
            GroupValuePlan::MemoryShare(_)
            | GroupValuePlan::TasksShare(_)
            | GroupValuePlan::Device(_) => Self::Any,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Nothing, some) | (some, Self::Nothing) => some,
            (Self::Bytes(one), Self::Bytes(other)) => Self::Bytes(one.saturating_add(other)),
        }
    }

    fn text(self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Bytes(bytes) => Some(bytes.to_string()),
            Self::Any => Some("max".into()),
        }
    }
}

/// Files with what is promised: nothing is to a group unless it is to all around it.
const PROMISES: [&str; 2] = ["memory.min", "memory.low"];

/// Tells each slice what the groups in it need, and returns what those at the root need: their
/// controllers, and the settings of the group that all lie in. What lies in a slice has a higher
/// number.
pub(super) fn pass_on(units: &mut [UnitPlan]) -> RootPlan {
    let mut root = GroupPlan::default();
    let mut promised = vec![[Promise::Nothing; PROMISES.len()]; units.len() + 1];
    for number in (0..units.len()).rev() {
        units[number].group.promise(promised[number]);
        let group = &units[number].group;
        let around = group.slice.map_or(units.len(), usize::from);
        let needs = group.own | group.controllers;
        for (place, file) in PROMISES.into_iter().enumerate() {
            let own = group.settings.iter().find(|setting| setting.file == file);
            let own = own.map_or(Promise::Nothing, |setting| Promise::of(&setting.value));
            promised[around][place] = promised[around][place].and(own);
        }
        root.controllers |= needs;
        if let Some(slice) = units.get_mut(around) {
            slice.group.controllers |= needs;
        }
    }
    // Where there are slices, that is -.slice, which has been told.
    if units.iter().all(|unit| unit.group.slice.is_none()) {
        root.promise(promised[units.len()]);
    }
    RootPlan { controllers: root.controllers, settings: root.settings }
}

/// `cpu.max`, as systemd reckons: the period is longer where the quota would be too short to be
/// measured.
fn quota(share: u64, period_us: u64) -> String {
    let least = QUOTA_MIN_US * 10_000 / share;
    let period = period_us.max(QUOTA_MIN_US).max(least).min(PERIOD_MAX_US);
    format!("{} {period}", (share * period / 10_000).max(QUOTA_MIN_US))
}

/// Numbers as the kernel has them: `0-2,5`.
fn ranges(numbers: &[u16]) -> Option<String> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut text = String::new();
    for run in sorted.chunk_by(|one, other| one + 1 == *other) {
        let (first, last) = (run.first()?, run.last()?);
        let comma = if text.is_empty() { "" } else { "," };
        write!(text, "{comma}{first}").ok()?;
        if first < last {
            write!(text, "-{last}").ok()?;
        }
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_what_systemd_writes() {
        for (share, period_us, written) in [
            (2_000, 100_000, "20000 100000"),
            (25_000, 100_000, "250000 100000"),
            (2_000, 10_000, "2000 10000"),
            (1_000, 1_000, "1000 10000"),
            (1, 100_000, "1000 1000000"),
            (10_000, 5_000_000, "1000000 1000000"),
        ] {
            assert_eq!(quota(share, period_us), written, "{share} in {period_us}");
        }
    }

    #[test]
    fn numbers_become_ranges() {
        assert_eq!(ranges(&[]), None);
        assert_eq!(ranges(&[3, 1, 0, 2, 5, 5]).as_deref(), Some("0-3,5"));
        assert_eq!(ranges(&[7]).as_deref(), Some("7"));
    }
}
