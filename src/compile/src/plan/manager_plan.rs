//! What a board's `[Manager]` becomes.

use std::collections::BTreeSet;

use unit::{CrashAction, Emergency, Millis};

use super::{Defaults, RootPlan, unit_plan};
use crate::draft;

/// [`unit::Manager`] with text of its own.
#[derive(Debug)]
pub struct ManagerPlan {
    /// Host name.
    pub hostname: String,
    /// What a boot starts.
    pub default_target: u16,
    /// The console's path.
    pub console: String,
    /// `NAME=value`, one to a name.
    pub environment: Vec<(String, String)>,
    /// After a programmer error.
    pub crash_action: CrashAction,
    /// On Ctrl-Alt-Del.
    pub ctrl_alt_del: Emergency,
    /// When it is pressed often.
    pub ctrl_alt_del_burst: Emergency,
    /// As [`unit::Manager::specials`].
    pub specials: Vec<u16>,
    /// The control group that all others lie in.
    pub groups: RootPlan,
    /// As [`unit::UnitFiles::masked`].
    pub masked: Vec<String>,
    /// As [`unit::UnitFiles::installable`].
    pub installable: Vec<u8>,
    /// `EmergencyShell=` is given.
    pub emergency_shell: bool,
    /// `KernelCommandLine=`.
    pub command_line: bool,
    /// For all units to stop.
    pub shutdown_timeout: Millis,
    /// Services that a target starts at once.
    pub parallel_starts: u16,
    /// Spawns at once.
    pub spawn_slots: u8,
    /// syslog(3).
    pub log_level: u8,
    /// `LogRingSize=`.
    pub log_ring_bytes: u32,
    /// The hardware watchdog that is fed.
    pub watchdog: Option<WatchdogPlan>,
}

/// [`unit::HardwareWatchdog`] with text of its own.
#[derive(Debug)]
pub struct WatchdogPlan {
    /// `WatchdogDevice=`.
    pub device: String,
    /// `RuntimeWatchdogSec=`, in seconds; 0 leaves the driver's.
    pub timeout_s: u32,
    /// `RebootWatchdogSec=`, in seconds; 0 leaves what is set, `None` stops it.
    pub shutdown_timeout_s: Option<u32>,
    /// `WatchdogUnits=`.
    pub units: BTreeSet<u16>,
}

pub(super) fn manager_plan(
    default_target: u16,
    vital: BTreeSet<u16>,
    board: draft::Board,
    manager: draft::Manager,
) -> (ManagerPlan, Defaults) {
    let draft::Manager {
        default_timeout_start,
        default_timeout_stop,
        default_restart_delay,
        default_start_limit_interval,
        default_start_limit_burst,
        default_environment,
        default_standard_output,
        default_standard_error,
        default_limit_nofile,
        timer_stamps,
        crash_action,
        ctrl_alt_del_burst,
        emergency_shell,
        command_line,
        log_level,
        log_ring_size,
        shutdown_timeout,
        parallel_starts,
        spawn_slots,
        runtime_watchdog,
        reboot_watchdog,
        watchdog_device,
        // Its names are numbers by now.
        watchdog_units: _,
    } = manager;
    let environment = unit_plan::merge(default_environment.values());
    let defaults = Defaults {
        timeout_start: default_timeout_start.value,
        timeout_stop: default_timeout_stop.value,
        restart_delay: default_restart_delay.value,
        start_limit_interval: default_start_limit_interval.value,
        start_limit_burst: default_start_limit_burst.value,
        environment: environment.clone(),
        standard_output: default_standard_output.value,
        standard_error: default_standard_error.value,
        has_log: false,
        limit_nofile: default_limit_nofile.given.map(|given| given.value),
        timer_stamps: timer_stamps.value,
    };
    let plan = ManagerPlan {
        hostname: board.hostname.value,
        default_target,
        console: board.console.value,
        environment,
        crash_action: crash_action.value,
        ctrl_alt_del: Emergency::Reboot,
        ctrl_alt_del_burst: ctrl_alt_del_burst.value,
        specials: Vec::new(),
        groups: RootPlan::default(),
        masked: Vec::new(),
        installable: Vec::new(),
        emergency_shell: emergency_shell.given.is_some(),
        command_line: command_line.value,
        shutdown_timeout: shutdown_timeout.value,
        parallel_starts: u16::try_from(parallel_starts.value).unwrap_or(0),
        spawn_slots: u8::try_from(spawn_slots.value).expect("check has seen its range"),
        log_level: log_level.value,
        log_ring_bytes: log_ring_size.value,
        watchdog: runtime_watchdog.value.map(|timeout_s| WatchdogPlan {
            device: watchdog_device.value,
            timeout_s,
            shutdown_timeout_s: reboot_watchdog.value,
            units: vital,
        }),
    };
    (plan, defaults)
}
