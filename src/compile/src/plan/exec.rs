//! What few units say of what their processes are given: [`unit::ExecMore`].

use unit::{DirectoryKind, Preserve, ResourceLimit, Stdio, Terminal};

use super::streams::Streams;
use super::{LogPlan, NamespacePlan, StreamsPlan, namespace, terminal_of};
use crate::draft::{self, Many, Maybe, One};
use crate::grammar::{
    CREDENTIALS, Capabilities, CapabilityChange, CredentialValue, DirectoryNames, Mode, Opened,
    Scalar, Source,
};

/// SCHED_RESET_ON_FORK of linux/sched.h.
const RESET_ON_FORK: u32 = 0x4000_0000;
/// Of linux/capability.h.
const CAP_SYS_MODULE: u64 = 1 << 16;
const CAP_SYS_TIME: u64 = 1 << 25;
const CAP_WAKE_ALARM: u64 = 1 << 35;
/// The policies whose processes have priorities.
pub(crate) const REAL_TIME: [u32; 2] = [1, 2];
/// best-effort, and the priority in its middle: ioprio_set(2).
const IO_BEST_EFFORT: u16 = 2;
const IO_NORMAL: u16 = 4;
/// Where the class stands in the number for both.
const IO_CLASS_SHIFT: u16 = 13;

/// [`unit::ExecMore`] with text of its own.
#[derive(PartialEq, Eq, Default, Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::ExecMore`")]
pub struct ExecPlan {
    pub limits: Vec<ResourceLimit>,
    pub variables: VariablesPlan,
    pub scheduling: SchedulingPlan,
    pub privileges: PrivilegesPlan,
    pub directories: Vec<DirectoryPlan>,
    pub preserve: Preserve,
    pub streams: StreamsPlan,
    pub credentials: Option<CredentialsPlan>,
    pub files: Vec<Opened>,
    pub groups: Vec<String>,
    pub default_sigpipe: bool,
    pub terminal: Terminal,
    pub namespace: Option<NamespacePlan>,
    pub root: String,
    pub root_start_only: bool,
    pub oom_score: Option<i32>,
    pub copied: bool,
    pub log: LogPlan,
}

/// [`unit::Variables`].
#[derive(PartialEq, Eq, Default, Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::Variables`")]
pub struct VariablesPlan {
    pub files: Vec<String>,
    pub pass: Vec<String>,
    pub unset: Vec<String>,
}

/// [`unit::ExecDirectory`].
#[derive(PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::ExecDirectory`")]
pub struct DirectoryPlan {
    pub kind: DirectoryKind,
    pub path: String,
    pub mode: u16,
}

impl DirectoryPlan {
    fn of(
        (kind, names, mode): (DirectoryKind, &Many<DirectoryNames>, &One<Mode>),
    ) -> impl Iterator<Item = Self> {
        let (root, mode) = (kind.root(), mode.value);
        names.cloned().into_iter().map(move |name| Self {
            kind,
            path: format!("{root}/{name}"),
            mode,
        })
    }

    /// All of a unit.
    pub(crate) fn all(exec: &draft::Exec) -> Vec<Self> {
        let all = [
            (DirectoryKind::Runtime, &exec.runtime_directory, &exec.runtime_directory_mode),
            (DirectoryKind::State, &exec.state_directory, &exec.state_directory_mode),
            (DirectoryKind::Cache, &exec.cache_directory, &exec.cache_directory_mode),
            (DirectoryKind::Logs, &exec.logs_directory, &exec.logs_directory_mode),
            (
                DirectoryKind::Configuration,
                &exec.configuration_directory,
                &exec.configuration_directory_mode,
            ),
        ];
        all.into_iter().flat_map(Self::of).collect()
    }
}

/// [`unit::Credentials`].
#[derive(PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::Credentials`")]
pub struct CredentialsPlan {
    pub directory: String,
    /// Id, source and value.
    pub items: Vec<(String, String, Option<Vec<u8>>)>,
}

impl CredentialsPlan {
    /// The last of each id counts. `None` if there is none.
    fn of(unit: &str, loaded: Vec<Source>, set: Vec<CredentialValue>) -> Option<Self> {
        let loaded = loaded.into_iter().map(|each| (each.id, Some(each.source), None));
        let set = set.into_iter().map(|each| (each.id, None, Some(each.value)));
        let mut items: Vec<(String, String, Option<Vec<u8>>)> = Vec::new();
        for (id, source, value) in loaded.chain(set) {
            let place = items.iter().position(|(each, ..)| *each == id).unwrap_or_else(|| {
                items.push((id, String::new(), None));
                items.len() - 1
            });
            let (_, own_source, own_value) = &mut items[place];
            *own_source = source.unwrap_or(std::mem::take(own_source));
            *own_value = value.or(own_value.take());
        }
        let directory = format!("{CREDENTIALS}/{unit}");
        (!items.is_empty()).then_some(Self { directory, items })
    }
}

