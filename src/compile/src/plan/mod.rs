//! Checked units to a plan: numbers, order, edges both ways, listeners, instances, sizes.
//! Nothing is left to decide after it.

mod exec;
pub mod features;
mod group_plan;
mod life;
mod limits;
mod log;
mod manager_plan;
pub(crate) mod mount_plan;
pub(crate) mod namespace;
mod options;
mod path_plan;
mod relations;
mod socket_plan;
mod streams;
pub(crate) mod timer_plan;
mod unit_plan;

use std::collections::{BTreeMap, BTreeSet};

use unit::{Emergency, Limits, Millis};

pub(crate) use exec::REAL_TIME;
pub use exec::{
    CredentialsPlan, DirectoryPlan, ExecPlan, PrivilegesPlan, SchedulingPlan, VariablesPlan,
};
pub use group_plan::{GroupPlan, GroupSettingPlan, GroupValuePlan, RootPlan, controllers};
pub use life::LifePlan;
pub(crate) use life::notify_access;
pub use manager_plan::{ManagerPlan, WatchdogPlan};
pub use mount_plan::{Attached, FileSystemPlan, MountPlan, SwapPlan};
pub use namespace::{NamespacePlan, NamespaceStepPlan};
pub use options::{OptionPlan, OptionText};
pub use path_plan::PathPlan;
pub use relations::RelationsPlan;
pub use socket_plan::{CommandsPlan, SocketPlan};
pub(crate) use streams::terminal_of;
pub use streams::{LogPlan, StreamsPlan};
pub use timer_plan::TimerPlan;
pub use unit_plan::ServicePlan;

use crate::check::{Checked, EdgeKind};
use crate::codes;
use crate::draft::{self, Body, Draft};
use crate::grammar::{Check, Stream};
use crate::load::BoardDraft;
use crate::report::{Diagnostic, Report};
use crate::targets;

/// A whole board, numbered.
#[derive(Debug)]
pub struct Plan {
    /// Settings of PID 1.
    pub manager: ManagerPlan,
    /// The units, in start order.
    pub units: Vec<UnitPlan>,
    /// How much there is of everything; `table_bytes` is known only when it is emitted.
    pub limits: Limits,
}

impl Plan {
    /// Which units a boot starts.
    pub fn at_boot(&self) -> Vec<bool> {
        limits::pulled(self.manager.default_target, &self.units)
    }
}

/// [`unit::Unit`] with text of its own.
#[derive(Debug)]
pub struct UnitPlan {
    /// Full name.
    pub name: String,
    /// `Description=`.
    pub description: String,
    /// Dependencies.
    pub edges: EdgesPlan,
    /// What must hold for it to start: conditions first, and whether each is an assert.
    pub checks: Vec<(Check, bool)>,
    /// What is to be said of its control group.
    pub group: GroupPlan,
    /// What kind it is.
    pub kind: KindPlan,
}

/// [`unit::Edges`]: numbers in ascending order.
#[derive(Default, Debug)]
pub struct EdgesPlan {
    /// Pulled in, must start.
    pub requires: BTreeSet<u16>,
    /// Pulled in.
    pub wants: BTreeSet<u16>,
    /// Started first.
    pub after: BTreeSet<u16>,
    /// The reverse of `after`.
    pub before: BTreeSet<u16>,
    /// The reverse of `requires` and `requisite`.
    pub required_by: BTreeSet<u16>,
    /// The rarer ones.
    pub more: RelationsPlan,
    /// The timers and paths that start it.
    pub triggered_by: BTreeSet<u16>,
}

/// What only one kind has.
#[derive(Debug)]
pub enum KindPlan {
    /// Nothing.
    Target,
    /// A process.
    Service(Box<ServicePlan>),
    /// Listeners.
    Socket(Box<SocketPlan>),
    /// Moments.
    Timer(Box<TimerPlan>),
    /// A file system, or a swap area.
    Mount(Box<MountPlan>),
    /// Paths.
    Path(Box<PathPlan>),
    /// Nothing: what there is to say is in [`UnitPlan::group`].
    Slice,
}

impl KindPlan {
    /// What is said of it, if it is a service.
    pub fn service(&self) -> Option<&ServicePlan> {
        if let Self::Service(service) = self { Some(service) } else { None }
    }

