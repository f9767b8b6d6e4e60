//! What few units say of what their processes are given, in the form of [`unit::ExecMore`].

use unit::{
    Credential, Credentials, ExecDirectory, ExecMore, LogSetup, Namespace, NamespaceStep, OpenFile,
    Privileges, Scheduling, Seq, Streams, Terminal, Variables, Words,
};

use super::encode;
use crate::grammar::Opened;
use crate::plan::{
    CredentialsPlan, DirectoryPlan, ExecPlan, LogPlan, NamespacePlan, NamespaceStepPlan,
    PrivilegesPlan, SchedulingPlan, StreamsPlan, VariablesPlan,
};

/// Empty if the unit says nothing of all that.
pub(super) fn more(plan: &ExecPlan) -> Vec<u8> {
    if *plan == ExecPlan::default() {
        return Vec::new();
    }
    let limits: Vec<u8> = plan.limits.iter().flat_map(encode).collect();
    let groups = strings(&plan.groups);
    let directories: Vec<u8> = plan.directories.iter().flat_map(directory).collect();
    let files: Vec<u8> = plan.files.iter().flat_map(file).collect();
    let root = if plan.root.is_empty() { String::new() } else { format!("{}\0", plan.root) };
    let is_plain = plan.terminal == Terminal::default();
    let terminal = if is_plain { Vec::new() } else { encode(&plan.terminal) };
    encode(&ExecMore {
        limits: Seq::from_bytes(&limits),
        variables: &variables(&plan.variables),
        scheduling: &scheduling(&plan.scheduling),
        privileges: &privileges(&plan.privileges),
        directories: Seq::from_bytes(&directories),
        preserve: plan.preserve,
        streams: &streams(&plan.streams),
        credentials: &plan.credentials.as_ref().map_or(Vec::new(), credentials),
        files: Seq::from_bytes(&files),
        groups: Words::from_bytes(&groups),
        default_sigpipe: plan.default_sigpipe,
        terminal: &terminal,
        namespace: &plan.namespace.as_ref().map_or(Vec::new(), namespace),
        root: &root,
        root_start_only: plan.root_start_only,
        oom_score: plan.oom_score,
        copied: plan.copied,
        log: &log(&plan.log),
    })
}

/// Each with its NUL.
fn strings(strings: &[String]) -> Vec<u8> {
    strings.iter().flat_map(|text| text.bytes().chain([0])).collect()
}

fn variables(plan: &VariablesPlan) -> Vec<u8> {
    if *plan == VariablesPlan::default() {
        return Vec::new();
    }
    let (files, pass, unset) = (strings(&plan.files), strings(&plan.pass), strings(&plan.unset));
    encode(&Variables {
        files: Words::from_bytes(&files),
        pass: Words::from_bytes(&pass),
        unset: Words::from_bytes(&unset),
    })
}

fn namespace(plan: &NamespacePlan) -> Vec<u8> {
    let nul = |text: &String| if text.is_empty() { String::new() } else { format!("{text}\0") };
    let steps: Vec<u8> = plan.steps.iter().flat_map(namespace_step).collect();
    encode(&Namespace {
        kinds: plan.kinds,
        private_tmp: &nul(&plan.private_tmp),
        said: Words::from_bytes(&strings(&plan.said)),
        steps: Seq::from_bytes(&steps),
    })
}

fn namespace_step(plan: &NamespaceStepPlan) -> Vec<u8> {
    let nul = |text: &str| format!("{text}\0");
    let path = match plan {
        NamespaceStepPlan::Take { path, .. }
        | NamespaceStepPlan::Make { path }
        | NamespaceStepPlan::Put { path, .. }
        | NamespaceStepPlan::Empty { path, .. }
        | NamespaceStepPlan::Seal { path, .. }
        | NamespaceStepPlan::Hide { path, .. } => nul(path),
        NamespaceStepPlan::TakeTmp { name } => nul(name),
        NamespaceStepPlan::SealAll => String::new(),
    };
    let path = path.as_str();
    match *plan {
        NamespaceStepPlan::Take { flat, missing, .. } => {
            encode(&NamespaceStep::Take { path, flat, missing })
        }
        NamespaceStepPlan::TakeTmp { .. } => encode(&NamespaceStep::TakeTmp { name: path }),
        NamespaceStepPlan::Make { .. } => encode(&NamespaceStep::Make { path }),
        NamespaceStepPlan::SealAll => encode(&NamespaceStep::SealAll),
        NamespaceStepPlan::Put { read_only, make, optional, .. } => {
            encode(&NamespaceStep::Put { path, read_only, make, optional })
        }
        NamespaceStepPlan::Empty { ref options, optional, .. } => {
            encode(&NamespaceStep::Empty { path, options: &nul(options), optional })
        }
        NamespaceStepPlan::Seal { optional, .. } => encode(&NamespaceStep::Seal { path, optional }),
        NamespaceStepPlan::Hide { optional, .. } => encode(&NamespaceStep::Hide { path, optional }),
    }
}

fn directory(plan: &DirectoryPlan) -> Vec<u8> {
    let path = format!("{}\0", plan.path);
    encode(&ExecDirectory { kind: plan.kind, path: &path, mode: plan.mode })
}

fn streams(plan: &StreamsPlan) -> Vec<u8> {
    if *plan == StreamsPlan::default() {
        return Vec::new();
    }
    let path = |path: &String| if path.is_empty() { String::new() } else { format!("{path}\0") };
    let paths: Vec<String> = plan.paths.iter().map(path).collect();
    encode(&Streams {
        paths: [&paths[0], &paths[1], &paths[2]],
        writable: plan.writable,
        data: &plan.data,
        terminal: &path(&plan.terminal),
    })
}

fn log(plan: &LogPlan) -> Vec<u8> {
    if *plan == LogPlan::default() {
        return Vec::new();
    }
    encode(&LogSetup {
        identifier: &plan.identifier,
        priority: plan.priority,
        level_prefix: plan.level_prefix,
        level_max: plan.level_max,
        rate: plan.rate,
        console: plan.console,
    })
}

fn credentials(plan: &CredentialsPlan) -> Vec<u8> {
    let terminated = |text: &str| format!("{text}\0");
    let item = |(id, source, value): &(String, String, Option<Vec<u8>>)| {
        encode(&Credential {
            id: &terminated(id),
            source: &if source.is_empty() { String::new() } else { terminated(source) },
            value: value.as_deref(),
        })
    };
    let items: Vec<u8> = plan.items.iter().flat_map(item).collect();
    encode(&Credentials { directory: &terminated(&plan.directory), items: Seq::from_bytes(&items) })
}

fn file(file: &Opened) -> Vec<u8> {
    let path = format!("{}\0", file.path);
    let Opened { name, mode, graceful, .. } = file;
    encode(&OpenFile { path: &path, name, mode: *mode, graceful: *graceful })
}

fn scheduling(plan: &SchedulingPlan) -> Vec<u8> {
    if *plan == SchedulingPlan::default() {
        return Vec::new();
    }
    encode(&Scheduling {
        nice: plan.nice,
        policy: plan.policy,
        priority: plan.priority,
        affinity: &plan.affinity,
        io_priority: plan.io_priority,
        timer_slack_ns: plan.timer_slack_ns,
        personality: plan.personality,
    })
}

fn privileges(plan: &PrivilegesPlan) -> Vec<u8> {
    if *plan == PrivilegesPlan::default() {
        return Vec::new();
    }
    encode(&Privileges {
        bounding: plan.bounding.unwrap_or(u64::MAX),
        ambient: plan.ambient.unwrap_or(0),
        no_new: plan.no_new,
    })
}