/// The variables that tell a service of its folders.
const DIRECTORY_VARIABLES: [(&str, DirectoryKind); 5] = [
    ("RUNTIME_DIRECTORY", DirectoryKind::Runtime),
    ("STATE_DIRECTORY", DirectoryKind::State),
    ("CACHE_DIRECTORY", DirectoryKind::Cache),
    ("LOGS_DIRECTORY", DirectoryKind::Logs),
    ("CONFIGURATION_DIRECTORY", DirectoryKind::Configuration),
];

impl ExecPlan {
    /// Variables that are known here already, as if `Environment=` had set them first.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let of = |kind| {
            let own = self.directories.iter().filter(move |each| each.kind == kind);
            own.map(|each| each.path.as_str()).collect::<Vec<_>>().join(":")
        };
        let all = DIRECTORY_VARIABLES.map(|(name, kind)| (name.to_string(), of(kind)));
        let own = self.credentials.iter();
        let own = own.map(|each| ("CREDENTIALS_DIRECTORY".to_string(), each.directory.clone()));
        all.into_iter()
            .filter(|(_, paths)| !paths.is_empty())
            .chain(own)
            .chain(self.streams.term())
            .collect()
    }
}

/// [`unit::Scheduling`].
#[derive(PartialEq, Eq, Default, Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::Scheduling`")]
pub struct SchedulingPlan {
    pub nice: Option<i32>,
    pub policy: Option<u32>,
    pub priority: u32,
    pub affinity: Vec<u8>,
    pub io_priority: Option<u16>,
    pub timer_slack_ns: Option<u64>,
    pub personality: Option<u32>,
}

/// [`unit::Privileges`]; `None` where the unit says nothing.
#[derive(PartialEq, Eq, Default, Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::Privileges`")]
pub struct PrivilegesPlan {
    pub bounding: Option<u64>,
    pub ambient: Option<u64>,
    pub no_new: bool,
}

/// Spends every row of [`draft::Exec`]: see [`rest`].
pub(super) fn plan(exec: draft::Exec, streams: Streams, unit: &str) -> ExecPlan {
    let limits = limits(&exec);
    let directories = DirectoryPlan::all(&exec);
    let namespace = namespace::plan(&exec, &directories, unit);
    let scheduling = scheduling(&exec);
    let privileges = privileges(&exec);
    let terminal = terminal_of(&exec);
    let (root, root_start_only) = root_of(&exec);
    let variables = variables(&exec);
    let log = LogPlan::of(&exec, &streams);
    let Rest { preserve, loaded, set, files, groups, oom_score, default_sigpipe } = rest(exec);
    ExecPlan {
        limits,
        variables,
        scheduling,
        privileges,
        directories,
        preserve,
        streams: streams.more,
        credentials: CredentialsPlan::of(unit, loaded, set),
        files,
        groups,
        default_sigpipe,
        oom_score,
        terminal,
        namespace,
        root,
        root_start_only,
        // A terminal may be waited for as long as somebody sits at it.
        copied: oom_score.is_some() || streams.to[0] == Stdio::Tty,
        log,
    }
}

/// What nobody else spends.
struct Rest {
    preserve: Preserve,
    loaded: Vec<Source>,
    set: Vec<CredentialValue>,
    files: Vec<Opened>,
    groups: Vec<String>,
    oom_score: Option<i32>,
    default_sigpipe: bool,
}

/// Names every row, so that none is forgotten.
fn rest(exec: draft::Exec) -> Rest {
    let draft::Exec {
        runtime_directory_preserve,
        load_credential,
        set_credential,
        open_files,
        supplementary_groups,
        oom_score_adjust,
        ignore_sigpipe,
        // What is spent in `plan`, or by `StreamsPlan` and the checks.
        environment_files: _,
        pass_environment: _,
        unset_environment: _,
        runtime_directory: _,
        runtime_directory_mode: _,
        state_directory: _,
        state_directory_mode: _,
        cache_directory: _,
        cache_directory_mode: _,
        logs_directory: _,
        logs_directory_mode: _,
        configuration_directory: _,
        configuration_directory_mode: _,
        input_data: _,
        terminal: _,
        tty_reset: _,
        tty_hang_up: _,
        tty_disallocate: _,
        tty_rows: _,
        tty_columns: _,
        limit_cpu: _,
        limit_fsize: _,
        limit_data: _,
        limit_stack: _,
        limit_core: _,
        limit_rss: _,
        limit_as: _,
        limit_nproc: _,
        limit_memlock: _,
        limit_locks: _,
        limit_sigpending: _,
        limit_msgqueue: _,
        limit_nice: _,
        limit_rtprio: _,
        limit_rttime: _,
        root_directory: _,
        root_start_only: _,
        mount_api: _,
        protect_system: _,
        protect_home: _,
        private_tmp: _,
        read_write_paths: _,
        read_only_paths: _,
        inaccessible_paths: _,
        bind_paths: _,
        bind_read_only_paths: _,
        temporary_file_systems: _,
        private_mounts: _,
        private_network: _,
        private_ipc: _,
        protect_hostname: _,
        protect_clock: _,
        protect_kernel_tunables: _,
        protect_kernel_modules: _,
        protect_control_groups: _,
        nice: _,
        cpu_policy: _,
        cpu_priority: _,
        cpu_reset_on_fork: _,
        cpu_affinity: _,
        io_class: _,
        io_priority: _,
        timer_slack: _,
        personality: _,
        bounding_set: _,
        ambient_set: _,
        no_new_privileges: _,
        syslog_identifier: _,
        syslog_facility: _,
        syslog_level: _,
        syslog_level_prefix: _,
        log_level_max: _,
        log_rate_interval: _,
        log_rate_burst: _,
    } = exec;
    Rest {
        preserve: runtime_directory_preserve.value,
        loaded: load_credential.values(),
        set: set_credential.values(),
        files: open_files.values(),
        groups: supplementary_groups.values(),
        oom_score: oom_score_adjust.value().copied(),
        default_sigpipe: !ignore_sigpipe.value,
    }
}

