//! The expansion of a board as text: what `pilotc plan` prints and plan tests compare.

use std::collections::BTreeSet;
use std::fmt::Write;

use unit::{Delay, ListenKind, Since, VSOCK_ANY};

use crate::grammar::{Address, Arg, Command, Listener, Piece, netlink_family};
use crate::plan::{
    Attached, EdgesPlan, FileSystemPlan, KindPlan, MountPlan, PathPlan, Plan, ServicePlan,
    SocketPlan, SwapPlan, TimerPlan, UnitPlan, WatchdogPlan, controllers,
};
use crate::{Image, emit};

/// Numbers, start order, edges, listeners, commands and sizes of a board.
pub fn show(image: &Image) -> String {
    let plan = &image.plan;
    let mut text = String::new();
    let default = &plan.units[usize::from(plan.manager.default_target)].name;
    line(&mut text, format_args!("a boot starts {default}"));
    match plan.manager.parallel_starts {
        0 => line(&mut text, format_args!("any number of services starts at once")),
        most => line(&mut text, format_args!("at most {most} services start at once")),
    }
    for setting in &plan.manager.groups.settings {
        line(&mut text, format_args!("all groups lie in one with {}", setting.text()));
    }
    if let Some(watchdog) = &plan.manager.watchdog {
        show_watchdog(&mut text, watchdog, plan);
    }
    for (number, unit) in plan.units.iter().enumerate() {
        line(&mut text, format_args!("\n{number:>3} {}", unit.name));
        show_unit(&mut text, unit, plan);
    }
    if plan.units.iter().any(|unit| unit.group.slice.is_some()) {
        line(&mut text, format_args!("\nslices"));
        show_slices(&mut text, plan, None, 1);
    }
    line(&mut text, format_args!("\nsizes"));
    for (name, value) in emit::fields(&image.limits) {
        line(&mut text, format_args!("    {name:<14} {value:>6}"));
    }
    let without = plan.without().collect::<Vec<_>>().join(" ");
    line(&mut text, format_args!("\nwithout {without}"));
    text
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    writeln!(text, "{words}").expect("a String takes whatever it is given");
}

fn show_watchdog(text: &mut String, watchdog: &WatchdogPlan, plan: &Plan) {
    let seconds = |seconds: u32| match seconds {
        0 => "its driver's time".to_owned(),
        seconds => format!("{seconds} s"),
    };
    let (device, timeout) = (&watchdog.device, seconds(watchdog.timeout_s));
    line(text, format_args!("{device} is fed, and resets the board {timeout} after it is not"));
    match watchdog.shutdown_timeout_s {
        Some(0) => {}
        Some(timeout_s) => line(text, format_args!("  {timeout_s} s at shutdown")),
        None => line(text, format_args!("  it is stopped at shutdown")),
    }
    for &unit in &watchdog.units {
        let name = &plan.units[usize::from(unit)].name;
        line(text, format_args!("  it is not fed while {name} has failed"));
    }
}

fn show_unit(text: &mut String, unit: &UnitPlan, plan: &Plan) {
    for (name, list) in edge_lists(&unit.edges) {
        if !list.is_empty() {
            line(text, format_args!("    {name:<9} {}", names(list, plan)));
        }
    }
    for (check, _) in &unit.checks {
        line(text, format_args!("    checks    {}", check.text));
    }
    let group = &unit.group;
    if group.controllers != 0 {
        line(text, format_args!("    enables   {}", controllers(group.controllers)));
    }
    for setting in &group.settings {
        line(text, format_args!("    writes    {}", setting.text()));
    }
    match &unit.kind {
        KindPlan::Target | KindPlan::Slice => {}
        KindPlan::Service(service) => show_service(text, service, plan),
        KindPlan::Socket(socket) => show_socket(text, socket, plan),
        KindPlan::Timer(timer) => show_timer(text, timer, plan),
        KindPlan::Path(path) => {
            let started = &plan.units[usize::from(path.unit)].name;
            line(text, format_args!("    starts    {started}"));
            for path in watched(path) {
                line(text, format_args!("    watches   {path}"));
            }
        }
        KindPlan::Mount(mount) => {
            let does = if unit.kind.is_swap() { "swaps to" } else { "mounts  " };
            line(text, format_args!("    {does}  {}", mount_text(mount)));
        }
    }
}

