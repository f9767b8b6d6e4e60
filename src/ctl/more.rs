//! The properties that few services set, for `show`: those of [`unit::ExecMore`].

use core::fmt::{self, Display};

use unit::{
    Credentials, ExecMore, LogSetup, Privileges, Scheduling, Streams, Terminal, Variables, Words,
    decode,
};

use super::show::List;
use crate::features;

/// By the kernel's number: hard and soft. LimitNOFILE= has a place of its own.
const LIMITS: [(&str, &str); 16] = [
    ("LimitCPU", "LimitCPUSoft"),
    ("LimitFSIZE", "LimitFSIZESoft"),
    ("LimitDATA", "LimitDATASoft"),
    ("LimitSTACK", "LimitSTACKSoft"),
    ("LimitCORE", "LimitCORESoft"),
    ("LimitRSS", "LimitRSSSoft"),
    ("LimitNPROC", "LimitNPROCSoft"),
    ("LimitNOFILE", "LimitNOFILESoft"),
    ("LimitMEMLOCK", "LimitMEMLOCKSoft"),
    ("LimitAS", "LimitASSoft"),
    ("LimitLOCKS", "LimitLOCKSSoft"),
    ("LimitSIGPENDING", "LimitSIGPENDINGSoft"),
    ("LimitMSGQUEUE", "LimitMSGQUEUESoft"),
    ("LimitNICE", "LimitNICESoft"),
    ("LimitRTPRIO", "LimitRTPRIOSoft"),
    ("LimitRTTIME", "LimitRTTIMESoft"),
];
/// By [`unit::DirectoryKind`].
const DIRECTORIES: [[&str; 2]; 5] = [
    ["RuntimeDirectory", "RuntimeDirectoryMode"],
    ["StateDirectory", "StateDirectoryMode"],
    ["CacheDirectory", "CacheDirectoryMode"],
    ["LogsDirectory", "LogsDirectoryMode"],
    ["ConfigurationDirectory", "ConfigurationDirectoryMode"],
];
/// linux/sched.h
const POLICIES: [&str; 6] = ["other", "fifo", "rr", "batch", "", "idle"];
const RESET_ON_FORK: u32 = 0x4000_0000;

/// Prints what the unit says, and no defaults: there are too many.
pub(super) fn more(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    variables(list, more);
    directories(list, more);
    streams(list, more);
    terminal(list, more);
    files(list, more);
    limits(list, more);
    scheduling(list, more);
    privileges(list, more);
    log(list, more);
    if features::SUPPLEMENTARY_GROUPS && !more.groups.is_empty() {
        list.other("SupplementaryGroups", &Strings(more.groups));
    }
    list.flag("IgnoreSIGPIPE", !more.default_sigpipe);
    if features::ROOT_DIRECTORY
        && let Some(root) = more.root.strip_suffix('\0')
    {
        list.text("RootDirectory", root);
        list.flag("RootDirectoryStartOnly", more.root_start_only);
    }
    if features::OOM_SCORE
        && let Some(score) = more.oom_score
    {
        list.other("OOMScoreAdjust", &score);
    }
}

fn variables(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::VARIABLES {
        return;
    }
    let Some(variables) = decode::from_bytes::<Variables<'_>>(more.variables) else { return };
    list.other("EnvironmentFiles", &Strings(variables.files));
    list.other("PassEnvironment", &Strings(variables.pass));
    list.other("UnsetEnvironment", &Strings(variables.unset));
}

fn directories(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::DIRECTORIES {
        return;
    }
    for directory in more.directories.iter() {
        let [name, mode] = DIRECTORIES[directory.kind as usize];
        let path = directory.path.strip_suffix('\0').unwrap_or_default();
        let below = path.strip_prefix(directory.kind.root()).unwrap_or_default();
        list.text(name, below.strip_prefix('/').unwrap_or_default());
        list.mode(mode, directory.mode);
    }
    if !more.directories.is_empty() {
        list.text("RuntimeDirectoryPreserve", more.preserve.word());
    }
}

fn streams(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::STREAMS {
        return;
    }
    let Some(streams) = decode::from_bytes::<Streams<'_>>(more.streams) else { return };
    let names = ["StandardInputFile", "StandardOutputFile", "StandardErrorFile"];
    for (name, path) in names.into_iter().zip(streams.paths).chain([("TTYPath", streams.terminal)])
    {
        if let Some(path) = path.strip_suffix('\0') {
            list.text(name, path);
        }
    }
}

