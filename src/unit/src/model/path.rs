//! Path units: systemd.path(5).

use serde::{Deserialize, Serialize};

use super::{RateLimit, UnitId};
use crate::decode;
use crate::seq::Seq;

/// Most paths of a unit that are watched for changes: the child that sets the watches tells by a
/// bit each whether it is there, in what its exit code has room for.
pub const CHANGES_MAX: usize = 7;

/// `[Path]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PathUnit<'a> {
    /// `Unit=`: what it starts.
    pub unit: UnitId,
    /// `TriggerLimit…=`.
    pub trigger_limit: RateLimit,
    /// A [`PathSetup`] in postcard form: decoded only where somebody looks.
    pub setup: &'a [u8],
}

impl<'a> PathUnit<'a> {
    /// What it looks at.
    ///
    /// # Panics
    /// Never on a table that [`crate::Table::open`] accepted.
    pub fn setup(&self) -> PathSetup<'a> {
        let Some(setup) = decode::from_bytes(self.setup) else {
            panic!("the table was checked when it was opened");
        };
        setup
    }
}

/// What a path unit looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PathSetup<'a> {
    /// `PathExists=` and its kin, in the order of the unit file.
    #[serde(borrow)]
    pub watched: Seq<'a, WatchedPath<'a>>,
    /// `DirectoryMode=`, if it makes its paths as folders: `MakeDirectory=`.
    pub make: Option<u16>,
}

/// One of the paths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WatchedPath<'a> {
    /// What is waited for.
    pub when: When,
    /// Where: a path, or a pattern of glob(7), with a NUL behind.
    pub path: &'a str,
}

/// What a path unit waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum When {
    /// `PathExists=`.
    Exists,
    /// `PathExistsGlob=`.
    ExistsGlob,
    /// `DirectoryNotEmpty=`.
    NotEmpty,
    /// `PathChanged=`: closed after it was written to, or anything else but a write.
    Changed,
    /// `PathModified=`: each write as well.
    Modified,
}

impl When {
    /// True for what starts the unit because something happens, not because something is so.
    pub const fn is_change(self) -> bool {
        match self {
            Self::Changed | Self::Modified => true,
            Self::Exists | Self::ExistsGlob | Self::NotEmpty => false,
        }
    }

    /// The directive that says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exists => "PathExists",
            Self::ExistsGlob => "PathExistsGlob",
            Self::NotEmpty => "DirectoryNotEmpty",
            Self::Changed => "PathChanged",
            Self::Modified => "PathModified",
        }
    }
}
