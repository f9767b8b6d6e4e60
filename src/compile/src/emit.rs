//! A plan to bytes: the table as in [`unit::wire`], decoded again and compared, and `limits.rs`.

mod group;
mod more;

use std::collections::BTreeSet;

use serde::Serialize;
use unit::wire::{HEADER_BYTES, INDEX_AT, MAGIC, SCHEMA, crc32};
use unit::{Args, ExecContext, Ids, Limits, ListenerId, NotifyAccess, Seq, Table, UnitId, Words};

use crate::grammar::{Arg, Check, Command, Piece};
use crate::plan::{
    Attached, CommandsPlan, FileSystemPlan, KindPlan, ManagerPlan, OptionPlan, OptionText,
    PathPlan, Plan, RelationsPlan, ServicePlan, SocketPlan, SwapPlan, TimerPlan, UnitPlan,
};

/// The table of a plan, and the plan's sizes with the table's own.
///
/// # Panics
/// If what is read back is not what was written.
pub fn table(plan: &Plan) -> (Vec<u8>, Limits) {
    let mut manager_bytes = Vec::new();
    let groups = group::groups(plan);
    with_manager(&plan.manager, &groups, &mut |manager| manager_bytes = encode(&manager));
    let index_bytes = INDEX_AT + 4 * plan.units.len();
    let mut body = Vec::new();
    body.extend(u32::try_from(plan.units.len()).unwrap_or(u32::MAX).to_le_bytes());
    body.resize(index_bytes, 0);
    body.extend(manager_bytes);
    for (number, unit) in plan.units.iter().enumerate() {
        let at = u32::try_from(body.len()).expect("a table has less than 4 GiB");
        let slot = INDEX_AT + 4 * number;
        body[slot..slot + 4].copy_from_slice(&at.to_le_bytes());
        with_unit(unit, &mut |unit| body.extend(encode(&unit)));
    }
    let mut table = Vec::with_capacity(HEADER_BYTES + body.len());
    table.extend(MAGIC);
    table.extend(SCHEMA.to_le_bytes());
    table.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    table.extend(crc32(&body).to_le_bytes());
    table.extend(body);
    compare(plan, &table);
    let limits = Limits { table_bytes: table.len(), ..plan.limits };
    (table, limits)
}

/// What was encoded must decode to what was meant.
fn compare(plan: &Plan, table: &[u8]) {
    let table = Table::open(table).expect("the table was just encoded");
    assert_eq!(table.len(), plan.units.len());
    let groups = group::groups(plan);
    with_manager(&plan.manager, &groups, &mut |manager| assert_eq!(*table.manager(), manager));
    let decoded = table.manager().control_groups().groups.iter().count();
    let said = plan.units.iter().filter(|unit| !unit.group.is_default()).count();
    assert_eq!(decoded, said, "every group that something is said of");
    for (number, unit) in table.ids().zip(&plan.units) {
        with_unit(unit, &mut |unit| {
            assert_eq!(table.unit(number), unit);
            assert_eq!(table.kind(number), unit.kind);
        });
    }
}

pub(crate) fn encode(value: &impl Serialize) -> Vec<u8> {
    postcard::to_extend(value, Vec::new()).expect("a Vec takes whatever it is given")
}

fn ids(set: &BTreeSet<u16>) -> Vec<u8> {
    set.iter().flat_map(|id| id.to_le_bytes()).collect()
}

/// `NAME=value` strings, each with its NUL.
fn environment(pairs: &[(String, String)]) -> Vec<u8> {
    pairs.iter().flat_map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect()
}

fn args(command: &Command) -> Vec<u8> {
    let mut bytes = Vec::new();
    if !matches!(command.args.first(), Some(Arg::Literal(name)) if *name == command.path) {
        bytes.push(Args::PROGRAM);
        bytes.extend(command.path.bytes());
        bytes.push(0);
    }
    for arg in &command.args {
        match arg {
            Arg::Literal(text) => {
                bytes.push(Args::LITERAL);
                bytes.extend(text.bytes());
            }
            Arg::Split(name) => {
                bytes.push(Args::SPLIT);
                bytes.extend(name.bytes());
            }
            Arg::Expand(pieces) => {
                bytes.push(Args::EXPAND);
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => bytes.extend(text.bytes()),
                        Piece::Variable(name) => {
                            bytes.push(Args::OPEN);
                            bytes.extend(name.bytes());
                            bytes.push(Args::CLOSE);
                        }
                    }
                }
            }
        }
        bytes.push(0);
    }
    bytes
}

