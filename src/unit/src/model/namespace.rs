//! What of the system the processes of a service have for themselves: namespaces(7).

use serde::{Deserialize, Serialize};

use crate::seq::{Seq, Words};

/// Most trees that are taken for one service.
pub const TREES_MAX: usize = 64;

/// Namespaces of a child's own. That of mounts is made step by step; the compiler has put them in
/// order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Namespace<'a> {
    /// [`Namespace::MOUNTS`] and its kin.
    pub kinds: u8,
    /// The folder of `PrivateTmp=`, NUL-terminated; empty without.
    pub private_tmp: &'a str,
    /// What the unit says, `NAME=value`, for who asks.
    #[serde(borrow)]
    pub said: Words<'a>,
    /// First what takes, then what changes.
    pub steps: Seq<'a, NamespaceStep<'a>>,
}

impl Namespace<'_> {
    /// Mounts.
    pub const MOUNTS: u8 = 1;
    /// `PrivateNetwork=`: interfaces and all that goes with them.
    pub const NETWORK: u8 = 2;
    /// `ProtectHostname=`: the names of the host.
    pub const HOST_NAME: u8 = 4;
    /// `PrivateIPC=`: message queues, semaphores and shared memory of System V.
    pub const IPC: u8 = 8;

    /// True if it is one of those kinds.
    pub const fn has(&self, kinds: u8) -> bool {
        self.kinds & kinds != 0
    }
}

/// What is done next. Paths are NUL-terminated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum NamespaceStep<'a> {
    /// The tree at a path is taken as it is: the first that is taken is the first that is put.
    Take {
        /// Where.
        path: &'a str,
        /// What is mounted below it is not taken.
        flat: bool,
        /// Whether it must be there.
        missing: Missing,
    },
    /// A folder below [`Namespace::private_tmp`] is taken, made where it is not there. Each
    /// connection's process has an empty one of its own instead.
    TakeTmp {
        /// Its name.
        name: &'a str,
    },
    /// The place of the tree that was taken last is made, if it is not there.
    Make {
        /// Where.
        path: &'a str,
    },
    /// All that is mounted becomes read-only.
    SealAll,
    /// The next tree that was taken, if it was there, is put somewhere.
    Put {
        /// Where.
        path: &'a str,
        /// It is read-only there.
        read_only: bool,
        /// The place is made if it is not there.
        make: bool,
        /// The place need not be there.
        optional: bool,
    },
    /// An empty file system in memory is put somewhere.
    Empty {
        /// Where.
        path: &'a str,
        /// What mount(2) is told: tmpfs(5).
        options: &'a str,
        /// The place need not be there.
        optional: bool,
    },
    /// What is mounted just there becomes read-only.
    Seal {
        /// Where.
        path: &'a str,
        /// The place need not be there.
        optional: bool,
    },
    /// Something nobody can read or enter is put there.
    Hide {
        /// Where.
        path: &'a str,
        /// The place need not be there.
        optional: bool,
    },
}

/// What if there is nothing at a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Missing {
    /// The service does not start.
    Fails,
    /// It is left out.
    IsFine,
    /// It is left out, and so is a link: what it leads to is told by itself.
    OrLinkIsFine,
}
