//! From the kernel's first jump to the first turn.

use rustix::process::Pid;
use rustix::system::sethostname;
use unit::Table;

use crate::engine::{
    Engine, Extra, Instance, Instant, ListenerState, StatusText, Storage, UnitState,
};
use crate::sys::cell::{Array, Once, at_rest};
use crate::sys::signal::Signals;
use crate::sys::{clock, console, fatal, fd, mount, power, socket};
use crate::table::limits::{
    EXTRAS as EXTRAS_MAX, INSTANCES, LISTEN_FDS, LISTENERS, SERVICES, UNITS,
};
use crate::{features, log, table};

use super::addresses::Addresses;
use super::children::Children;
use super::clients::Clients;
use super::groups::Groups;
use super::leavings::Leavings;
use super::lines::Lines;
use super::listeners::Listeners;
use super::notifications::Notifications;
use super::paths::Paths;
use super::store::Store;
use super::wall::Wall;
use super::watch::{Source, Watch};
use super::watchdog::Feeder;
use super::{Pilot, command_line, luck};
use crate::reason::Reason;

/// Not on the stack, whose deepest moment is the boot: what that touches stays.
static ENGINE: Array<Engine<'static, 'static>, 1, 12> = Array::new();
static UNIT_STATES: Array<UnitState, UNITS, 0> = Array::new();
static LISTENER_STATES: Array<ListenerState, LISTENERS, 1> = Array::new();
static EXTRAS: Array<Extra, EXTRAS_MAX, 20> = Array::new();
at_rest! {
    static INSTANCE_STATES: Once<[Instance; INSTANCES], 2> = Once::new([Instance::FREE; INSTANCES]);
    static STATUS_TEXTS: Once<[StatusText; SERVICES], 3> = Once::new([StatusText::EMPTY; SERVICES]);
}

/// The role of PID 1. Refuses (and returns an exit code) for any other process, so that a slip
/// cannot mount over a machine or reboot it.
pub fn init() -> u8 {
    if rustix::process::getpid() != Pid::INIT {
        let line = b"pilot: this is the init program: it runs as process 1 only\n";
        let _ = rustix::io::write(fd::number(2), line);
        return 1;
    }
    fd::occupy_streams();
    let table = table::open().unwrap_or_else(|error| panic!("the unit table {error}"));
    fatal::set_action(table.manager().crash_action);
    socket::set_default_umask();
    let _ = rustix::process::chdir(c"/");
    // Without it we still run, and a parent's session does not hang up on us.
    let _ = rustix::process::setsid();
    let signals = Signals::collect().unwrap_or_else(|errno| super::broken("signalfd(2)", errno));
    let feeder = prepare_kernel(&table);
    let mut pilot = Pilot::new(table, signals, feeder);
    pilot.heed_command_line();
    pilot.run()
}

/// What every program expects of a running system. Whatever fails is said and passed over: a
/// board that is half up can still be reached.
fn prepare_kernel(table: &Table<'static>) -> Feeder {
    let manager = table.manager();
    let mut failures = heapless::Vec::<_, 8>::new();
    mount::mount_api_file_systems(|target, errno| {
        let _ = failures.push((target, errno));
    });
    let feeder = Feeder::new(manager);
    fd::close_others_on_exec();
    let null = fd::null_streams();
    let _ = console::open(manager.console);
    log::set_level(command_line::log_level().unwrap_or(manager.log_level));
    log::info!("pilot {}, table {:08x}", env!("CARGO_PKG_VERSION"), table.crc());
    for (target, errno) in failures {
        let reason = Reason::of(errno);
        log::error!("mount {}: {reason}", target.to_str().unwrap_or_default());
    }
    let steps = [
        ("/dev/null", null),
        ("lo", socket::bring_loopback_up()),
        ("hostname", set_hostname(manager.hostname)),
    ];
    for (what, result) in steps {
        if let Err(errno) = result {
            log::failed(log::Level::Error, what, errno);
        }
    }
    // Refused in a pid namespace, where no such key is.
    let _ = power::catch_ctrl_alt_del();
    feeder
}

fn set_hostname(name: &str) -> Result<(), rustix::io::Errno> {
    if name.is_empty() { Ok(()) } else { sethostname(name.as_bytes()) }
}

impl Pilot {
    fn new(table: Table<'static>, signals: Signals, feeder: Feeder) -> Self {
        let engine = ENGINE.fill_with(|| {
            let storage = Storage {
                units: UNIT_STATES.fill_with(|| UnitState::NEW),
                listeners: LISTENER_STATES.fill_with(|| ListenerState::NEW),
                instances: INSTANCE_STATES.take(),
                status: STATUS_TEXTS.take(),
                extras: EXTRAS.fill_with(|| Extra::NEW),
            };
            Engine::new(table, storage)
        });
        let [engine] = engine else { bug!("there is one") };
        // The order makes the lowest descriptors those that are never closed.
        let mut watch =
            Watch::new().unwrap_or_else(|errno| super::broken("epoll_create1(2)", errno));
        let readable = rustix::event::epoll::EventFlags::IN;
        let added = watch.add(rustix::fd::AsFd::as_fd(&signals), Source::Signals, readable);
        ensure!(added.is_ok(), "the first descriptor of an empty set");
        let notifications = Notifications::open(&mut watch);
        let clients = Clients::open(&mut watch);
        let wall = Wall::open(&mut watch);
        if let Err(errno) = wall.as_ref() {
            log::failed(log::Level::Error, "clock", *errno);
        }
        let wall = wall.unwrap_or_default();
        if let Err(errno) = fd::reserve(LISTEN_FDS) {
            log::failed(log::Level::Error, "descriptors", errno);
        }
        let mut pilot = Self {
            engine,
            table,
            now: Instant::at(clock::boot_time_us()),
            listeners: Listeners::new(&table, &mut watch),
            addresses: Addresses::default(),
            watch,
            signals,
            notifications,
            children: Children::new(),
            groups: Groups::new(&table),
            leavings: Leavings::new(),
            store: Store::new(),
            clients,
            paths: Paths::new(&table),
            wall,
            feeder,
            mend_at: None,
            reaping: false,
            lines: Lines::new(),
        };
        if features::TIMERS {
            pilot.engine.set_luck(luck::luck());
        }
        // Only now is there somebody who tells when their nodes are removed.
        pilot.mend_own_sockets();
        pilot
    }
}
