//! Mounts: systemd.mount(5), mount(2). Swap areas: systemd.swap(5), swapon(2).

use serde::{Deserialize, Serialize};

use super::Millis;
use crate::decode;

/// `[Mount]` or `[Swap]`: what the life cycle needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mount<'a> {
    /// `TimeoutSec=`, with the time that its device may take; `None` waits for ever.
    pub timeout_mount: Option<Millis>,
    /// `TimeoutSec=`.
    pub timeout_unmount: Option<Millis>,
    /// It is a swap unit.
    pub is_swap: bool,
    /// A [`MountSetup`] in postcard form, or a [`SwapSetup`]: decoded only where something is
    /// mounted.
    pub setup: &'a [u8],
}

impl<'a> Mount<'a> {
    /// What is swapped to, and how, if it is a swap unit.
    ///
    /// # Panics
    /// Never on a table that [`crate::Table::open`] accepted.
    pub fn swap(&self) -> Option<SwapSetup<'a>> {
        if !self.is_swap {
            return None;
        }
        let Some(setup) = decode::from_bytes(self.setup) else {
            panic!("the table was checked when it was opened");
        };
        Some(setup)
    }

    /// What is mounted, and how, if it is none.
    ///
    /// # Panics
    /// Never on a table that [`crate::Table::open`] accepted.
    pub fn setup(&self) -> MountSetup<'a> {
        let Some(setup) = decode::from_bytes(self.setup) else {
            panic!("the table was checked when it was opened");
        };
        setup
    }
}

/// What is mounted, and how. Texts that a system call takes end with a NUL.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MountSetup<'a> {
    /// `What=`.
    pub what: &'a str,
    /// `Where=`.
    pub target: &'a str,
    /// `Type=`; the empty text with its NUL tries those that the kernel knows.
    pub fs_type: &'a str,
    /// What mount(2) calls mountflags, of `Options=`.
    pub flags: u32,
    /// Flags of a second mount(2): who else sees what is mounted below; 0 for none.
    pub propagation: u32,
    /// What mount(2) calls data: the other options.
    pub data: &'a str,
    /// How long a device may take to be there; 0 if it is none.
    pub device_timeout: Millis,
    /// `DirectoryMode=`.
    pub directory_mode: u16,
    /// `ReadWriteOnly=`: not read-only instead.
    pub read_write_only: bool,
    /// `LazyUnmount=`.
    pub lazy: bool,
    /// `ForceUnmount=`.
    pub force: bool,
}

/// What is swapped to, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SwapSetup<'a> {
    /// `What=`, with a NUL.
    pub what: &'a str,
    /// What swapon(2) calls swapflags, of `Priority=` and `Options=`.
    pub flags: u32,
    /// How long a device may take to be there; 0 if it is none.
    pub device_timeout: Millis,
}

/// SWAP_FLAG_PREFER of swapon(2): the low bits are a priority.
pub const SWAP_PREFER: u32 = 0x8000;
/// SWAP_FLAG_PRIO_MASK of swapon(2).
pub const SWAP_PRIORITY: u32 = 0x7fff;
/// SWAP_FLAG_DISCARD of swapon(2).
pub const SWAP_DISCARD: u32 = 0x1_0000;
/// SWAP_FLAG_DISCARD_ONCE of swapon(2).
pub const SWAP_DISCARD_ONCE: u32 = 0x2_0000;
/// SWAP_FLAG_DISCARD_PAGES of swapon(2).
pub const SWAP_DISCARD_PAGES: u32 = 0x4_0000;

/// MS_RDONLY of mount(2).
pub const MOUNT_READ_ONLY: u32 = 1;
/// MS_REMOUNT of mount(2): what is mounted there, the root, is mounted otherwise.
pub const MOUNT_REMOUNT: u32 = 1 << 5;
/// MS_BIND of mount(2).
pub const MOUNT_BIND: u32 = 1 << 12;
/// MS_REC of mount(2).
pub const MOUNT_RECURSIVE: u32 = 1 << 14;
