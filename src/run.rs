//! The executor: what the kernel says becomes an [`Event`], an [`Action`] becomes system calls.
//!
//! One turn is one epoll_wait(2), then, in this order: the hardware watchdog, notifications,
//! signals and the children they tell of, listeners, control clients. Each has a bound, so that
//! nobody can keep the others waiting: what is left over is reported again by the next turn. No
//! call blocks on a service, a disk, the console or a client.
//!
//! Invariants: a descriptor leaves the epoll set before it is closed (a child between clone and
//! exec holds copies of it); every registration has a generation, so that a late report of an
//! old one is recognized; an action's answer is stepped at once.

mod addresses;
mod boot;
mod checks;
mod children;
mod clients;
mod command_line;
mod forking;
mod groups;
mod invocation;
mod leavings;
mod lines;
mod listeners;
mod look;
mod luck;
mod notifications;
mod own;
mod paths;
mod prepare;
mod resources;
mod steps;
mod store;
mod switch_root;
mod wall;
mod watch;
mod watchdog;
mod work;

use core::ffi::CStr;

use rustix::process::Signal;
use unit::Table;
use unit::control::ShutdownKind;

use crate::engine::{Action, Engine, Event, Instant, Target};
use crate::features;
use crate::sys::clock;
use crate::sys::power::{self, End};
use crate::sys::signal::{self, Signals};

use self::addresses::Addresses;
use self::children::Children;
use self::clients::Clients;
use self::groups::Groups;
use self::leavings::Leavings;
use self::lines::Lines;
use self::listeners::Listeners;
use self::notifications::Notifications;
use self::paths::Paths;
use self::store::Store;
use self::wall::Wall;
use self::watch::{Ready, Source, Watch};
use self::watchdog::Feeder;

pub use self::boot::init;

/// Holds PID 1's own sockets.
const RUN_DIRECTORY: &CStr = c"/run/pilot";
/// Where services send their notifications.
const NOTIFY_PATH: &CStr = c"/run/pilot/notify";
/// Where control clients connect: [`unit::control::SOCKET_PATH`].
const CONTROL_PATH: &CStr = c"/run/pilot/control";

/// Notifications looked at in a turn.
const NOTIFICATIONS_PER_TURN: usize = 16;
/// Children reaped in a turn.
const REAPS_PER_TURN: usize = 32;

/// PID 1.
struct Pilot {
    table: Table<'static>,
    engine: &'static mut Engine<'static, 'static>,
    now: Instant,
    watch: Watch,
    signals: Signals,
    notifications: Notifications,
    listeners: Listeners,
    addresses: Addresses,
    children: Children,
    groups: Groups,
    leavings: Leavings,
    store: Store,
    clients: Clients,
    paths: Paths,
    wall: Wall,
    feeder: Feeder,
    /// When PID 1's own sockets want another look; `None`: they are well.
    mend_at: Option<Instant>,
    /// The last turn's bound was reached before all children were reaped.
    reaping: bool,
    lines: Lines,
}

impl Pilot {
    fn run(&mut self) -> ! {
        self.on_clock_set();
        self.feed(Event::Boot);
        loop {
            self.turn();
        }
    }

    fn turn(&mut self) {
        let wait_ms = if self.reaping {
            Some(0)
        } else {
            let deadlines = [
                self.engine.next_deadline(),
                self.lines.due(self.engine, self.now),
                self.feeder.due(),
                self.mend_at,
            ];
            deadlines.into_iter().flatten().min().map(|deadline| deadline.millis_from(self.now))
        };
        let mut ready = Ready::new();
        self.watch.wait(wait_ms, &mut ready);
        self.now = Instant::at(clock::boot_time_us());
        self.feed_watchdog();
        self.lines.write_due(self.engine, self.now);
        self.engine.counters.console_lines_dropped = crate::sys::console::lines_dropped();
        self.drain();
        if self.mend_at.is_some_and(|at| at <= self.now) {
            self.mend_own_sockets();
        }
        let is_ready = |source| ready.iter().any(|report| report.source == source);
        if is_ready(Source::Notifications) {
            self.read_notifications();
        }
        if is_ready(Source::Signals) {
            self.read_signals();
        }
        if core::mem::take(&mut self.reaping) {
            self.reap();
        }
        for report in &ready {
            match report.source {
                Source::Notifications | Source::Signals | Source::Control | Source::Client(_) => {}
                Source::Wall => self.on_clock_set(),
                Source::Path(unit) => self.on_path_touched(unit, report),
                Source::Stored(place) => self.on_stored_hung_up(place, report),
                Source::Listener(listener) => self.on_listener(listener, report),
                Source::Nodes => self.on_nodes_changed(),
                Source::Addresses => self.on_addresses_changed(report),
                Source::Executed(unit) => self.on_executed(unit, report),
                Source::Adopted(unit) => self.on_adopted_ended(unit, report),
                Source::Group(unit) => self.on_group_changed(unit, report),
            }
        }
        for report in &ready {
            match report.source {
                Source::Control => self.on_control(),
                Source::Client(client) => self.on_client(client, report),
                Source::Notifications
                | Source::Signals
                | Source::Listener(_)
                | Source::Wall
                | Source::Path(_)
                | Source::Stored(_)
                | Source::Nodes
                | Source::Addresses
                | Source::Executed(_)
                | Source::Adopted(_)
                | Source::Group(_) => {}
            }
        }
        self.remove_leavings();
        self.release_stored();
    }

