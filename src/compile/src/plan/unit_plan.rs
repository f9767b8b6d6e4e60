//! Drafts of services to what the table holds: every default applied.
//!
//! Drafts are taken apart without `..`: a new row fails to build here until it is spent.

use std::collections::{BTreeMap, BTreeSet};

use unit::{Emergency, KillMode, Millis, NotifyAccess, RateLimit, Restart, ServiceType, Stdio};

use super::Defaults;
use super::exec::{self, ExecPlan};
use super::life::{FromElsewhere, LifePlan};
use super::streams::StreamsPlan;
use crate::check::type_of;
use crate::draft;
use crate::grammar::{Command, WorkingDirectory};

/// [`unit::Service`] and [`unit::ExecContext`] with text of their own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::Service` or `unit::ExecContext`")]
pub struct ServicePlan {
    pub type_: ServiceType,
    pub restart: Restart,
    pub kill_mode: KillMode,
    pub kill_signal: u8,
    pub restart_delay: Millis,
    pub timeout_start: Option<Millis>,
    pub timeout_stop: Option<Millis>,
    pub start_limit: RateLimit,
    pub start_limit_action: Emergency,
    pub sockets: BTreeSet<u16>,
    pub per_connection: bool,
    pub exec_start_pre: Vec<Command>,
    pub exec_start: Vec<Command>,
    pub exec_reload: Vec<Command>,
    pub exec_stop: Vec<Command>,
    pub user: String,
    pub group: String,
    pub working_directory: WorkingDirectory,
    pub environment: Vec<(String, String)>,
    pub umask: u16,
    pub limit_nofile: Option<(u64, u64)>,
    pub stdin: Stdio,
    pub stdout: Stdio,
    pub stderr: Stdio,
    pub non_blocking: bool,
    pub more: ExecPlan,
    pub life: LifePlan,
}

impl ServicePlan {
    /// Who of it is listened to.
    pub fn access(&self) -> NotifyAccess {
        self.life.notify_access.unwrap_or(self.type_.notify_access())
    }
}

/// What a service has from elsewhere than its own section.
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) sockets: BTreeSet<u16>,
    pub(super) per_connection: bool,
    pub(super) start_limit: (RateLimit, Emergency),
    pub(super) life: FromElsewhere,
}

/// One assignment to a name: the last value, in the place of the first.
pub(super) fn merge(pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut merged: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs {
        match places.get(&name) {
            Some(&place) => merged[place].1 = value,
            None => {
                places.insert(name.clone(), merged.len());
                merged.push((name, value));
            }
        }
    }
    merged
}

pub(super) fn service(
    service: draft::Service,
    exec: draft::Exec,
    shared: Shared,
    defaults: &Defaults,
) -> ServicePlan {
    let type_ = type_of(&service);
    let life = LifePlan::of(&service, &shared.life);
    let ([stdin, stdout, stderr], streams) = StreamsPlan::of(&service, &exec, defaults);
    let draft::Service {
        service_type: _,
        notify_access: _,
        sockets: _,
        start_time: _,
        slice: _,
        oom_policy: _,
        exec_start,
        exec_start_pre,
        exec_reload,
        exec_stop,
        user,
        group,
        working_directory,
        environment,
        umask,
        limit_nofile,
        non_blocking,
        restart,
        restart_delay,
        timeout_start,
        timeout_stop,
        timeout,
        kill_mode,
        kill_signal,
        standard_input: _,
        standard_output: _,
        standard_error: _,
        // What `StreamsPlan` and `LifePlan` have spent, and above what `GroupPlan` has.
        exec_condition: _,
        exec_start_post: _,
        exec_reload_post: _,
        exec_stop_post: _,
        remain_after_exit: _,
        pid_file: _,
        store_max: _,
        store_preserve: _,
        guess_main_pid: _,
        reload_signal: _,
        success_exit_status: _,
        restart_prevent_status: _,
        restart_force_status: _,
        restart_steps: _,
        restart_max_delay: _,
        timeout_abort: _,
        timeout_start_failure: _,
        timeout_stop_failure: _,
        runtime_max: _,
        runtime_extra: _,
        watchdog: _,
        watchdog_signal: _,
        restart_kill_signal: _,
        send_sighup: _,
        final_kill_signal: _,
        send_sigkill: _,
    } = service;
    let Shared { sockets, per_connection, start_limit, .. } = shared;
    let both = timeout.given.map(|given| given.value);
    let start_default = defaults.timeout_start.filter(|_| type_ != ServiceType::Oneshot);
    let more = exec::plan(exec, streams, &shared.name);
    let own = defaults.environment.iter().cloned().chain(environment.values());
    let environment = merge(more.variables().into_iter().chain(own).collect());
    ServicePlan {
        type_,
        restart: restart.value,
        kill_mode: kill_mode.value,
        kill_signal: kill_signal.value,
        restart_delay: restart_delay.or(defaults.restart_delay),
        timeout_start: timeout_start.or(both.unwrap_or(start_default)),
        timeout_stop: timeout_stop.or(both.unwrap_or(defaults.timeout_stop)),
        start_limit: start_limit.0,
        start_limit_action: start_limit.1,
        sockets,
        per_connection,
        exec_start_pre: exec_start_pre.values(),
        exec_start: exec_start.values(),
        exec_reload: exec_reload.values(),
        exec_stop: exec_stop.values(),
        user: user.or(String::new()),
        group: group.or(String::new()),
        working_directory: working_directory.or(WorkingDirectory::default()),
        environment,
        umask: umask.value,
        limit_nofile: limit_nofile.given.map(|given| given.value).or(defaults.limit_nofile),
        stdin,
        stdout,
        stderr,
        non_blocking: non_blocking.value,
        more,
        life,
    }
}
