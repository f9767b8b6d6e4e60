//! What a service has of the system for itself, and of the file system as steps in order:
//! [`unit::Namespace`].
//!
//! Each directive gives entries: a path, and what becomes of it. They are sorted, those above
//! before those below, and of two for one path the one that confines more counts, as with
//! systemd. All trees that are put somewhere are taken before anything changes, so that what is
//! to be writable below what is sealed still is, and stays sealed where the board has it so.

use unit::{Missing, Namespace};

use crate::draft::{self, Many};
use crate::grammar::{BoundTrees, ConfinedPath, ConfinedPaths, Homes, System, TMPFS_DEFAULT};
use crate::report::Span;

use super::DirectoryPlan;

/// The folder of all folders of `PrivateTmp=`.
const PRIVATE_TMP: &str = "/run/pilot/private";

/// [`unit::Namespace`].
#[derive(PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::Namespace`")]
pub struct NamespacePlan {
    pub kinds: u8,
    pub private_tmp: String,
    pub said: Vec<String>,
    pub steps: Vec<NamespaceStepPlan>,
}

/// [`unit::NamespaceStep`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each variant is that of `unit::NamespaceStep`")]
pub enum NamespaceStepPlan {
    Take { path: String, flat: bool, missing: Missing },
    TakeTmp { name: &'static str },
    Make { path: String },
    SealAll,
    Put { path: String, read_only: bool, make: bool, optional: bool },
    Empty { path: String, options: String, optional: bool },
    Seal { path: String, optional: bool },
    Hide { path: String, optional: bool },
}

/// What becomes of a path. Of two for the same path the first of these counts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Fate {
    /// Nobody can enter it.
    Hidden,
    /// Another tree is seen there.
    Bound { source: String, read_only: bool, flat: bool },
    /// The service has one of its own.
    Tmp(&'static str),
    /// It is read-only.
    Sealed,
    /// It can be written to, whatever becomes of what is above it.
    Open,
    /// It is empty, and in memory.
    Memory { options: String, read_only: bool },
    /// As `Open`; nobody has asked for it by name.
    Kept,
}

/// A path, and what becomes of it.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'d> {
    pub(crate) path: String,
    pub(crate) fate: Fate,
    missing: Missing,
    /// Where the unit says so, if it names the path.
    pub(crate) span: Option<&'d Span>,
}

impl Entry<'_> {
    /// A tree of another place is seen there, or none: paths of the board mean nothing in it.
    pub(crate) fn is_foreign(&self) -> bool {
        match self.fate {
            Fate::Bound { .. } | Fate::Tmp(_) | Fate::Memory { .. } => true,
            Fate::Hidden | Fate::Sealed | Fate::Open | Fate::Kept => false,
        }
    }

    /// True if `path` is below this one's.
    pub(crate) fn is_above(&self, path: &str) -> bool {
        let own = if self.path == "/" { "" } else { self.path.as_str() };
        path.len() > self.path.len()
            && path.strip_prefix(own).is_some_and(|rest| rest.starts_with('/'))
    }
}

const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];
/// Where programs are, and what boots the board. Boards whose root has no /usr for all have the
/// others, too; elsewhere these are links.
const PROGRAMS: [&str; 7] = ["/usr", "/boot", "/efi", "/bin", "/sbin", "/lib", "/lib64"];
/// What the kernel makes.
const KERNEL: [&str; 3] = ["/dev", "/proc", "/sys"];
const TUNABLES: [&str; 15] = [
    "/proc/acpi",
    "/proc/apm",
    "/proc/asound",
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/latency_stats",
    "/proc/mtrr",
    "/proc/scsi",
    "/proc/sys",
    "/proc/sysrq-trigger",
    "/proc/timer_stats",
    "/sys",
    "/sys/kernel/debug",
    "/sys/kernel/tracing",
];
const KERNEL_MEMORY: [&str; 2] = ["/proc/kallsyms", "/proc/kcore"];
const CONTROL_GROUPS: &str = "/sys/fs/cgroup";
const MODULES: [&str; 2] = ["/lib/modules", "/usr/lib/modules"];
const TMP: [(&str, &str); 2] = [("/tmp", "tmp"), ("/var/tmp", "var-tmp")];

