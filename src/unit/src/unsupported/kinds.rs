//! Kinds of unit that are not supported, systemd.automount(5) and its kin, and what is not of those
//! that are.

use super::Same::{Empty, No, Words};
use super::{Unsupported, refused};

/// Their sections. A `.device` has none of its own.
pub const SECTIONS: &[&str] = &["Automount", "Scope"];

/// Their suffixes, each with what to do instead.
pub const SUFFIXES: &[(&str, &str)] = &[
    ("automount", "a oneshot service can mount it"),
    ("scope", "processes belong to services here"),
    ("device", "order the unit after the service that makes the device"),
];

/// Those whose processes are killed.
pub(super) const KILLED: &[&str] = &["Scope"];
/// Those with a control group.
pub(super) const LIMITED: &[&str] = &["Scope"];
/// What is mounted or swapped to.
pub(super) const ATTACHED: &[&str] = &["Mount", "Swap"];
/// They run nothing.
pub(super) const NO_PROGRAM: &str = "nothing is run: the kernel is asked to do it";
/// What a slice does not count.
const STARTS: &str = "ParallelStarts= of board.conf says how many services start at once";
/// Whatever stands in them.
pub(super) const NO_SUCH_UNITS: &str = "units of that kind are not supported";

const fn of_kind(name: &'static str) -> Unsupported {
    refused(name, Empty, NO_SUCH_UNITS)
}

#[rustfmt::skip]
pub(super) const MOUNT: &[Unsupported] = &[
    refused("SloppyOptions", No, "leave out of Options= what the file system does not know"),
];

#[rustfmt::skip]
pub(super) const AUTOMOUNT: &[Unsupported] = &[
    of_kind("Where"), of_kind("ExtraOptions"), of_kind("DirectoryMode"), of_kind("TimeoutIdleSec"),
];

#[rustfmt::skip]
pub(super) const TIMER: &[Unsupported] = &[
    refused("OnTimezoneChange", No, "the time zone of a board is that of its image"),
    refused("WakeSystem", No, "PID 1 does not wake a board that sleeps"),
    refused("RandomizedOffsetSec", Empty, "use RandomizedDelaySec= with FixedRandomDelay=yes"),
];

#[rustfmt::skip]
pub(super) const SLICE: &[Unsupported] = &[
    refused("ConcurrencySoftMax", Words(&["infinity"]), STARTS),
    refused("ConcurrencyHardMax", Words(&["infinity"]), STARTS),
];

#[rustfmt::skip]
pub(super) const SCOPE: &[Unsupported] = &[
    of_kind("RuntimeMaxSec"), of_kind("RuntimeRandomizedExtraSec"), of_kind("TimeoutStopSec"),
    of_kind("OOMPolicy"),
];