/// What lies in a slice, or in none, and what lies in that.
fn show_slices(text: &mut String, plan: &Plan, slice: Option<u16>, depth: usize) {
    for (number, unit) in (0u16..).zip(&plan.units) {
        let is_root = matches!(unit.kind, KindPlan::Slice) || unit.group.slice.is_some();
        if unit.group.slice == slice && is_root {
            line(text, format_args!("{:width$}{}", "", unit.name, width = 4 * depth));
            show_slices(text, plan, Some(number), depth + 1);
        }
    }
}

/// What is mounted where, or swapped to, its options behind.
pub fn mount_text(mount: &MountPlan) -> String {
    match &mount.setup {
        Attached::FileSystem(FileSystemPlan { what, target, fs_type, flags, data, .. }) => {
            format!("{what} {target} {fs_type} {flags:#x} {data}").trim_end().to_string()
        }
        Attached::Swap(SwapPlan { what, flags, device_timeout: _ }) => format!("{what} {flags:#x}"),
    }
}

/// The edges of a unit by kind, those that are the reverse of another's left out.
pub fn edge_lists(edges: &EdgesPlan) -> impl Iterator<Item = (&'static str, &BTreeSet<u16>)> {
    let lists = [("requires", &edges.requires), ("wants", &edges.wants), ("after", &edges.after)];
    let by = std::iter::once(("by", &edges.triggered_by));
    lists.into_iter().chain(edges.more.lists()).chain(by)
}

fn names(list: &BTreeSet<u16>, plan: &Plan) -> String {
    let names = list.iter().map(|&unit| plan.units[usize::from(unit)].name.as_str());
    names.collect::<Vec<_>>().join(" ")
}

fn show_socket(text: &mut String, socket: &SocketPlan, plan: &Plan) {
    let service = &plan.units[usize::from(socket.service)].name;
    line(text, format_args!("    starts    {service}"));
    for (number, listener) in (socket.first_listener..).zip(&socket.listeners) {
        line(text, format_args!("    listener  {number} {}", listener_text(listener)));
    }
    if let Some(commands) = &socket.commands {
        let lists = [
            ("before", &commands.start_pre),
            ("when open", &commands.start_post),
            ("stop", &commands.stop_pre),
            ("when shut", &commands.stop_post),
        ];
        for (name, commands) in lists {
            for command in commands {
                line(text, format_args!("    {name:<9} {}", command_text(command)));
            }
        }
    }
    if socket.accept {
        let end = socket.first_instance + (socket.max_connections - 1);
        line(text, format_args!("    instances {}-{end}", socket.first_instance));
    }
}

fn show_timer(text: &mut String, timer: &TimerPlan, plan: &Plan) {
    let started = &plan.units[usize::from(timer.unit)].name;
    line(text, format_args!("    starts    {started}"));
    for elapse in elapses(timer) {
        line(text, format_args!("    elapses   {elapse}"));
    }
    if !timer.stamp.is_empty() {
        line(text, format_args!("    keeps     {}", timer.stamp));
    }
}

/// The moments of a timer, as in the unit file.
pub fn elapses(timer: &TimerPlan) -> Vec<String> {
    let delays = timer.delays.iter().map(delay_text);
    let events = timer.calendars.iter().map(|event| format!("OnCalendar={}", event.text));
    delays.chain(events).collect()
}

/// The paths of a path unit, as in the unit file.
pub fn watched(path: &PathPlan) -> Vec<String> {
    path.watched.iter().map(|(when, path)| format!("{}={path}", when.name())).collect()
}