/// Collects entries.
#[derive(Default)]
struct Entries<'d>(Vec<Entry<'d>>);

impl<'d> Entries<'d> {
    /// Paths that need not be there.
    fn fixed(&mut self, paths: &[&str], fate: &Fate) {
        self.fixed_if(paths, fate, Missing::IsFine);
    }

    fn fixed_if(&mut self, paths: &[&str], fate: &Fate, missing: Missing) {
        self.0.extend(paths.iter().map(|path| Entry {
            path: (*path).into(),
            fate: fate.clone(),
            missing,
            span: None,
        }));
    }

    fn named(&mut self, paths: &'d Many<ConfinedPaths>, fate: &Fate) {
        for each in &paths.items {
            self.add(each.value.path.clone(), fate.clone(), missing(&each.value), &each.span);
        }
    }

    fn bound(&mut self, trees: &'d Many<BoundTrees>, read_only: bool) {
        for each in &trees.items {
            let tree = &each.value;
            let source = tree.source.path.clone();
            let fate = Fate::Bound { source, read_only, flat: tree.flat };
            self.add(tree.target.clone(), fate, missing(&tree.source), &each.span);
        }
    }

    fn add(&mut self, path: String, fate: Fate, missing: Missing, span: &'d Span) {
        self.0.push(Entry { path, fate, missing, span: Some(span) });
    }
}

const fn missing(path: &ConfinedPath) -> Missing {
    if path.optional { Missing::IsFine } else { Missing::Fails }
}

/// What a unit says, sorted; nothing that changes nothing.
pub(crate) fn entries<'d>(exec: &'d draft::Exec, directories: &[DirectoryPlan]) -> Vec<Entry<'d>> {
    let mut entries = Entries::default();
    entries.named(&exec.inaccessible_paths, &Fate::Hidden);
    entries.bound(&exec.bind_paths, false);
    entries.bound(&exec.bind_read_only_paths, true);
    entries.named(&exec.read_only_paths, &Fate::Sealed);
    entries.named(&exec.read_write_paths, &Fate::Open);
    for each in &exec.temporary_file_systems.items {
        let tree = &each.value;
        let fate = Fate::Memory { options: tree.options.clone(), read_only: tree.read_only };
        entries.add(tree.target.path.clone(), fate, missing(&tree.target), &each.span);
    }
    if exec.private_tmp.value {
        for (path, name) in TMP {
            entries.fixed(&[path], &Fate::Tmp(name));
        }
    }
    let system = exec.protect_system.value;
    if system >= System::Programs {
        entries.fixed_if(&PROGRAMS, &Fate::Sealed, Missing::OrLinkIsFine);
    }
    if system >= System::Configuration {
        entries.fixed(&["/etc"], &Fate::Sealed);
    }
    if system == System::Strict {
        entries.fixed(&["/"], &Fate::Sealed);
        entries.fixed(&KERNEL, &Fate::Kept);
        entries.fixed(&HOMES, &Fate::Kept);
    }
    let empty = || Fate::Memory { options: TMPFS_DEFAULT.into(), read_only: true };
    match exec.protect_home.value {
        Homes::Open => {}
        Homes::Hidden => entries.fixed(&HOMES, &Fate::Hidden),
        Homes::ReadOnly => entries.fixed(&HOMES, &Fate::Sealed),
        Homes::Empty => entries.fixed(&HOMES, &empty()),
    }
    if exec.protect_kernel_tunables.value {
        entries.fixed(&TUNABLES, &Fate::Sealed);
        entries.fixed(&KERNEL_MEMORY, &Fate::Hidden);
        entries.fixed(&[CONTROL_GROUPS], &Fate::Kept);
    }
    if exec.protect_control_groups.value {
        entries.fixed(&[CONTROL_GROUPS], &Fate::Sealed);
    }
    if exec.protect_kernel_modules.value {
        entries.fixed(&MODULES, &Fate::Hidden);
    }
    for directory in
        directories.iter().filter(|each| each.kind != unit::DirectoryKind::Configuration)
    {
        entries.fixed(&[&directory.path], &Fate::Kept);
    }
    settle(entries.0)
}

