//! Which parts of `pilot` the units of a board use: the other half of `src/features.rs`.

use unit::control::ShutdownKind;
use unit::{
    BindIpv6Only, DirectoryKind, Emergency, ListenKind, NotifyAccess, Preserve, ServiceType, Stdio,
    Terminal,
};

use super::{DirectoryPlan, ExecPlan, KindPlan, Plan, ServicePlan, SocketPlan, UnitPlan, limits};
use crate::grammar::{Address, Listener};

/// A part of `pilot` that only some boards need.
type Feature = (&'static str, fn(&Plan) -> bool);

/// All of them: the name, and whether a plan has a unit that uses it.
const FEATURES: &[Feature] = &[
    ("abstract-sockets", |plan| {
        listeners(plan).any(|listener| matches!(listener.address, Address::Abstract(_)))
    }),
    ("access-lists", |plan| {
        sockets(plan).any(|socket| !socket.allow.is_empty() || !socket.deny.is_empty())
    }),
    ("capabilities", |plan| any_exec(plan, |exec| exec.privileges != Default::default())),
    ("copies", |plan| any_exec(plan, |exec| exec.copied)),
    ("credentials", |plan| any_exec(plan, |exec| exec.credentials.is_some())),
    ("directories", |plan| any_exec(plan, |exec| !exec.directories.is_empty())),
    ("emergency-actions", |plan| {
        let acts = |service: &ServicePlan| {
            let life = &service.life;
            [service.start_limit_action, life.failure_action, life.success_action]
                .iter()
                .any(|action| *action != Emergency::None)
        };
        services(plan).any(acts)
    }),
    ("exec-more", |plan| any_exec(plan, |exec| *exec != ExecPlan::default())),
    ("hardware-watchdog", |plan| plan.manager.watchdog.is_some()),
    ("conditions", |plan| plan.units.iter().any(|unit| !unit.checks.is_empty())),
    ("addresses", |plan| sockets(plan).any(SocketPlan::may_wait_for_address)),
    ("exec-type", |plan| services(plan).any(|service| service.type_ == ServiceType::Exec)),
    ("exec-search", |plan| {
        let runners = sockets(plan).filter_map(|socket| socket.commands.as_ref());
        let runners = runners.map(|commands| &commands.runner);
        let mut commands = services(plan).chain(runners).flat_map(limits::commands);
        commands.any(|command| !command.path.contains('/'))
    }),
    ("expansion", |plan| {
        let mut args = services(plan).flat_map(limits::commands).flat_map(|command| &command.args);
        args.any(|arg| !arg.variables().is_empty())
    }),
    ("fifos", |plan| listeners(plan).any(|listener| listener.kind == ListenKind::Fifo)),
    ("flush-pending", |plan| sockets(plan).any(|socket| socket.flush_pending)),
    ("command-line", |plan| plan.manager.command_line),
    ("isolate", |plan| {
        let is_isolated = |unit: &UnitPlan| unit.edges.more.allow_isolate;
        plan.units.iter().filter(|unit| is_isolated(unit)).count() > 1
    }),
    ("job-timeouts", |plan| plan.units.iter().any(|unit| unit.edges.more.has_job_timeout())),
    ("leavings", |plan| {
        services(plan).any(|service| {
            let exec = &service.more;
            let is_runtime = |each: &DirectoryPlan| each.kind == DirectoryKind::Runtime;
            let has_runtime = exec.directories.iter().any(is_runtime);
            exec.credentials.is_some()
                || exec.namespace.as_ref().is_some_and(|own| !own.private_tmp.is_empty())
                || exec.terminal != Terminal::default()
                || is_given_terminal(service)
                || has_runtime && exec.preserve != Preserve::Yes
        })
    }),
    ("manual-refusals", |plan| {
        let refuses = |unit: &UnitPlan| {
            unit.edges.more.refuse_manual_start || unit.edges.more.refuse_manual_stop
        };
        plan.units.iter().any(refuses)
    }),
    ("message-queues", |plan| {
        listeners(plan).any(|listener| listener.kind == ListenKind::MessageQueue)
    }),
    ("mounts", |plan| plan.units.iter().any(|unit| matches!(unit.kind, KindPlan::Mount(_)))),
    ("oom-score", |plan| any_exec(plan, |exec| exec.oom_score.is_some())),
    ("open-files", |plan| any_exec(plan, |exec| !exec.files.is_empty())),
    ("parallel-starts", |plan| {
        let limit = usize::from(plan.manager.parallel_starts);
        limit > 0 && plan.limits.services > limit
    }),
    ("paths", |plan| plan.limits.paths > 0),
    ("netlink", |plan| listeners(plan).any(|listener| listener.kind == ListenKind::Netlink)),
    ("reboot-arguments", |plan| {
        let arguments = |unit: &UnitPlan| {
            let more = &unit.edges.more;
            !more.reboot_argument.is_empty() || !more.job_timeout_reboot_argument.is_empty()
        };
        plan.units.iter().any(arguments)
    }),
    ("relations", |plan| {
        let says = |unit: &UnitPlan| unit.edges.more.has_edges() || unit.edges.more.has_extra();
        plan.units.iter().any(says)
    }),
    ("rescue-targets", |plan| {
        let targets = ["rescue.target", "emergency.target"];
        plan.units.iter().any(|unit| targets.contains(&unit.name.as_str()))
    }),
    ("root-directory", |plan| any_exec(plan, |exec| !exec.root.is_empty())),
    ("resource-limits", |plan| any_exec(plan, |exec| !exec.limits.is_empty())),
    ("scheduling", |plan| any_exec(plan, |exec| exec.scheduling != Default::default())),
    ("source-limits", |plan| sockets(plan).any(|socket| socket.max_connections_per_source > 0)),
    ("stamps", |plan| plan.units.iter().any(|unit| unit.kind.keeps_stamp())),
    ("streams", |plan| any_exec(plan, |exec| exec.streams != Default::default())),
    ("supplementary-groups", |plan| any_exec(plan, |exec| !exec.groups.is_empty())),
    ("forking", |plan| services(plan).any(|service| service.type_ == ServiceType::Forking)),
    ("control-groups", |plan| {
        let is_said = |unit: &UnitPlan| !unit.group.is_default();
        plan.manager.groups.controllers != 0 || plan.units.iter().any(is_said)
    }),
    ("inet-options", |plan| {
        let says = |socket: &SocketPlan| {
            let setup = &socket.setup;
            let switches = [setup.keep_alive, setup.no_delay, setup.reuse_port];
            setup.bind_ipv6_only != BindIpv6Only::Default
                || setup.protocol != 0
                || switches.contains(&true)
        };
        sockets(plan).any(says)
    }),
    ("inet-addresses", |plan| {
        let is_bound =
            |listener: &Listener| matches!(listener.address, Address::V4(..) | Address::V6(..));
        listeners(plan).any(is_bound)
    }),
    ("idle", |plan| services(plan).any(|service| service.type_ == ServiceType::Idle)),
    ("no-program", |plan| services(plan).any(|service| service.exec_start.is_empty())),
    ("stop-commands", |plan| {
        let stops = |service: &ServicePlan| {
            !service.exec_stop.is_empty() || !service.life.exec_stop_post.is_empty()
        };
        services(plan).any(stops)
    }),
    ("service-more", |plan| services(plan).any(|service| !service.life.is_default())),
    ("groups", |plan| services(plan).any(|service| !service.group.is_empty())),
    ("homes", |plan| services(plan).any(|service| service.working_directory.home)),
    ("namespaces", |plan| any_exec(plan, |exec| exec.namespace.is_some())),
    ("limit-nofile", |plan| services(plan).any(|service| service.limit_nofile.is_some())),
    ("remove-on-stop", |plan| sockets(plan).any(|socket| socket.remove_on_stop)),
    ("helpers", |plan| {
        let has_helpers =
            |service: &ServicePlan| limits::commands(service).count() > service.exec_start.len();
        services(plan).any(has_helpers)
    }),
    ("reloads", |plan| {
        let is_reloaded = |service: &ServicePlan| {
            service.type_ == ServiceType::NotifyReload || !service.exec_reload.is_empty()
        };
        services(plan).any(is_reloaded)
    }),
    ("socket-commands", |plan| sockets(plan).any(|socket| socket.commands.is_some())),
    ("swaps", |plan| plan.units.iter().any(|unit| unit.kind.is_swap())),
    ("symlinks", |plan| sockets(plan).any(|socket| !socket.setup.symlinks.is_empty())),
    ("masks", |plan| !plan.manager.masked.is_empty()),
    ("shutdown-units", |plan| plan.units.iter().any(|unit| unit.edges.more.ends.is_some())),
    ("switch-root", |plan| {
        plan.units.iter().any(|unit| unit.edges.more.ends == Some(ShutdownKind::SwitchRoot))
    }),
    ("special-targets", |plan| !plan.manager.specials.is_empty()),
    ("socket-options", |plan| {
        sockets(plan).any(|socket| socket.options.iter().any(|options| !options.is_empty()))
    }),
    ("socket-owners", |plan| {
        sockets(plan).any(|socket| !socket.setup.user.is_empty() || !socket.setup.group.is_empty())
    }),
    ("special-files", |plan| listeners(plan).any(|listener| listener.kind == ListenKind::Special)),
    ("variables", |plan| any_exec(plan, |exec| exec.variables != Default::default())),
    ("notify-access", |plan| services(plan).any(|service| service.access() > NotifyAccess::Main)),
    ("log", |plan| plan.limits.log_rings > 0),
    ("fd-store", |plan| plan.limits.stored_fds > 0),
    ("terminals", |plan| {
        services(plan).any(|service| {
            let waits = service.stdin == Stdio::Tty;
            let is_changed = service.more.terminal != Terminal::default();
            waits || is_changed || is_given_terminal(service)
        })
    }),
    ("watchdog", |plan| services(plan).any(|service| service.life.watchdog.is_some())),
    ("vsock", |plan| listeners(plan).any(|listener| listener.is_vsock())),
    ("calendars", |plan| use_calendars(&plan.units)),
    ("timers", |plan| plan.units.iter().any(|unit| unit.kind.timer().is_some())),
];

/// Whether a timer is told when somebody sets the clock.
pub(super) fn use_calendars(units: &[UnitPlan]) -> bool {
    let mut timers = units.iter().filter_map(|unit| unit.kind.timer());
    timers.any(|timer| !timer.calendars.is_empty() || timer.on_clock_change)
}

fn sockets(plan: &Plan) -> impl Iterator<Item = &SocketPlan> {
    plan.units.iter().filter_map(|unit| unit.kind.socket())
}

fn listeners(plan: &Plan) -> impl Iterator<Item = &Listener> {
    sockets(plan).flat_map(|socket| &socket.listeners)
}

/// Whether a service says something of that.
fn any_exec(plan: &Plan, says: fn(&ExecPlan) -> bool) -> bool {
    services(plan).any(|service| says(&service.more))
}

/// Whether its terminal is its user's meanwhile.
fn is_given_terminal(service: &ServicePlan) -> bool {
    service.stdin.is_terminal() && !service.user.is_empty()
}

fn services(plan: &Plan) -> impl Iterator<Item = &ServicePlan> {
    plan.units.iter().filter_map(|unit| unit.kind.service())
}

/// The names of all features.
pub fn names() -> impl Iterator<Item = &'static str> {
    FEATURES.iter().copied().map(|(name, _)| name)
}

impl Plan {
    /// The features that no unit uses: `cfg(without = "…")` for the build of `pilot`.
    pub fn without(&self) -> impl Iterator<Item = &'static str> {
        FEATURES.iter().copied().filter(|(_, is_used)| !is_used(self)).map(|(name, _)| name)
    }
}
