//! Kinds of unit that are not supported: systemd.timer(5), .mount(5), .path(5) and their kin.

use super::Same::Empty;
use super::{Unsupported, refused};

/// Their sections. A `.device` has none of its own.
pub const SECTIONS: &[&str] = &["Mount", "Automount", "Swap", "Timer", "Path", "Slice", "Scope"];

/// Their suffixes, each with what to do instead.
pub const SUFFIXES: &[(&str, &str)] = &[
    ("mount", "what PID 1 mounts is there before any unit; a oneshot service can mount more"),
    ("automount", "a oneshot service can mount it"),
    ("swap", "a oneshot service can run swapon"),
    ("timer", "let a service sleep between its rounds, with Restart=always and RestartSec="),
    ("path", "let the program watch the path"),
    ("slice", "there are no slices: each service has its own group"),
    ("scope", "processes belong to services here"),
    ("device", "order the unit after the service that makes the device"),
];

/// Those that run commands.
pub(super) const RUNNING: &[&str] = &["Mount", "Swap"];
/// Those whose processes are killed.
pub(super) const KILLED: &[&str] = &["Mount", "Swap", "Scope"];
/// Those with a control group.
pub(super) const LIMITED: &[&str] = &["Mount", "Swap", "Slice", "Scope"];
/// Whatever stands in them.
pub(super) const NO_SUCH_UNITS: &str = "units of that kind are not supported";

const fn of_kind(name: &'static str) -> Unsupported {
    refused(name, Empty, NO_SUCH_UNITS)
}

#[rustfmt::skip]
pub(super) const MOUNT: &[Unsupported] = &[
    of_kind("What"), of_kind("Where"), of_kind("Options"), of_kind("Type"), of_kind("TimeoutSec"),
    of_kind("DirectoryMode"), of_kind("SloppyOptions"), of_kind("LazyUnmount"),
    of_kind("ForceUnmount"), of_kind("ReadWriteOnly"),
];

#[rustfmt::skip]
pub(super) const AUTOMOUNT: &[Unsupported] = &[
    of_kind("Where"), of_kind("ExtraOptions"), of_kind("DirectoryMode"), of_kind("TimeoutIdleSec"),
];

#[rustfmt::skip]
pub(super) const SWAP: &[Unsupported] = &[
    of_kind("What"), of_kind("Priority"), of_kind("Options"), of_kind("TimeoutSec"),
];

#[rustfmt::skip]
pub(super) const TIMER: &[Unsupported] = &[
    of_kind("OnCalendar"), of_kind("OnActiveSec"), of_kind("OnBootSec"), of_kind("OnStartupSec"),
    of_kind("OnUnitActiveSec"), of_kind("OnUnitInactiveSec"), of_kind("OnClockChange"),
    of_kind("OnTimezoneChange"), of_kind("Persistent"), of_kind("WakeSystem"),
    of_kind("RemainAfterElapse"), of_kind("FixedRandomDelay"), of_kind("DeferReactivation"),
    of_kind("AccuracySec"), of_kind("RandomizedDelaySec"), of_kind("RandomizedOffsetSec"),
    of_kind("Unit"),
];

#[rustfmt::skip]
pub(super) const PATH: &[Unsupported] = &[
    of_kind("PathExists"), of_kind("PathExistsGlob"), of_kind("PathChanged"),
    of_kind("PathModified"), of_kind("DirectoryNotEmpty"), of_kind("Unit"),
    of_kind("MakeDirectory"), of_kind("DirectoryMode"), of_kind("TriggerLimitIntervalSec"),
    of_kind("TriggerLimitBurst"),
];

#[rustfmt::skip]
pub(super) const SLICE: &[Unsupported] = &[
    of_kind("ConcurrencySoftMax"), of_kind("ConcurrencyHardMax"),
];

#[rustfmt::skip]
pub(super) const SCOPE: &[Unsupported] = &[
    of_kind("RuntimeMaxSec"), of_kind("RuntimeRandomizedExtraSec"), of_kind("TimeoutStopSec"),
    of_kind("OOMPolicy"),
];