/// Sorts, and leaves out what changes nothing.
fn settle(mut entries: Vec<Entry<'_>>) -> Vec<Entry<'_>> {
    let parts = |path: &str| {
        path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    entries.sort_by_cached_key(|entry| (parts(&entry.path), entry.fate.clone()));
    entries.dedup_by(|second, first| second.path == first.path);
    let mut kept: Vec<Entry<'_>> = Vec::new();
    for entry in entries {
        // The nearest one above is the last one: what is above stands before what is below.
        let above = kept.iter().rev().find(|each| each.is_above(&entry.path));
        let is_idle = match (&entry.fate, above.map(|above| &above.fate)) {
            (_, Some(Fate::Hidden)) => true,
            (Fate::Kept, Some(Fate::Bound { .. } | Fate::Tmp(_) | Fate::Memory { .. })) => true,
            (Fate::Open | Fate::Kept, above) => !matches!(above, Some(Fate::Sealed)),
            (Fate::Sealed, Some(Fate::Sealed)) => true,
            (
                Fate::Hidden
                | Fate::Bound { .. }
                | Fate::Tmp(_)
                | Fate::Sealed
                | Fate::Memory { .. },
                _,
            ) => false,
        };
        // What is named is looked at by the checks.
        let is_astray = entry.span.is_some()
            && matches!(entry.fate, Fate::Open | Fate::Sealed)
            && above.is_some_and(Entry::is_foreign);
        if !is_idle || is_astray {
            kept.push(entry);
        }
    }
    kept
}

/// `None` if the unit says nothing of it.
pub(super) fn plan(
    exec: &draft::Exec,
    directories: &[DirectoryPlan],
    unit: &str,
) -> Option<NamespacePlan> {
    let entries = entries(exec, directories);
    let kinds = [
        (!entries.is_empty() || exec.private_mounts.value, Namespace::MOUNTS),
        (exec.private_network.value, Namespace::NETWORK),
        (exec.protect_hostname.value, Namespace::HOST_NAME),
        (exec.private_ipc.value, Namespace::IPC),
    ];
    let kinds = kinds.iter().filter(|(is_own, _)| *is_own).fold(0, |sum, (_, kind)| sum | kind);
    if kinds == 0 {
        return None;
    }
    let steps = [takes(&entries), changes(&entries), seals(&entries)].concat();
    let has_tmp = entries.iter().any(|entry| matches!(entry.fate, Fate::Tmp(_)));
    let private_tmp = if has_tmp { format!("{PRIVATE_TMP}/{unit}") } else { String::new() };
    Some(NamespacePlan { kinds, private_tmp, said: said(exec), steps })
}

/// What the unit says, as it would say it.
fn said(exec: &draft::Exec) -> Vec<String> {
    let system = match exec.protect_system.value {
        System::Open => "no",
        System::Programs => "yes",
        System::Configuration => "full",
        System::Strict => "strict",
    };
    let home = match exec.protect_home.value {
        Homes::Open => "no",
        Homes::Hidden => "yes",
        Homes::ReadOnly => "read-only",
        Homes::Empty => "tmpfs",
    };
    let mut said = vec![format!("ProtectSystem={system}"), format!("ProtectHome={home}")];
    let flags = [
        ("PrivateTmp", exec.private_tmp.value),
        ("PrivateMounts", exec.private_mounts.value),
        ("PrivateNetwork", exec.private_network.value),
        ("PrivateIPC", exec.private_ipc.value),
        ("ProtectHostname", exec.protect_hostname.value),
        ("ProtectKernelTunables", exec.protect_kernel_tunables.value),
        ("ProtectKernelModules", exec.protect_kernel_modules.value),
        ("ProtectControlGroups", exec.protect_control_groups.value),
    ];
    said.extend(flags.map(|(name, flag)| format!("{name}={}", if flag { "yes" } else { "no" })));
    let paths = [
        ("ReadWritePaths", &exec.read_write_paths),
        ("ReadOnlyPaths", &exec.read_only_paths),
        ("InaccessiblePaths", &exec.inaccessible_paths),
    ];
    for (name, paths) in paths {
        let all = paths.items.iter().map(|each| {
            let dash = if each.value.optional { "-" } else { "" };
            format!("{dash}{}", each.value.path)
        });
        said.push(format!("{name}={}", all.collect::<Vec<_>>().join(" ")));
    }
    for (name, trees) in
        [("BindPaths", &exec.bind_paths), ("BindReadOnlyPaths", &exec.bind_read_only_paths)]
    {
        let all = trees.items.iter().map(|each| {
            let tree = &each.value;
            let dash = if tree.source.optional { "-" } else { "" };
            let option = if tree.flat { "norbind" } else { "rbind" };
            format!("{dash}{}:{}:{option}", tree.source.path, tree.target)
        });
        said.push(format!("{name}={}", all.collect::<Vec<_>>().join(" ")));
    }
    let memory = exec.temporary_file_systems.items.iter().map(|each| {
        let ro = if each.value.read_only { ",ro" } else { "" };
        format!("{}:{}{ro}", each.value.target.path, each.value.options)
    });
    said.push(format!("TemporaryFileSystem={}", memory.collect::<Vec<_>>().join(" ")));
    said
}

/// The trees that are put, in the order in which they are.
fn takes(entries: &[Entry<'_>]) -> Vec<NamespaceStepPlan> {
    let mut steps = Vec::new();
    for entry in entries {
        let Entry { path, missing, .. } = entry;
        let missing = *missing;
        match &entry.fate {
            Fate::Bound { source, flat, .. } => {
                let (path, flat) = (source.clone(), *flat);
                steps.push(NamespaceStepPlan::Take { path, flat, missing });
                if !is_in_foreign(entry, entries) {
                    steps.push(NamespaceStepPlan::Make { path: entry.path.clone() });
                }
            }
            Fate::Tmp(name) => steps.push(NamespaceStepPlan::TakeTmp { name }),
            Fate::Sealed if path == "/" => {}
            Fate::Sealed | Fate::Open | Fate::Kept => {
                steps.push(NamespaceStepPlan::Take { path: path.clone(), flat: false, missing });
            }
            Fate::Hidden | Fate::Memory { .. } => {}
        }
    }
    steps
}

/// True if the place of an entry is on a tree that another one brings.
fn is_in_foreign(entry: &Entry<'_>, entries: &[Entry<'_>]) -> bool {
    entries.iter().any(|each| each.is_foreign() && each.is_above(&entry.path))
}

fn changes(entries: &[Entry<'_>]) -> Vec<NamespaceStepPlan> {
    let change = |entry: &Entry<'_>| {
        let path = entry.path.clone();
        let optional = entry.missing != Missing::Fails;
        let put = |read_only, make, optional| NamespaceStepPlan::Put {
            path: entry.path.clone(),
            read_only,
            make,
            optional,
        };
        let in_foreign = is_in_foreign(entry, entries);
        match &entry.fate {
            Fate::Hidden => NamespaceStepPlan::Hide { path, optional },
            Fate::Bound { read_only, .. } => put(*read_only, in_foreign, false),
            Fate::Tmp(_) => put(false, in_foreign, !in_foreign),
            Fate::Sealed if path == "/" => NamespaceStepPlan::SealAll,
            Fate::Sealed => put(true, false, false),
            Fate::Open | Fate::Kept => put(false, false, false),
            Fate::Memory { options, .. } => {
                NamespaceStepPlan::Empty { path, options: options.clone(), optional }
            }
        }
    };
    entries.iter().map(change).collect()
}

/// What is brought into an empty file system is brought before it is sealed.
fn seals(entries: &[Entry<'_>]) -> Vec<NamespaceStepPlan> {
    let is_sealed = |entry: &&Entry<'_>| matches!(entry.fate, Fate::Memory { read_only: true, .. });
    let sealed = entries.iter().filter(is_sealed);
    sealed
        .map(|entry| NamespaceStepPlan::Seal {
            path: entry.path.clone(),
            optional: entry.missing != Missing::Fails,
        })
        .collect()
}