    /// What is said of it, if it is a socket.
    pub fn socket(&self) -> Option<&SocketPlan> {
        if let Self::Socket(socket) = self { Some(socket) } else { None }
    }

    /// What is said of it, if it is a timer.
    pub fn timer(&self) -> Option<&TimerPlan> {
        if let Self::Timer(timer) = self { Some(timer) } else { None }
    }

    /// True of a timer that remembers over reboots when it last elapsed.
    pub fn keeps_stamp(&self) -> bool {
        matches!(self, Self::Timer(timer) if !timer.stamp.is_empty())
    }

    /// True of a swap unit.
    pub fn is_swap(&self) -> bool {
        matches!(self, Self::Mount(mount) if matches!(mount.setup, Attached::Swap(_)))
    }
}

/// What units take from `board.conf` where they say nothing.
pub(crate) struct Defaults {
    pub(crate) timer_stamps: String,
    pub(crate) timeout_start: Option<Millis>,
    pub(crate) timeout_stop: Option<Millis>,
    pub(crate) restart_delay: Millis,
    pub(crate) start_limit_interval: Millis,
    pub(crate) start_limit_burst: u32,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) standard_output: Stream,
    pub(crate) standard_error: Stream,
    /// `pilot-log.socket` is on the board.
    pub(crate) has_log: bool,
    pub(crate) limit_nofile: Option<(u64, u64)>,
}

/// Numbers everything. Only for what was checked without errors.
pub fn plan(checked: Checked, board: BoardDraft, report: &mut Report) -> Option<Plan> {
    let order = start_order(&checked);
    let mut numbers = vec![0u16; checked.units.len()];
    for (number, &unit) in order.iter().enumerate() {
        numbers[unit] = u16::try_from(number).ok().or_else(|| too_many("units", report))?;
    }
    let default_target = numbers[checked.default_target?];
    let specials = specials(&checked, &numbers);
    let vital = checked.vital.iter().map(|&unit| numbers[unit]).collect();
    let cad_is_masked = checked.masked.iter().any(|name| name == "ctrl-alt-del.target");
    let BoardDraft { file: _, board, lint: _, manager } = board;
    let zone = board.time_zone.value;
    let (mut manager, mut defaults) =
        manager_plan::manager_plan(default_target, vital, board, manager);
    defaults.has_log = checked.has_log();
    manager.specials = specials;
    manager.installable = installable(&checked, &order);
    manager.masked.clone_from(&checked.masked);
    if cad_is_masked {
        manager.ctrl_alt_del = Emergency::None;
    }
    let edges = edges(&checked, &numbers);
    let sockets = by_service(&checked, &numbers);
    let per_connection = per_connection(&checked);

    let mut drafts: BTreeMap<u16, (usize, Draft)> = BTreeMap::new();
    let (triggers, starts, slices) = (checked.triggers, checked.starts, checked.slices);
    let started = |unit: usize| {
        let place = starts.binary_search_by_key(&unit, |(starter, _)| *starter).ok()?;
        Some(numbers[starts[place].1])
    };
    for (unit, draft) in checked.units.into_iter().enumerate() {
        drafts.insert(numbers[unit], (unit, draft));
    }
    let mut next = socket_plan::Counters::default();
    let mut units = Vec::new();
    let mut isolated = false;
    for ((number, (unit, draft)), mut edges) in drafts.into_iter().zip(edges) {
        let Draft { name, file, head: _, unit: common, install: _, body, exec, resources } = draft;
        let is_slice = matches!(body, Body::Slice);
        let stays = is_slice && common.ignore_on_isolate.given.is_none();
        let more = &mut edges.more;
        let Common { description, checks, start_limit, life } =
            common_plan(common, &name.to_string(), &defaults, more);
        more.ignore_on_isolate |= stays;
        more.ends = targets::ends(&name.to_string());
        isolated |= more.allow_isolate && !file.path.starts_with(targets::FOLDER);
        let kills = matches!(&body, Body::Service(service) if service.oom_policy.value);
        let slice = slices.binary_search_by_key(&unit, |(inner, _)| *inner).ok();
        let slice = slice.map(|place| numbers[slices[place].1]);
        let group = GroupPlan { slice, ..GroupPlan::of(*resources, kills) };
        let kind = match body {
            Body::Target => KindPlan::Target,
            Body::Slice => KindPlan::Slice,
            Body::Service(service) => {
                let sockets = sockets.get(&number).cloned().unwrap_or_default();
                let shared = unit_plan::Shared {
                    name: name.to_string(),
                    sockets,
                    per_connection: per_connection.contains(&unit),
                    start_limit,
                    life,
                };
                KindPlan::Service(Box::new(unit_plan::service(*service, *exec, shared, &defaults)))
            }
            Body::Socket(socket) => {
                let service = triggers.binary_search_by_key(&unit, |(socket, _)| *socket).ok()?;
                let service = numbers[triggers[service].1];
                let planned = socket_plan::socket(*socket, &name, service, &mut next, &defaults);
                KindPlan::Socket(Box::new(
                    planned.or_else(|| too_many("listeners or instances", report))?,
                ))
            }
            Body::Mount(mount) => {
                KindPlan::Mount(Box::new(mount_plan::mount(*mount, &name, &defaults)))
            }
            Body::Swap(swap) => KindPlan::Mount(Box::new(mount_plan::swap(*swap, &defaults))),
            Body::Timer(timer) => {
                let stamps = &defaults.timer_stamps;
                let planned = timer_plan::timer(*timer, &name, started(unit)?, zone, stamps);
                KindPlan::Timer(Box::new(planned))
            }
            Body::Path(path) => KindPlan::Path(Box::new(path_plan::path(*path, started(unit)?))),
        };
        units.push(UnitPlan { name: name.to_string(), description, edges, checks, group, kind });
    }
    manager.groups = group_plan::pass_on(&mut units);
    relations::add_needs(&mut units);
    life::tell_monitors(&mut units);
    relations::settle_isolation(&mut units, default_target, isolated, manager.emergency_shell);
    log::fit_store(&mut units);
    let limits = limits::limits(&manager, &units);
    Some(Plan { manager, units, limits })
}

