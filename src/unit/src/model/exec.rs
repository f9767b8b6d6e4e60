//! What a child is given before it executes its program: systemd.exec(5).

use serde::{Deserialize, Serialize};

use super::ExecMore;
use crate::decode;
use crate::seq::Words;

/// What a child does between clone and exec: systemd.exec(5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExecContext<'a> {
    /// `User=`: a name or a number, looked up by the child; empty is root.
    pub user: &'a str,
    /// `Group=`: as `user`; empty is the user's own group.
    pub group: &'a str,
    /// `WorkingDirectory=`, NUL-terminated; empty (without NUL) is `/`.
    pub working_directory: &'a str,
    /// `WorkingDirectory=-…`: a missing one is fine.
    pub working_directory_optional: bool,
    /// `WorkingDirectory=~`: the user's home.
    pub working_directory_home: bool,
    /// `Environment=`, the board's below the unit's, `NAME=value`.
    #[serde(borrow)]
    pub environment: Words<'a>,
    /// `UMask=`.
    pub umask: u16,
    /// `LimitNOFILE=`, soft and hard; `u64::MAX` is infinity; `None` leaves PID 1's own.
    pub limit_nofile: Option<(u64, u64)>,
    /// `StandardInput=`.
    pub stdin: Stdio,
    /// `StandardOutput=`, resolved: `Inherit` is "as stdin".
    pub stdout: Stdio,
    /// `StandardError=`, resolved: `Inherit` is "as stdout".
    pub stderr: Stdio,
    /// `NonBlocking=`: O_NONBLOCK on the passed sockets.
    pub non_blocking: bool,
    /// True if READY=1 and its kin are listened to: NOTIFY_SOCKET is set.
    pub notify: bool,
    /// An [`ExecMore`] in postcard form; empty if the unit says nothing of all that.
    pub more: &'a [u8],
}

impl<'a> ExecContext<'a> {
    /// What few units say.
    ///
    /// # Panics
    /// Never on a table that [`crate::Table::open`] accepted.
    pub fn more(&self) -> ExecMore<'a> {
        if self.more.is_empty() {
            return ExecMore::default();
        }
        let Some(more) = decode::from_bytes(self.more) else {
            panic!("the table was checked when it was opened");
        };
        more
    }
}

/// Where a standard stream leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Stdio {
    /// /dev/null.
    Null,
    /// The terminal. As stdin it becomes the controlling one, once nobody else's.
    Tty,
    /// The terminal, whoever has it (input only).
    TtyForce,
    /// The terminal, if nobody else has it (input only).
    TtyFail,
    /// The connection (`Accept=yes`) or the only listener.
    Socket,
    /// /dev/kmsg (output only).
    Kmsg,
    /// `pilot-log` (output only), or /dev/kmsg where nobody takes the connection.
    Log,
    /// A file, read from its begin or written over: [`super::Streams`] has its path.
    File,
    /// A file (output only); what is written comes behind what is there.
    Append,
    /// A file (output only); what is there is gone.
    Truncate,
    /// A passed socket, by its name in LISTEN_FDNAMES: [`super::Streams`] has it.
    Named,
    /// Bytes of the table (input only).
    Data,
    /// As the stream before it: stdout as stdin, stderr as stdout.
    Inherit,
}

impl Stdio {
    /// True of a terminal.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Tty | Self::TtyForce | Self::TtyFail)
    }
}