fn prefixes(command: &Command) -> u8 {
    let all = [
        (command.ignore_failure, unit::Command::IGNORE_FAILURE),
        (command.privileged, unit::Command::PRIVILEGED),
        (command.unconfined, unit::Command::UNCONFINED),
    ];
    all.into_iter().filter(|(has, _)| *has).fold(0, |sum, (_, prefix)| sum | prefix)
}

pub(crate) fn commands(list: &[Command]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for command in list {
        let args = args(command);
        bytes.extend(encode(&unit::Command {
            args: Args::from_bytes(&args),
            prefixes: prefixes(command),
        }));
    }
    bytes
}

fn with_manager(plan: &ManagerPlan, groups: &[u8], then: &mut dyn FnMut(unit::Manager<'_>)) {
    let environment = environment(&plan.environment);
    let specials: Vec<u8> = plan.specials.iter().flat_map(|id| id.to_le_bytes()).collect();
    let masked: Vec<u8> = plan.masked.iter().flat_map(|name| name.bytes().chain([0])).collect();
    let unit_files = encode(&unit::UnitFiles {
        masked: Words::from_bytes(&masked),
        installable: &plan.installable,
    });
    let watchdog = plan.watchdog.as_ref().map_or_else(Vec::new, |watchdog| {
        encode(&unit::HardwareWatchdog {
            device: &format!("{}\0", watchdog.device),
            timeout_s: watchdog.timeout_s,
            shutdown_timeout_s: watchdog.shutdown_timeout_s,
            units: Ids::from_bytes(&ids(&watchdog.units)),
        })
    });
    then(unit::Manager {
        hostname: &plan.hostname,
        default_target: UnitId(plan.default_target),
        console: &plan.console,
        environment: Words::from_bytes(&environment),
        crash_action: plan.crash_action,
        ctrl_alt_del: plan.ctrl_alt_del,
        ctrl_alt_del_burst: plan.ctrl_alt_del_burst,
        specials: Ids::from_bytes(&specials),
        groups,
        unit_files: &unit_files,
        shutdown_timeout: plan.shutdown_timeout,
        parallel_starts: plan.parallel_starts,
        spawn_slots: plan.spawn_slots,
        log_level: plan.log_level,
        log_ring_bytes: plan.log_ring_bytes,
        watchdog: &watchdog,
    });
}

fn with_unit(plan: &UnitPlan, then: &mut dyn FnMut(unit::Unit<'_>)) {
    let edges = &plan.edges;
    let (requires, wants) = (ids(&edges.requires), ids(&edges.wants));
    let (required_by, more) = (ids(&edges.required_by), relations(&edges.more));
    let (after, before) = (ids(&edges.after), ids(&edges.before));
    let triggered_by = ids(&edges.triggered_by);
    let checks: Vec<u8> = plan.checks.iter().flat_map(check).collect();
    let checks = Seq::from_bytes(&checks);
    let edges = unit::Edges {
        requires: Ids::from_bytes(&requires),
        wants: Ids::from_bytes(&wants),
        after: Ids::from_bytes(&after),
        before: Ids::from_bytes(&before),
        required_by: Ids::from_bytes(&required_by),
        more: &more,
        triggered_by: Ids::from_bytes(&triggered_by),
    };
    match &plan.kind {
        KindPlan::Target => then(assemble(plan, edges, checks, unit::Kind::Target)),
        KindPlan::Slice => then(assemble(plan, edges, checks, unit::Kind::Slice)),
        KindPlan::Service(service) => {
            with_service(service, &mut |service| {
                then(assemble(plan, edges, checks, unit::Kind::Service(service)));
            });
        }
        KindPlan::Socket(socket) => {
            with_socket(socket, &mut |socket| {
                then(assemble(plan, edges, checks, unit::Kind::Socket(socket)));
            });
        }
        KindPlan::Mount(mount) => {
            let (is_swap, setup) = match &mount.setup {
                Attached::FileSystem(plan) => (false, mount_setup(plan)),
                Attached::Swap(plan) => (true, swap_setup(plan)),
            };
            let mount = unit::Mount {
                timeout_mount: mount.timeout_mount,
                timeout_unmount: mount.timeout_unmount,
                is_swap,
                setup: &setup,
            };
            then(assemble(plan, edges, checks, unit::Kind::Mount(mount)));
        }
        KindPlan::Path(path) => {
            let setup = path_setup(path);
            let trigger_limit = path.trigger_limit;
            let path = unit::PathUnit { unit: UnitId(path.unit), trigger_limit, setup: &setup };
            then(assemble(plan, edges, checks, unit::Kind::Path(path)));
        }
        KindPlan::Timer(timer) => {
            let setup = timer_setup(timer);
            let timer = unit::Timer { unit: UnitId(timer.unit), setup: &setup };
            then(assemble(plan, edges, checks, unit::Kind::Timer(timer)));
        }
    }
}

/// Nothing for a unit that says nothing.
fn relations(plan: &RelationsPlan) -> Vec<u8> {
    if *plan == RelationsPlan::default() {
        return Vec::new();
    }
    let on = [&plan.on_failure, &plan.on_success].map(ids);
    let conflicts = [&plan.conflicts, &plan.conflicted_by].map(ids);
    let binds = [&plan.requisite, &plan.binds_to, &plan.bound_by, &plan.consists_of].map(ids);
    let propagates = [&plan.stop_to, &plan.reload_to].map(ids);
    let upholds = [&plan.upholds, &plan.upheld_by].map(ids);
    let needs = [&plan.releases, &plan.needed_by].map(ids);
    let reboot_arguments = [&plan.job_timeout_reboot_argument, &plan.reboot_argument].map(|word| {
        match word.as_str() {
            "" => String::new(),
            word => format!("{word}\0"),
        }
    });
    encode(&unit::Relations {
        conflicts: Ids::from_bytes(&conflicts[0]),
        conflicted_by: Ids::from_bytes(&conflicts[1]),
        requisite: Ids::from_bytes(&binds[0]),
        binds_to: Ids::from_bytes(&binds[1]),
        bound_by: Ids::from_bytes(&binds[2]),
        consists_of: Ids::from_bytes(&binds[3]),
        stop_to: Ids::from_bytes(&propagates[0]),
        reload_to: Ids::from_bytes(&propagates[1]),
        upholds: Ids::from_bytes(&upholds[0]),
        upheld_by: Ids::from_bytes(&upholds[1]),
        on_failure: Ids::from_bytes(&on[0]),
        on_success: Ids::from_bytes(&on[1]),
        on_failure_mode: plan.on_failure_mode,
        on_success_mode: plan.on_success_mode,
        releases: Ids::from_bytes(&needs[0]),
        needed_by: Ids::from_bytes(&needs[1]),
        stop_when_unneeded: plan.stop_when_unneeded,
        refuse_manual_start: plan.refuse_manual_start,
        refuse_manual_stop: plan.refuse_manual_stop,
        allow_isolate: plan.allow_isolate,
        ignore_on_isolate: plan.ignore_on_isolate,
        job_timeout: plan.job_timeout,
        job_running_timeout: plan.job_running_timeout,
        job_timeout_action: plan.job_timeout_action,
        job_timeout_reboot_argument: &reboot_arguments[0],
        reboot_argument: &reboot_arguments[1],
        ends: plan.ends,
    })
}

fn assemble<'a>(
    plan: &'a UnitPlan,
    edges: unit::Edges<'a>,
    checks: Seq<'a, unit::Check<'a>>,
    kind: unit::Kind<'a>,
) -> unit::Unit<'a> {
    let (name, description) = (plan.name.as_str(), plan.description.as_str());
    let head_bytes = encode(&(name, description, edges, checks)).len() as u32;
    unit::Unit { head_bytes, name, description, edges, checks, kind }
}