/// As [`unit::UnitFiles::installable`].
fn installable(checked: &Checked, order: &[usize]) -> Vec<u8> {
    let bit = |unit: &usize| u8::from(checked.units[*unit].is_installable());
    let byte = |units: &[usize]| units.iter().rev().fold(0, |byte, unit| byte << 1 | bit(unit));
    order.chunks(8).map(byte).collect()
}

/// As [`unit::Manager::specials`].
fn specials(checked: &Checked, numbers: &[u16]) -> Vec<u16> {
    let number = |unit: Option<usize>| unit.map_or(u16::MAX, |unit| numbers[unit]);
    match checked.specials.iter().all(Option::is_none) {
        true => Vec::new(),
        false => checked.specials.into_iter().map(number).collect(),
    }
}

fn too_many<T>(what: &str, report: &mut Report) -> Option<T> {
    let message = format!("the board has more than {} {what}", u16::MAX);
    report.push(Diagnostic::without_place(codes::TOO_MANY, message));
    None
}

/// Every unit behind all it comes after; of those that could be next, targets first, then
/// sockets, then by name. The same on every run.
fn start_order(checked: &Checked) -> Vec<usize> {
    let count = checked.units.len();
    let mut before: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); count];
    let mut waits: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); count];
    for edge in checked.edges.iter().filter(|edge| edge.kind == EdgeKind::After) {
        before[edge.to].insert(edge.from);
        waits[edge.from].insert(edge.to);
    }
    let mut waits: Vec<usize> = waits.into_iter().map(|set| set.len()).collect();
    let rank = |unit: usize| (checked.units[unit].name.kind, unit);
    let mut ready: BTreeSet<_> = (0..count).filter(|&unit| waits[unit] == 0).map(rank).collect();
    let mut order = Vec::new();
    while let Some((_, unit)) = ready.pop_first() {
        order.push(unit);
        for &next in &before[unit] {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.insert(rank(next));
            }
        }
    }
    assert_eq!(order.len(), count, "cycles were refused by check");
    order
}

