//! What conditions and asserts look at: systemd.unit(5), "Conditions and Asserts".

use core::cmp::Ordering;

use rustix::fs::{FileType, Mode, StatVfsMountFlags};
use rustix::thread::{CapabilitySet, capability_is_in_bounding_set, sched_getaffinity};
use unit::compare::{fits, versions};
use unit::{Check, Comparison, Seq, Test};

use crate::features;
use crate::sys::file;
use crate::sys::mount::is_mount_point;
use crate::text::pieces;

/// What is read of a file in /proc or /sys.
const FILE_BYTES: usize = 4096;
const MACHINE_ID: &str = "/etc/machine-id\0";

/// The place, counted from 1, of the first check that keeps the unit from starting; 0 if none
/// does. All must hold; of the conditions behind `|`, and of such asserts, one must.
pub(super) fn first_unmet(checks: Seq<'_, Check<'_>>) -> u8 {
    if !features::CONDITIONS {
        return 0;
    }
    for is_assert in [false, true] {
        let mut untriggered = 0;
        let mut triggered = false;
        for (place, check) in (1..).zip(checks.iter()) {
            if check.is_assert != is_assert {
                continue;
            }
            let holds = holds(&check) != check.is_negated;
            if check.is_trigger {
                triggered |= holds;
                untriggered = place;
            } else if !holds {
                return place;
            }
        }
        if !triggered && untriggered > 0 {
            return untriggered;
        }
    }
    0
}

fn holds(check: &Check<'_>) -> bool {
    let value = check.value;
    let mut buffer = [0; FILE_BYTES];
    match check.test {
        Test::PathExists => file::kind(value).is_some(),
        Test::PathExistsGlob => file::exists_like(value),
        Test::PathIsDirectory => file::kind(value) == Some(FileType::Directory),
        Test::PathIsSymbolicLink => file::is_link(value),
        Test::PathIsMountPoint => is_mount_point(file::path(value)),
        Test::PathIsReadWrite => is_read_write(value),
        Test::PathIsSocket => file::kind(value) == Some(FileType::Socket),
        Test::DirectoryNotEmpty => file::has_entries(value),
        Test::FileNotEmpty => file::regular(value).is_some_and(|file| file.st_size > 0),
        Test::FileIsExecutable => {
            let executable = Mode::XUSR | Mode::XGRP | Mode::XOTH;
            file::regular(value)
                .is_some_and(|file| Mode::from_raw_mode(file.st_mode).intersects(executable))
        }
        Test::KernelCommandLine => {
            let words = file::read("/proc/cmdline\0", &mut buffer);
            words.split(u8::is_ascii_whitespace).any(|word| is_word(word, value))
        }
        Test::KernelVersion => value.split(' ').all(is_kernel),
        Test::FirstBoot => is_first_boot(&mut buffer) == (value == "yes"),
        Test::ControlGroupController => {
            let there = file::read("/sys/fs/cgroup/cgroup.controllers\0", &mut buffer);
            let has = |name: &str| {
                there.split(u8::is_ascii_whitespace).any(|each| each == name.as_bytes())
            };
            value.split(' ').all(has)
        }
        Test::Memory => {
            let memory = rustix::system::sysinfo();
            compare(value, memory.totalram as u64 * u64::from(memory.mem_unit))
        }
        Test::Cpus => {
            let usable = sched_getaffinity(None).map_or(1, |set| set.count());
            compare(value, usable.into())
        }
        Test::Capability => {
            let bit = 1u64 << value.parse::<u8>().unwrap_or_default();
            capability_is_in_bounding_set(CapabilitySet::from_bits_retain(bit)).unwrap_or(false)
        }
        Test::Environment => {
            let variables = file::read("/proc/self/environ\0", &mut buffer);
            pieces(variables, 0).any(|variable| is_word(variable, value))
        }
        Test::Host => {
            let name = rustix::system::uname();
            fits(value.as_bytes(), name.nodename().to_bytes())
                || file::read(MACHINE_ID, &mut buffer).trim_ascii() == value.as_bytes()
        }
        Test::DeviceTreeCompatible => {
            let boards = "/sys/firmware/devicetree/base/compatible\0";
            let boards = file::read(boards, &mut buffer);
            pieces(boards, 0).any(|board| board == value.as_bytes())
        }
        Test::Known => value == "yes",
    }
}

/// An assignment must be the whole word, a name may have any value.
fn is_word(word: &[u8], wanted: &str) -> bool {
    let behind = word.strip_prefix(wanted.as_bytes());
    behind.is_some_and(|rest| rest.is_empty() || (rest[0] == b'=' && !wanted.contains('=')))
}

fn is_kernel(word: &str) -> bool {
    let kernel = rustix::system::uname();
    let release = kernel.release().to_bytes();
    match Comparison::take(word) {
        Some((comparison, version)) => comparison.holds(versions(release, version.as_bytes())),
        None => fits(&word.as_bytes()[1..], release),
    }
}

/// A comparison and a number, as the compiler has written them.
fn compare(value: &str, number: u64) -> bool {
    let Some((comparison, wanted)) = Comparison::take(value) else { return false };
    let order = wanted.parse::<u64>().map_or(Ordering::Less, |wanted| number.cmp(&wanted));
    comparison.holds(order)
}

fn is_read_write(path: &str) -> bool {
    let read_only = |place: rustix::fs::StatVfs| place.f_flag.contains(StatVfsMountFlags::RDONLY);
    rustix::fs::statvfs(file::path(path)).is_ok_and(|place| !read_only(place))
}

/// machine-id(5): none, an empty one, or one that says so.
fn is_first_boot(buffer: &mut [u8]) -> bool {
    let id = file::read(MACHINE_ID, buffer).trim_ascii();
    id.is_empty() || id == b"uninitialized"
}
