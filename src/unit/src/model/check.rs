//! Conditions and asserts: systemd.unit(5), "Conditions and Asserts".

use serde::{Deserialize, Serialize};

/// A `Condition…=` or `Assert…=`: what must hold for a unit to start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Check<'a> {
    /// As a unit file has it, for those who read: `ConditionPathExists=!/etc/key`.
    pub text: &'a str,
    /// It is an assert: if it does not hold, the start has failed.
    pub is_assert: bool,
    /// `|`: of all such one must hold.
    pub is_trigger: bool,
    /// `!`: it must not hold.
    pub is_negated: bool,
    /// What is looked at.
    pub test: Test,
    /// What it is compared with: a path ends with a NUL.
    pub value: &'a str,
}

/// Most checks of one unit: a child's exit code tells which one does not hold.
pub const CHECKS_MAX: usize = 200;
/// Longest pattern of `ConditionPathExistsGlob=`, and most folders on its way.
pub const GLOB_PATH_MAX: usize = 255;
/// See [`GLOB_PATH_MAX`].
pub const GLOB_DEPTH_MAX: usize = 16;

/// What a check looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Test {
    /// Something is at the path.
    PathExists,
    /// Something is at a path that the pattern fits.
    PathExistsGlob,
    /// A folder is at the path.
    PathIsDirectory,
    /// A symbolic link is at the path.
    PathIsSymbolicLink,
    /// A file system is mounted there.
    PathIsMountPoint,
    /// The file system that the path is on can be written to.
    PathIsReadWrite,
    /// A socket is at the path.
    PathIsSocket,
    /// A folder with something in it is at the path.
    DirectoryNotEmpty,
    /// A file with something in it is at the path.
    FileNotEmpty,
    /// A file that can be executed is at the path.
    FileIsExecutable,
    /// The word, or an assignment to it, is on the kernel's command line.
    KernelCommandLine,
    /// The kernel's version is as each word of the value says: a letter of [`Comparison`] and a
    /// version, or `~` and a pattern.
    KernelVersion,
    /// The board had no machine id when it booted: the value is `yes`, or `no`.
    FirstBoot,
    /// The kernel has all these controllers of control groups.
    ControlGroupController,
    /// Megabytes of memory: a letter of [`Comparison`] and a number of bytes.
    Memory,
    /// Processors that can be used: a letter of [`Comparison`] and a number.
    Cpus,
    /// The capability of that number is left to PID 1.
    Capability,
    /// The variable, or the assignment, is in the environment that the kernel gave PID 1.
    Environment,
    /// The host's name fits the pattern, or the machine id is that.
    Host,
    /// The device tree says that the board is compatible with that.
    DeviceTreeCompatible,
    /// Known at build: the value is `yes`, or `no`.
    Known,
}

/// How two things are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

impl Comparison {
    /// Each with its letter.
    pub const LETTERS: [(char, Self); 6] = [
        ('<', Self::Less),
        ('[', Self::AtMost),
        ('=', Self::Equal),
        ('!', Self::Unequal),
        (']', Self::AtLeast),
        ('>', Self::More),
    ];

    /// The comparison at the begin of a value, and what stands behind it.
    pub fn take(value: &str) -> Option<(Self, &str)> {
        let (_, comparison) = Self::LETTERS.iter().find(|(each, _)| value.starts_with(*each))?;
        Some((*comparison, &value[1..]))
    }

    /// Whether it holds for things in this order.
    pub const fn holds(self, order: core::cmp::Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::AtLeast => order.is_ge(),
            Self::More => order.is_gt(),
        }
    }
}