fn edges(checked: &Checked, numbers: &[u16]) -> Vec<EdgesPlan> {
    let mut plans: Vec<EdgesPlan> = Vec::new();
    plans.resize_with(numbers.len(), EdgesPlan::default);
    for edge in &checked.edges {
        let (from, to) = (numbers[edge.from], numbers[edge.to]);
        let (at_from, at_to) = (usize::from(from), usize::from(to));
        if edge.kind.requires() {
            plans[at_from].requires.insert(to);
            plans[at_to].required_by.insert(from);
        } else if edge.kind.pulls() {
            plans[at_from].wants.insert(to);
        } else if edge.kind == EdgeKind::After {
            plans[at_from].after.insert(to);
            plans[at_to].before.insert(from);
        } else if edge.kind == EdgeKind::Requisite {
            plans[at_to].required_by.insert(from);
        }
        relations::add(&mut plans, edge.kind, from, to);
    }
    for &(timer, started) in &checked.starts {
        plans[usize::from(numbers[started])].triggered_by.insert(numbers[timer]);
    }
    plans
}

/// The sockets that start each service, by number.
fn by_service(checked: &Checked, numbers: &[u16]) -> BTreeMap<u16, BTreeSet<u16>> {
    let mut sockets: BTreeMap<u16, BTreeSet<u16>> = BTreeMap::new();
    for &(socket, service) in &checked.triggers {
        sockets.entry(numbers[service]).or_default().insert(numbers[socket]);
    }
    sockets
}

/// The templates of Accept=yes sockets.
fn per_connection(checked: &Checked) -> BTreeSet<usize> {
    let accepts =
        |unit: usize| checked.units[unit].socket().is_some_and(|socket| socket.accept.value);
    let triggers = checked.triggers.iter();
    triggers.filter(|(socket, _)| accepts(*socket)).map(|(_, service)| *service).collect()
}

/// What [`common_plan`] makes of `[Unit]`.
struct Common {
    description: String,
    checks: Vec<(Check, bool)>,
    start_limit: (unit::RateLimit, Emergency),
    life: life::FromElsewhere,
}

/// `[Unit]`: what is neither an edge nor checked and dropped.
fn common_plan(
    common: draft::Unit,
    name: &str,
    defaults: &Defaults,
    more: &mut RelationsPlan,
) -> Common {
    let draft::Unit {
        description,
        documentation: _,
        after: _,
        before: _,
        requires: _,
        wants: _,
        conflicts: _,
        requisite: _,
        binds_to: _,
        part_of: _,
        upholds: _,
        on_failure: _,
        on_success: _,
        on_failure_mode,
        on_success_mode,
        reload_to: _,
        reload_from: _,
        stop_to: _,
        stop_from: _,
        stop_when_unneeded,
        refuse_manual_start,
        refuse_manual_stop,
        allow_isolate,
        ignore_on_isolate,
        job_timeout,
        job_running_timeout,
        job_timeout_action,
        job_timeout_reboot_argument,
        reboot_argument,
        conditions,
        asserts,
        requires_mounts_for: _,
        wants_mounts_for: _,
        default_dependencies: _,
        start_limit_interval,
        start_limit_burst,
        start_limit_action,
        failure_action,
        success_action,
    } = common;
    more.on_failure_mode = on_failure_mode.value;
    more.on_success_mode = on_success_mode.value;
    more.stop_when_unneeded = stop_when_unneeded.value;
    more.refuse_manual_start = refuse_manual_start.value;
    more.refuse_manual_stop = refuse_manual_stop.value;
    more.allow_isolate = allow_isolate.value;
    more.ignore_on_isolate = ignore_on_isolate.value;
    more.job_timeout = job_timeout.value;
    more.job_running_timeout = job_running_timeout.value;
    more.job_timeout_action = job_timeout_action.value;
    more.job_timeout_reboot_argument = job_timeout_reboot_argument.or(String::new());
    more.reboot_argument = reboot_argument.or(String::new());
    let limit = unit::RateLimit {
        interval: start_limit_interval.or(defaults.start_limit_interval),
        burst: start_limit_burst.or(defaults.start_limit_burst),
    };
    let conditions = conditions.values().into_iter().map(|check| (check, false));
    let checks = conditions.chain(asserts.values().into_iter().map(|check| (check, true)));
    // What is known to hold need not be looked at; of those behind `|` it decides for all.
    let checks = checks.filter(|(check, _)| check.is_trigger || check.verdict() != Some(true));
    Common {
        description: description.or(name.to_string()),
        checks: checks.collect(),
        start_limit: (limit, start_limit_action.value),
        life: life::FromElsewhere {
            failure_action: failure_action.value,
            success_action: success_action.value,
            restart_delay: defaults.restart_delay,
        },
    }
}
