//! The properties that few services set, for `show`: those of [`unit::ExecMore`].

use core::fmt::{self, Display};

use unit::{
    Credentials, ExecMore, LogSetup, Namespace, Privileges, Scheduling, Streams, Terminal,
    Variables, Words, decode,
};

use super::property::Property;
use super::show::List;
use crate::features;

/// By the kernel's number: hard and soft. LimitNOFILE= has a place of its own.
const LIMITS: [(Property, Property); 16] = [
    (Property::LimitCPU, Property::LimitCPUSoft),
    (Property::LimitFSIZE, Property::LimitFSIZESoft),
    (Property::LimitDATA, Property::LimitDATASoft),
    (Property::LimitSTACK, Property::LimitSTACKSoft),
    (Property::LimitCORE, Property::LimitCORESoft),
    (Property::LimitRSS, Property::LimitRSSSoft),
    (Property::LimitNPROC, Property::LimitNPROCSoft),
    (Property::LimitNOFILE, Property::LimitNOFILESoft),
    (Property::LimitMEMLOCK, Property::LimitMEMLOCKSoft),
    (Property::LimitAS, Property::LimitASSoft),
    (Property::LimitLOCKS, Property::LimitLOCKSSoft),
    (Property::LimitSIGPENDING, Property::LimitSIGPENDINGSoft),
    (Property::LimitMSGQUEUE, Property::LimitMSGQUEUESoft),
    (Property::LimitNICE, Property::LimitNICESoft),
    (Property::LimitRTPRIO, Property::LimitRTPRIOSoft),
    (Property::LimitRTTIME, Property::LimitRTTIMESoft),
];
/// By [`unit::DirectoryKind`].
const DIRECTORIES: [[Property; 2]; 5] = [
    [Property::RuntimeDirectory, Property::RuntimeDirectoryMode],
    [Property::StateDirectory, Property::StateDirectoryMode],
    [Property::CacheDirectory, Property::CacheDirectoryMode],
    [Property::LogsDirectory, Property::LogsDirectoryMode],
    [Property::ConfigurationDirectory, Property::ConfigurationDirectoryMode],
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
    namespace(list, more);
    log(list, more);
    if features::SUPPLEMENTARY_GROUPS && !more.groups.is_empty() {
        list.other(Property::SupplementaryGroups, &Strings(more.groups));
    }
    list.flag(Property::IgnoreSIGPIPE, !more.default_sigpipe);
    if features::ROOT_DIRECTORY
        && let Some(root) = more.root.strip_suffix('\0')
    {
        list.text(Property::RootDirectory, root);
        list.flag(Property::RootDirectoryStartOnly, more.root_start_only);
    }
    if features::OOM_SCORE
        && let Some(score) = more.oom_score
    {
        list.other(Property::OOMScoreAdjust, &score);
    }
}

fn variables(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::VARIABLES {
        return;
    }
    let Some(variables) = decode::from_bytes::<Variables<'_>>(more.variables) else { return };
    list.other(Property::EnvironmentFiles, &Strings(variables.files));
    list.other(Property::PassEnvironment, &Strings(variables.pass));
    list.other(Property::UnsetEnvironment, &Strings(variables.unset));
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
        list.text(Property::RuntimeDirectoryPreserve, more.preserve.word());
    }
}

fn streams(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::STREAMS {
        return;
    }
    let Some(streams) = decode::from_bytes::<Streams<'_>>(more.streams) else { return };
    let names =
        [Property::StandardInputFile, Property::StandardOutputFile, Property::StandardErrorFile];
    for (name, path) in
        names.into_iter().zip(streams.paths).chain([(Property::TTYPath, streams.terminal)])
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
    list.flag(Property::TTYReset, terminal.reset);
    list.flag(Property::TTYVHangup, terminal.hang_up);
    list.flag(Property::TTYVTDisallocate, terminal.disallocate);
    list.number(Property::TTYRows, terminal.rows.unwrap_or(0).into());
    list.number(Property::TTYColumns, terminal.columns.unwrap_or(0).into());
}

fn log(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::LOG || more.log.is_empty() {
        return;
    }
    let Some(log) = decode::from_bytes::<LogSetup<'_>>(more.log) else { return };
    list.text(Property::SyslogIdentifier, log.identifier);
    list.number(Property::SyslogFacility, (log.priority >> 3).into());
    list.number(Property::SyslogLevel, (log.priority & 7).into());
    list.flag(Property::SyslogLevelPrefix, log.level_prefix);
    list.number(Property::LogLevelMax, log.level_max.into());
    list.time(Property::LogRateLimitIntervalUSec, Some(log.rate.interval));
    list.number(Property::LogRateLimitBurst, log.rate.burst);
}

/// What credentials say is not shown.
fn files(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if features::OPEN_FILES {
        for file in more.files.iter() {
            let path = file.path.trim_end_matches('\0');
            list.other(Property::OpenFile, &format_args!("{path}:{}", file.name));
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
            list.other(Property::LoadCredential, &format_args!("{id}:{source}"));
        }
        if credential.value.is_some() {
            list.text(Property::SetCredential, id);
        }
    }
}

fn limits(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::RESOURCE_LIMITS {
        return;
    }
    for limit in more.limits.iter() {
        let Some(&(hard, soft)) = LIMITS.get(usize::from(limit.resource)) else { continue };
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
        list.other(Property::Nice, &nice);
    }
    if let Some(policy) = scheduling.policy {
        let name = POLICIES.get((policy & !RESET_ON_FORK) as usize).copied();
        list.text(Property::CPUSchedulingPolicy, name.unwrap_or_default());
        list.number(Property::CPUSchedulingPriority, scheduling.priority);
        list.flag(Property::CPUSchedulingResetOnFork, policy & RESET_ON_FORK != 0);
    }
    if !scheduling.affinity.is_empty() {
        list.other(Property::CPUAffinity, &Processors(scheduling.affinity));
    }
    if let Some(priority) = scheduling.io_priority {
        list.number(Property::IOSchedulingClass, (priority >> 13).into());
        list.number(Property::IOSchedulingPriority, (priority & 7).into());
    }
    if let Some(slack) = scheduling.timer_slack_ns {
        list.other(Property::TimerSlackNSec, &slack);
    }
    if let Some(personality) = scheduling.personality {
        list.number(Property::Personality, personality);
    }
}

fn privileges(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::CAPABILITIES {
        return;
    }
    let Some(privileges) = decode::from_bytes::<Privileges>(more.privileges) else { return };
    // As in /proc/PID/status.
    list.other(Property::CapabilityBoundingSet, &format_args!("{:016x}", privileges.bounding));
    list.other(Property::AmbientCapabilities, &format_args!("{:016x}", privileges.ambient));
    list.flag(Property::NoNewPrivileges, privileges.no_new);
}

fn namespace(list: &mut List<'_, '_>, more: &ExecMore<'_>) {
    if !features::NAMESPACES {
        return;
    }
    let Some(namespace) = decode::from_bytes::<Namespace<'_>>(more.namespace) else { return };
    for text in namespace.said.iter() {
        list.said(text.to_str().unwrap_or_default());
    }
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