fn check((plan, is_assert): &(Check, bool)) -> Vec<u8> {
    encode(&unit::Check {
        text: &plan.text,
        is_assert: *is_assert,
        is_trigger: plan.is_trigger,
        is_negated: plan.is_negated,
        test: plan.test,
        value: &plan.value,
    })
}

fn context(plan: &ServicePlan) -> Vec<u8> {
    let environment = environment(&plan.environment);
    let directory = match plan.working_directory.path.as_str() {
        "" => String::new(),
        path => format!("{path}\0"),
    };
    encode(&ExecContext {
        user: &plan.user,
        group: &plan.group,
        working_directory: &directory,
        working_directory_optional: plan.working_directory.optional,
        working_directory_home: plan.working_directory.home,
        environment: Words::from_bytes(&environment),
        umask: plan.umask,
        limit_nofile: plan.limit_nofile,
        stdin: plan.stdin,
        stdout: plan.stdout,
        stderr: plan.stderr,
        non_blocking: plan.non_blocking,
        notify: plan.access() != NotifyAccess::None,
        more: &more::more(&plan.more),
    })
}

fn with_service(plan: &ServicePlan, then: &mut dyn FnMut(unit::Service<'_>)) {
    let sockets = ids(&plan.sockets);
    let (start_pre, start) = (commands(&plan.exec_start_pre), commands(&plan.exec_start));
    let (reload, stop) = (commands(&plan.exec_reload), commands(&plan.exec_stop));
    let context = context(plan);
    let mut more = Vec::new();
    if !plan.life.is_default() {
        plan.life.with(&mut |record| more = encode(&record));
    }
    then(unit::Service {
        type_: plan.type_,
        restart: plan.restart,
        kill_mode: plan.kill_mode,
        kill_signal: plan.kill_signal,
        restart_delay: plan.restart_delay,
        timeout_start: plan.timeout_start,
        timeout_stop: plan.timeout_stop,
        start_limit: plan.start_limit,
        start_limit_action: plan.start_limit_action,
        sockets: Ids::from_bytes(&sockets),
        per_connection: plan.per_connection,
        exec_start_pre: Seq::from_bytes(&start_pre),
        exec_start: Seq::from_bytes(&start),
        exec_reload: Seq::from_bytes(&reload),
        exec_stop: Seq::from_bytes(&stop),
        context: &context,
        more: &more,
    });
}

fn with_socket(plan: &SocketPlan, then: &mut dyn FnMut(unit::Socket<'_>)) {
    let listeners: Vec<u8> = plan
        .listeners
        .iter()
        .zip(&plan.options)
        .flat_map(|(each, options)| {
            let options: Vec<u8> = options.iter().flat_map(option).collect();
            encode(&unit::Listener {
                kind: each.kind,
                address: each.address.borrow(),
                options: Seq::from_bytes(&options),
            })
        })
        .collect();
    let allow: Vec<u8> = plan.allow.iter().flat_map(encode).collect();
    let deny: Vec<u8> = plan.deny.iter().flat_map(encode).collect();
    let symlinks: Vec<u8> =
        plan.setup.symlinks.iter().flat_map(|path| path.bytes().chain([0])).collect();
    let setup = encode(&unit::SocketSetup {
        backlog: plan.setup.backlog,
        bind_ipv6_only: plan.setup.bind_ipv6_only,
        reuse_port: plan.setup.reuse_port,
        no_delay: plan.setup.no_delay,
        keep_alive: plan.setup.keep_alive,
        pipe_size: plan.setup.pipe_size,
        protocol: plan.setup.protocol,
        writable: plan.setup.writable,
        queue_messages: plan.setup.queue_messages,
        queue_message_bytes: plan.setup.queue_message_bytes,
        symlinks: Words::from_bytes(&symlinks),
        user: &plan.setup.user,
        group: &plan.setup.group,
        mode: plan.setup.mode,
        directory_mode: plan.setup.directory_mode,
    });
    let commands = plan.commands.as_ref().map(socket_commands).unwrap_or_default();
    then(unit::Socket {
        service: UnitId(plan.service),
        accept: plan.accept,
        first_listener: ListenerId(plan.first_listener),
        listeners: Seq::from_bytes(&listeners),
        listener_count: u16::try_from(plan.listeners.len()).expect("the plan counted them"),
        first_instance: plan.first_instance,
        max_connections: plan.max_connections,
        max_connections_per_source: plan.max_connections_per_source,
        poll_limit: plan.poll_limit,
        trigger_limit: plan.trigger_limit,
        allow: Seq::from_bytes(&allow),
        deny: Seq::from_bytes(&deny),
        fd_name: &plan.fd_name,
        remove_on_stop: plan.remove_on_stop,
        flush_pending: plan.flush_pending,
        commands: &commands,
        setup: &setup,
    });
}

fn mount_setup(plan: &FileSystemPlan) -> Vec<u8> {
    let text = |text: &String| format!("{text}\0");
    encode(&unit::MountSetup {
        what: &text(&plan.what),
        target: &text(&plan.target),
        fs_type: &text(&plan.fs_type),
        flags: plan.flags,
        propagation: plan.propagation,
        data: &text(&plan.data),
        device_timeout: plan.device_timeout,
        directory_mode: plan.directory_mode,
        read_write_only: plan.read_write_only,
        lazy: plan.lazy,
        force: plan.force,
    })
}

fn swap_setup(plan: &SwapPlan) -> Vec<u8> {
    encode(&unit::SwapSetup {
        what: &format!("{}\0", plan.what),
        flags: plan.flags,
        device_timeout: plan.device_timeout,
    })
}

fn path_setup(plan: &PathPlan) -> Vec<u8> {
    let watched = plan.watched.iter();
    let watched: Vec<u8> = watched
        .flat_map(|(when, path)| {
            encode(&unit::WatchedPath { when: *when, path: &format!("{path}\0") })
        })
        .collect();
    encode(&unit::PathSetup { watched: Seq::from_bytes(&watched), make: plan.make })
}

fn timer_setup(plan: &TimerPlan) -> Vec<u8> {
    let delays: Vec<u8> = plan.delays.iter().flat_map(encode).collect();
    let calendars = plan.calendars.iter();
    let calendars: Vec<u8> =
        calendars.flat_map(|event| event.with(plan.zone, |calendar| encode(&calendar))).collect();
    let nul = if plan.stamp.is_empty() { "" } else { "\0" };
    let stamp = format!("{}{nul}", plan.stamp);
    encode(&unit::TimerSetup {
        delays: Seq::from_bytes(&delays),
        calendars: Seq::from_bytes(&calendars),
        on_clock_change: plan.on_clock_change,
        defers: plan.defers,
        accuracy_us: plan.accuracy_us,
        random_us: plan.random_us,
        random_is_fixed: plan.random_is_fixed,
        remains: plan.remains,
        stamp: &stamp,
    })
}

fn socket_commands(plan: &CommandsPlan) -> Vec<u8> {
    let (start_pre, start_post) = (commands(&plan.start_pre), commands(&plan.start_post));
    let (stop_pre, stop_post) = (commands(&plan.stop_pre), commands(&plan.stop_post));
    let context = context(&plan.runner);
    encode(&unit::SocketCommands {
        timeout: plan.timeout,
        pass_fds: plan.pass_fds,
        start_pre: Seq::from_bytes(&start_pre),
        start_post: Seq::from_bytes(&start_post),
        stop_pre: Seq::from_bytes(&stop_pre),
        stop_post: Seq::from_bytes(&stop_post),
        context: &context,
    })
}

fn option(plan: &OptionPlan) -> Vec<u8> {
    encode(&unit::SocketOption {
        level: plan.level,
        name: plan.name,
        required: plan.required,
        value: match &plan.value {
            OptionText::Number(number) => unit::OptionValue::Number(*number),
            OptionText::Text(text) => unit::OptionValue::Text(text),
        },
    })
}

/// Every size by name, in the order of [`Limits`].
pub fn fields(limits: &Limits) -> [(&'static str, usize); 15] {
    let Limits {
        units,
        services,
        sockets,
        listeners,
        instances,
        paths,
        extras,
        listen_fds,
        stored_fds,
        log_streams,
        log_rings,
        spawn_strings,
        spawn_pointers,
        table_bytes,
        fds_at_rest,
    } = *limits;
    [
        ("units", units),
        ("services", services),
        ("sockets", sockets),
        ("listeners", listeners),
        ("instances", instances),
        ("paths", paths),
        ("extras", extras),
        ("listen_fds", listen_fds),
        ("stored_fds", stored_fds),
        ("log_streams", log_streams),
        ("log_rings", log_rings),
        ("spawn_strings", spawn_strings),
        ("spawn_pointers", spawn_pointers),
        ("table_bytes", table_bytes),
        ("fds_at_rest", fds_at_rest),
    ]
}

/// The text of `limits.rs`: one constant to a size.
pub fn limits_rs(limits: &Limits, spawn_slots: u8) -> String {
    let fields = fields(limits);
    let mut text = String::from("// Made by the unit compiler.\n");
    for (name, value) in fields {
        text += &format!("/// `{name}` of this board's `unit::Limits`.\n");
        text += &format!("pub const {}: usize = {value};\n", name.to_uppercase());
    }
    text += "/// Spawns at once: `SpawnSlots=`.\n";
    text += &format!("pub const SPAWN_SLOTS: usize = {spawn_slots};\n");
    text += "/// All of them.\npub const LIMITS: unit::Limits = unit::Limits {\n";
    for (name, _) in fields {
        text += &format!("    {name}: {},\n", name.to_uppercase());
    }
    text + "};\n"
}
