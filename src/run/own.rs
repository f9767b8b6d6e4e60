//! PID 1's own two sockets: what is wrong with them is mended, for a board must stay reachable.
//!
//! They may not be open (/run was full), not be at their paths (somebody has removed them), or the
//! control socket may be deaf (no descriptor was left for a client). All three are looked into
//! after a pause, as often as it takes.

use core::ffi::CStr;

use rustix::fs::Mode;
use rustix::io::Errno;
use unit::Millis;

use crate::sys::socket;

use super::{CONTROL_PATH, NOTIFY_PATH, Pilot, RUN_DIRECTORY};

/// Before the sockets are looked at again.
const MEND_PAUSE: Millis = Millis(1_000);

/// A node in a file system: device and inode, if it was there.
pub(super) struct Node(Option<(u64, u64)>);

impl Node {
    pub(super) fn of(path: &CStr) -> Self {
        Self(socket::node(text(path)))
    }

    pub(super) fn is_at(&self, path: &CStr) -> bool {
        self.0 == socket::node(text(path))
    }
}

fn text(path: &CStr) -> &str {
    path.to_str().unwrap_or_default()
}

/// Makes the directory that the sockets are in.
pub(super) fn make_directory() -> Result<(), Errno> {
    match rustix::fs::mkdir(RUN_DIRECTORY, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(errno),
    }
}

impl Pilot {
    pub(super) fn mend_soon(&mut self) {
        self.mend_at.get_or_insert(self.now.after(MEND_PAUSE));
    }

    pub(super) fn mend_own_sockets(&mut self) {
        self.mend_at = None;
        let notifications = self.notifications.mend(&mut self.watch);
        let clients = self.clients.mend(&mut self.watch);
        for path in [NOTIFY_PATH, CONTROL_PATH] {
            self.listeners.watch_node(text(path));
        }
        if !notifications || !clients {
            self.mend_soon();
        }
    }
}