fn terminal(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::TERMINALS {
        return;
    }
    let Some(terminal) = decode::from_bytes::<Terminal>(more.terminal) else { return };
    list.flag("TTYReset", terminal.reset);
    list.flag("TTYVHangup", terminal.hang_up);
    list.flag("TTYVTDisallocate", terminal.disallocate);
    list.number("TTYRows", terminal.rows.unwrap_or(0).into());
    list.number("TTYColumns", terminal.columns.unwrap_or(0).into());
}

fn log(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::LOG || more.log.is_empty() {
        return;
    }
    let Some(log) = decode::from_bytes::<LogSetup<'_>>(more.log) else { return };
    list.text("SyslogIdentifier", log.identifier);
    list.number("SyslogFacility", (log.priority >> 3).into());
    list.number("SyslogLevel", (log.priority & 7).into());
    list.flag("SyslogLevelPrefix", log.level_prefix);
    list.number("LogLevelMax", log.level_max.into());
    list.time("LogRateLimitIntervalUSec", Some(log.rate.interval));
    list.number("LogRateLimitBurst", log.rate.burst);
}

/// What credentials say is not shown.
fn files(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if features::OPEN_FILES {
        for file in more.files.iter() {
            let path = file.path.trim_end_matches('\0');
            list.other("OpenFile", &format_args!("{path}:{}", file.name));
        }
    }
    if !features::CREDENTIALS {
        return;
    }
    let Some(credentials) = decode::from_bytes::<Credentials<'_>>(more.credentials) else { return };
    for credential in credentials.items.iter() {
        let id = credential.id.trim_end_matches('\0');
        let source = credential.source.trim_end_matches('\0');
        if !source.is_empty() {
            list.other("LoadCredential", &format_args!("{id}:{source}"));
        }
        if credential.value.is_some() {
            list.text("SetCredential", id);
        }
    }
}

fn limits(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::RESOURCE_LIMITS {
        return;
    }
    for limit in more.limits.iter() {
        let Some((hard, soft)) = LIMITS.get(usize::from(limit.resource)) else { continue };
        list.limit(hard, limit.hard);
        list.limit(soft, limit.soft);
    }
}

fn scheduling(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::SCHEDULING {
        return;
    }
    let Some(scheduling) = decode::from_bytes::<Scheduling<'_>>(more.scheduling) else { return };
    if let Some(nice) = scheduling.nice {
        list.other("Nice", &nice);
    }
    if let Some(policy) = scheduling.policy {
        let name = POLICIES.get((policy & !RESET_ON_FORK) as usize).copied();
        list.text("CPUSchedulingPolicy", name.unwrap_or_default());
        list.number("CPUSchedulingPriority", scheduling.priority);
        list.flag("CPUSchedulingResetOnFork", policy & RESET_ON_FORK != 0);
    }
    if !scheduling.affinity.is_empty() {
        list.other("CPUAffinity", &Processors(scheduling.affinity));
    }
    if let Some(priority) = scheduling.io_priority {
        list.number("IOSchedulingClass", (priority >> 13).into());
        list.number("IOSchedulingPriority", (priority & 7).into());
    }
    if let Some(slack) = scheduling.timer_slack_ns {
        list.other("TimerSlackNSec", &slack);
    }
    if let Some(personality) = scheduling.personality {
        list.number("Personality", personality);
    }
}

fn privileges(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::CAPABILITIES {
        return;
    }
    let Some(privileges) = decode::from_bytes::<Privileges>(more.privileges) else { return };
    // As in /proc/PID/status.
    list.other("CapabilityBoundingSet", &format_args!("{:016x}", privileges.bounding));
    list.other("AmbientCapabilities", &format_args!("{:016x}", privileges.ambient));
    list.flag("NoNewPrivileges", privileges.no_new);
}

/// The processors of a mask, by number.
struct Processors<'t>(&'t [u8]);

impl Display for Processors<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for processor in 0..self.0.len() * 8 {
            if self.0[processor / 8] & (1 << (processor % 8)) != 0 {
                write!(f, "{separator}{processor}")?;
                separator = " ";
            }
        }
        Ok(())
    }
}

/// Strings with blanks between them.
struct Strings<'t>(Words<'t>);

impl Display for Strings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, word) in self.0.iter().enumerate() {
            f.write_str(if number > 0 { " " } else { "" })?;
            f.write_str(word.to_str().unwrap_or("?"))?;
        }
        Ok(())
    }
}