    /// Steps the engine and does all that it then asks for.
    fn feed(&mut self, event: Event<'_>) {
        self.engine.step(event, self.now);
        self.drain();
    }

    /// Steps the engine with the answer to an action; whoever drains goes on.
    fn answer(&mut self, event: Event<'_>) {
        self.engine.step(event, self.now);
    }

    fn drain(&mut self) {
        while let Some(action) = self.engine.next_action(self.now) {
            self.execute(action);
            self.feed_watchdog();
            self.lines.write_crowded(self.engine);
        }
    }

    fn execute(&mut self, action: Action) {
        match action {
            Action::OpenSocket(unit) => self.open_socket(unit),
            Action::CloseSocket(unit) => self.close_socket(unit),
            Action::Flush(unit) => self.flush(unit),
            Action::Watch(unit) => {
                for listener in self.table.socket(unit).listener_ids() {
                    self.watch_listener(listener);
                }
            }
            Action::Unwatch(unit) => {
                for listener in self.table.socket(unit).listener_ids() {
                    self.listeners.unwatch(listener, &mut self.watch);
                }
            }
            Action::WatchListener(listener) => self.watch_listener(listener),
            Action::UnwatchListener(listener) => {
                self.listeners.unwatch(listener, &mut self.watch);
            }
            Action::Accept { listener, instance } => self.accept(listener, instance),
            Action::Refuse(listener) => self.refuse(listener),
            Action::Drop(instance) => self.listeners.drop_connection(instance),
            Action::Spawn { process, command, main_pid } => {
                self.spawn(process, command, main_pid);
            }
            Action::Kill { target, signal } => self.kill(target, signal),
            Action::WatchGroup(unit) => self.watch_group(unit),
            Action::AdoptMain { unit, pid } => self.adopt(unit, pid),
            Action::FindMain(unit) => self.find_main(unit),
            Action::RemovePidFile(unit) => self.remove_pid_file(unit),
            Action::WatchPath { unit, targets } => self.watch_path(unit, targets),
            Action::UnwatchPath(unit) => self.unwatch_path(unit),
            Action::ReleaseStored(unit) => self.store.clean(unit, &self.watch),
            Action::TakeStamp(unit) => {
                let us = work::take_stamp(&self.table, unit);
                self.answer(Event::StampTaken { unit, us });
            }
            Action::Reply { client, answer } => self.reply(client, answer),
            Action::KillAll { signal } => {
                let _ = signal::kill_all(signal);
                let _ = signal::kill_all(Signal::CONT.as_raw() as u8);
                self.reaping = true;
            }
            Action::Work(work) => self.work(work),
            Action::Shutdown(kind) => self.shut_down(kind),
        }
    }

    fn kill(&mut self, target: Target, signal: u8) {
        match target {
            // Only we reap our children: the number is theirs until we have.
            Target::Child(pid) => drop(signal::kill(pid.0, signal)),
            Target::Adopted(unit) => self.groups.kill_adopted(unit, signal),
            Target::Group { unit, leaders } => {
                self.groups.kill(unit, &mut leaders.into_iter().flatten(), signal);
            }
            Target::Instances(unit) => {
                self.groups.kill(unit, &mut self.engine.instance_pids(unit), signal);
            }
        }
    }

    fn shut_down(&mut self, kind: ShutdownKind) -> ! {
        self.lines.write(self.engine);
        if features::HARDWARE_WATCHDOG && kind == ShutdownKind::SwitchRoot {
            crate::sys::watchdog::stop();
        }
        power::end(match kind {
            ShutdownKind::Poweroff => End::PowerOff,
            ShutdownKind::Reboot => End::Restart(self.engine.reboot_argument()),
            ShutdownKind::Halt => End::Halt,
            ShutdownKind::Kexec => End::Kexec,
            ShutdownKind::SwitchRoot => switch_root::move_on(),
        })
    }
}

/// The end of a PID 1 to which the kernel denies what it cannot be without.
#[cold]
fn broken(call: &str, errno: rustix::io::Errno) -> ! {
    panic!("{call}: {}", crate::reason::Reason::of(errno))
}