fn variables(exec: &draft::Exec) -> VariablesPlan {
    VariablesPlan {
        files: exec.environment_files.cloned(),
        pass: exec.pass_environment.cloned(),
        unset: exec.unset_environment.cloned(),
    }
}

/// Another root directory than the board's, and whether it is for `ExecStart=` only.
fn root_of(exec: &draft::Exec) -> (String, bool) {
    let root = exec.root_directory.value().filter(|root| *root != "/").cloned().unwrap_or_default();
    let start_only = exec.root_start_only.value && !root.is_empty();
    (root, start_only)
}

fn privileges(exec: &draft::Exec) -> PrivilegesPlan {
    let sum = |changes: &Many<Capabilities>| CapabilityChange::sum(&changes.cloned());
    let bounding = sum(&exec.bounding_set).unwrap_or(CapabilityChange::ALL);
    let lost = [
        (exec.protect_kernel_modules.value, CAP_SYS_MODULE),
        (exec.protect_clock.value, CAP_SYS_TIME | CAP_WAKE_ALARM),
    ];
    let lost = lost.iter().filter(|(is_lost, _)| *is_lost).fold(0, |sum, (_, set)| sum | set);
    let bounding = bounding & !lost;
    PrivilegesPlan {
        bounding: Some(bounding).filter(|&set| set != CapabilityChange::ALL),
        ambient: sum(&exec.ambient_set).filter(|&set| set != 0),
        no_new: exec.no_new_privileges.value,
    }
}

fn scheduling(exec: &draft::Exec) -> SchedulingPlan {
    let policy = exec.cpu_policy.value().copied();
    let resets = exec.cpu_reset_on_fork.value;
    let reset = if resets { RESET_ON_FORK } else { 0 };
    let is_real_time = policy.is_some_and(|policy| REAL_TIME.contains(&policy));
    let priority = exec.cpu_priority.value().copied().unwrap_or(0);
    SchedulingPlan {
        nice: exec.nice.value().copied(),
        policy: (policy.is_some() || resets).then(|| policy.unwrap_or(0) | reset),
        priority: priority.max(is_real_time.into()),
        affinity: mask(&exec.cpu_affinity.cloned()),
        io_priority: io(exec.io_class.value().copied(), exec.io_priority.value().copied()),
        timer_slack_ns: exec.timer_slack.value().copied(),
        personality: exec.personality.value().copied(),
    }
}

/// The kernel's number for class and priority, if either is given.
fn io(class: Option<u16>, priority: Option<u32>) -> Option<u16> {
    let priority = priority.map(|priority| priority as u16);
    let number = class.unwrap_or(IO_BEST_EFFORT) << IO_CLASS_SHIFT | priority.unwrap_or(IO_NORMAL);
    (class.is_some() || priority.is_some()).then_some(number)
}

/// A bit for each processor, eight to a byte.
fn mask(processors: &[u16]) -> Vec<u8> {
    let bytes = processors.iter().max().map_or(0, |&last| usize::from(last) / 8 + 1);
    let mut mask = vec![0; bytes];
    for &processor in processors {
        mask[usize::from(processor) / 8] |= 1 << (processor % 8);
    }
    mask
}

/// By the numbers of asm-generic/resource.h; 7 is LimitNOFILE=.
fn limits(exec: &draft::Exec) -> Vec<ResourceLimit> {
    fn given<G: Scalar<Value = (u64, u64)>>(limit: &Maybe<G>) -> Option<(u64, u64)> {
        limit.value().copied()
    }
    let all = [
        (0, given(&exec.limit_cpu)),
        (1, given(&exec.limit_fsize)),
        (2, given(&exec.limit_data)),
        (3, given(&exec.limit_stack)),
        (4, given(&exec.limit_core)),
        (5, given(&exec.limit_rss)),
        (6, given(&exec.limit_nproc)),
        (8, given(&exec.limit_memlock)),
        (9, given(&exec.limit_as)),
        (10, given(&exec.limit_locks)),
        (11, given(&exec.limit_sigpending)),
        (12, given(&exec.limit_msgqueue)),
        (13, given(&exec.limit_nice)),
        (14, given(&exec.limit_rtprio)),
        (15, given(&exec.limit_rttime)),
    ];
    let set = all.into_iter().filter_map(|(resource, limit)| {
        let (soft, hard) = limit?;
        Some(ResourceLimit { resource, soft, hard })
    });
    set.collect()
}