/// As in the unit file: `OnBootSec=5min`.
fn delay_text(delay: &Delay) -> String {
    let key = match delay.since {
        Since::Boot => "OnBootSec",
        Since::Startup => "OnStartupSec",
        Since::Active => "OnActiveSec",
        Since::UnitActive => "OnUnitActiveSec",
        Since::UnitInactive => "OnUnitInactiveSec",
    };
    format!("{key}={}", span_text(delay.micros))
}

/// A span of time in the longest unit that leaves no rest.
fn span_text(micros: u64) -> String {
    const UNITS: [(u64, &str); 6] = [
        (86_400_000_000, "d"),
        (3_600_000_000, "h"),
        (60_000_000, "min"),
        (1_000_000, "s"),
        (1_000, "ms"),
        (1, "us"),
    ];
    let (scale, name) = UNITS
        .into_iter()
        .find(|(scale, _)| micros > 0 && micros.is_multiple_of(*scale))
        .unwrap_or((1_000_000, "s"));
    format!("{}{name}", micros / scale)
}

/// As in the unit file: `ListenStream=80`.
pub fn listener_text(listener: &Listener) -> String {
    let key = match listener.kind {
        ListenKind::Stream => "ListenStream",
        ListenKind::Datagram => "ListenDatagram",
        ListenKind::SequentialPacket => "ListenSequentialPacket",
        ListenKind::Fifo => "ListenFIFO",
        ListenKind::Special => "ListenSpecial",
        ListenKind::Netlink => "ListenNetlink",
        ListenKind::MessageQueue => "ListenMessageQueue",
    };
    let address = match &listener.address {
        Address::Port(port) => port.to_string(),
        Address::V4(host, port) => format!("{host}:{port}"),
        Address::V6(host, port, scope) if scope.is_empty() => format!("[{host}]:{port}"),
        Address::V6(host, port, scope) => format!("[{host}%{scope}]:{port}"),
        Address::Path(path) => path.clone(),
        Address::Abstract(name) => format!("@{name}"),
        Address::Netlink(family, groups) => format!("{} {groups}", netlink_family(*family)),
        Address::MessageQueue(name) => format!("/{name}"),
        Address::Vsock(VSOCK_ANY, port) => format!("vsock::{port}"),
        Address::Vsock(context, port) => format!("vsock:{context}:{port}"),
    };
    format!("{key}={address}")
}

fn show_service(text: &mut String, service: &ServicePlan, plan: &Plan) {
    if !service.sockets.is_empty() {
        let how = if service.per_connection { "instances of" } else { "started by" };
        line(text, format_args!("    {how} {}", names(&service.sockets, plan)));
    }
    let lists = [
        ("before", &service.exec_start_pre),
        ("runs", &service.exec_start),
        ("reload", &service.exec_reload),
        ("stop", &service.exec_stop),
    ];
    for (name, commands) in lists {
        for command in commands {
            line(text, format_args!("    {name:<9} {}", command_text(command)));
        }
    }
}

/// The program, then each further word of argv in quotes of its own.
pub fn command_text(command: &Command) -> String {
    let mut text = String::new();
    let privilege = if command.unconfined { '+' } else { '!' };
    for (flag, prefix) in [(command.ignore_failure, '-'), (command.privileged, privilege)] {
        if flag {
            text.push(prefix);
        }
    }
    text.push_str(&command.path);
    for arg in command.args.iter().skip(1) {
        text += &match arg {
            Arg::Literal(word) => format!(" {word:?}"),
            Arg::Split(name) => format!(" ${name}"),
            Arg::Expand(pieces) => format!(" {:?}", pieces_text(pieces)),
        };
    }
    text
}

fn pieces_text(pieces: &[Piece]) -> String {
    let texts = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Variable(name) => format!("${{{name}}}"),
    });
    texts.collect()
}
