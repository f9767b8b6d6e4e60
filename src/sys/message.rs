//! Messages to PID 1: the notification socket (sd_notify(3)) and the control socket.
//!
//! # Safety
//! The kernel fills the control buffer with whole headers (cmsg(3)); each descriptor in it is
//! new and ours alone.

use core::ffi::CStr;
use core::mem::size_of;

use heapless::Vec;
use linux_raw_sys::net::{
    MSG_CMSG_CLOEXEC, MSG_DONTWAIT, MSG_TRUNC, SCM_CREDENTIALS, SCM_RIGHTS, SO_PASSPIDFD,
    SOL_SOCKET, ucred,
};
use rustix::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, sockopt,
};

use super::raw;
use crate::features;

/// Descriptors that are taken from one message; the kernel closes what is more. With a store as
/// many as it lets anybody send: SCM_MAX_FD.
pub const FDS_MAX: usize = if features::FD_STORE { 253 } else { 8 };
/// Words for a header with credentials, one with a pidfd and one with [`FDS_MAX`] descriptors.
const CONTROL_WORDS: usize = if features::FD_STORE { 144 } else { 16 };
/// linux/socket.h
const SCM_PIDFD: u32 = 4;
const HEADER_BYTES: usize = size_of::<usize>() + 2 * size_of::<u32>();
const _: () = assert!(
    3 * HEADER_BYTES + size_of::<ucred>() + 8 + (1 + FDS_MAX) * size_of::<i32>()
        <= CONTROL_WORDS * 8
);

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

/// A socket bound to a path that everybody may write to; an old node is replaced.
///
/// # Errors
/// Those of socket(2), bind(2).
fn bound(kind: SocketType, path: &CStr) -> Result<OwnedFd, Errno> {
    let socket = rustix::net::socket_with(AddressFamily::UNIX, kind, FLAGS, None)?;
    // Only PID 1 binds here, below a directory of its own: what is there is from a former life.
    let _ = rustix::fs::unlink(path);
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    rustix::fs::chmod(path, Mode::from_raw_mode(0o666))?;
    Ok(socket)
}

/// What one look at the notification socket brought.
#[derive(Debug)]
pub enum Received<'b> {
    /// Nothing is there.
    Nothing,
    /// A message that says nothing that can be trusted: empty, too long, or without a sender.
    /// Its descriptors are closed.
    Useless,
    /// A message.
    Message {
        /// Who sent it, as the kernel says.
        sender: Sender,
        /// What was sent.
        bytes: &'b [u8],
        /// Descriptors that came with it: closed when dropped.
        fds: Vec<OwnedFd, FDS_MAX>,
    },
}

/// Who sent a message.
#[derive(Debug)]
pub struct Sender {
    /// Its pid.
    pub pid: u32,
    /// Where the kernel can give one, for those who ask: the process itself.
    pidfd: Option<OwnedFd>,
}

impl Sender {
    /// False if the pid may be another's by now. Linux before 6.5 cannot tell.
    pub fn is_there(&self) -> bool {
        self.pidfd.as_ref().is_none_or(|pidfd| raw::is_there(pidfd.as_fd()))
    }
}

/// The notification socket.
#[derive(Debug)]
pub struct NotifySocket {
    fd: OwnedFd,
}

impl NotifySocket {
    /// Binds it.
    ///
    /// # Errors
    /// Those of socket(2), bind(2).
    pub fn bind(path: &CStr) -> Result<Self, Errno> {
        let fd = bound(SocketType::DGRAM, path)?;
        sockopt::set_socket_passcred(&fd, true)?;
        if features::NOTIFY_ACCESS {
            // Linux before 6.5 does not know it.
            let yes = 1i32.to_ne_bytes();
            let _ = raw::setsockopt(fd.as_fd(), SOL_SOCKET as u16, SO_PASSPIDFD as u16, &yes);
        }
        Ok(Self { fd })
    }

    /// A bound socket, as which messages are taken alike.
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn from_bound(fd: OwnedFd) -> Result<Self, Errno> {
        sockopt::set_socket_passcred(&fd, true)?;
        Ok(Self { fd })
    }

    /// Takes one message; `buffer` is one byte longer than a message may be.
    pub fn receive<'b>(&self, buffer: &'b mut [u8]) -> Received<'b> {
        let Some((length, is_whole, sender, fds)) = self.take(buffer) else {
            return Received::Nothing;
        };
        match sender {
            Some(sender) if is_whole && length > 0 => {
                Received::Message { sender, bytes: &buffer[..length], fds }
            }
            _ => Received::Useless,
        }
    }

    /// Takes one message for its text, whoever sends it and whatever comes with it: the sender, if
    /// it is ours to know, what fits in `buffer`, and whether it was longer.
    pub fn receive_text<'b>(
        &self,
        buffer: &'b mut [u8],
    ) -> Option<(Option<Sender>, &'b [u8], bool)> {
        let (length, is_whole, sender, _) = self.take(buffer)?;
        Some((sender, &buffer[..length], !is_whole))
    }

    /// Its length, whether that is all, its sender and its descriptors.
    fn take(
        &self,
        buffer: &mut [u8],
    ) -> Option<(usize, bool, Option<Sender>, Vec<OwnedFd, FDS_MAX>)> {
        let mut control = [0u64; CONTROL_WORDS];
        let flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
        let received = raw::recvmsg(self.fd.as_fd(), buffer, &mut control, flags);
        let (length, control_bytes, flags) = received.ok()?;
        // SAFETY: the words outlive the slice and are at least that many bytes.
        let control = unsafe {
            let bytes = control_bytes.min(size_of_val(&control));
            core::slice::from_raw_parts(control.as_ptr().cast::<u8>(), bytes)
        };
        let (sender, fds) = read_control(control);
        let is_whole = flags & MSG_TRUNC == 0 && length < buffer.len();
        Some((length, is_whole, sender, fds))
    }
}

impl AsFd for NotifySocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at + 4)?;
    Some(u32::from_ne_bytes([word[0], word[1], word[2], word[3]]))
}

/// The sender and the descriptors out of a buffer of cmsg(3) headers.
fn read_control(mut control: &[u8]) -> (Option<Sender>, Vec<OwnedFd, FDS_MAX>) {
    let mut sender = None;
    let (mut pidfd, mut is_gone) = (None, false);
    let mut fds = Vec::new();
    while control.len() >= HEADER_BYTES {
        // Lengths are far below 4 GiB: the low half of the word, on little-endian targets.
        let length = word(control, 0).map_or(0, |length| length as usize);
        let Some(data) = control.get(HEADER_BYTES..length) else { break };
        let level = word(control, size_of::<usize>());
        let kind = word(control, size_of::<usize>() + 4);
        if level == Some(SOL_SOCKET) && kind == Some(SCM_CREDENTIALS) {
            sender = word(data, 0).filter(|&pid| pid != 0);
        } else if features::NOTIFY_ACCESS && level == Some(SOL_SOCKET) && kind == Some(SCM_PIDFD) {
            let raw_fd = word(data, 0).map_or(-1, |word| word as i32);
            is_gone = raw_fd < 0;
            // SAFETY: the kernel has just made this descriptor for us, unless it is an error.
            pidfd = (!is_gone).then(|| unsafe { OwnedFd::from_raw_fd(raw_fd) });
        } else if level == Some(SOL_SOCKET) && kind == Some(SCM_RIGHTS) {
            for at in (0..data.len()).step_by(size_of::<i32>()) {
                let Some(raw_fd) = word(data, at) else { break };
                // SAFETY: the kernel has just made this descriptor for us.
                let fd = unsafe { OwnedFd::from_raw_fd(raw_fd as i32) };
                // One more than fits is closed at once.
                drop(fds.push(fd));
            }
        }
        let next = length.next_multiple_of(size_of::<usize>()).min(control.len());
        control = &control[next..];
    }
    let sender = sender.filter(|_| !is_gone).map(|pid| Sender { pid, pidfd });
    (sender, fds)
}

/// Listens for control clients.
///
/// # Errors
/// Those of socket(2), bind(2), listen(2).
pub fn control_socket(path: &CStr) -> Result<OwnedFd, Errno> {
    let socket = bound(SocketType::SEQPACKET, path)?;
    rustix::net::listen(&socket, 8)?;
    Ok(socket)
}

/// Takes one control client: its connection, and whether it is root.
///
/// # Errors
/// Those of accept4(2), and of SO_PEERCRED.
pub fn accept_client(listener: BorrowedFd<'_>) -> Result<(OwnedFd, bool), Errno> {
    let client = rustix::net::accept_with(listener, FLAGS)?;
    let root = raw::peer_credentials(client.as_fd())?.uid == 0;
    Ok((client, root))
}

/// Takes one frame. `Ok(0)`: the client has gone.
///
/// # Errors
/// EAGAIN if none is there, MSGSIZE if it is longer than `frame`.
pub fn receive_frame(client: BorrowedFd<'_>, frame: &mut [u8]) -> Result<usize, Errno> {
    let flags = RecvFlags::DONTWAIT | RecvFlags::TRUNC;
    let capacity = frame.len();
    let (_, length) = rustix::net::recv(client, frame, flags)?;
    if length > capacity { Err(Errno::MSGSIZE) } else { Ok(length) }
}

/// Sends one frame, now or never.
///
/// # Errors
/// EAGAIN if the client does not read, EPIPE if it has gone.
pub fn send_frame(client: BorrowedFd<'_>, frame: &[u8]) -> Result<(), Errno> {
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    rustix::net::send(client, frame, flags).map(drop)
}

/// The uid of whoever connected to an AF_UNIX stream.
///
/// # Errors
/// Those of getsockopt(2).
pub fn peer_uid(socket: BorrowedFd<'_>) -> Result<u32, Errno> {
    raw::peer_credentials(socket).map(|credentials| credentials.uid)
}

/// Its pid then; 0 if it is not ours to know.
///
/// # Errors
/// Those of getsockopt(2).
pub fn peer_pid(socket: BorrowedFd<'_>) -> Result<u32, Errno> {
    raw::peer_credentials(socket).map(|credentials| credentials.pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_buffer_of_nonsense_names_nobody() {
        for bytes in [&[][..], &[0xff; 64], &[0; 64], &[1; 7]] {
            let (sender, fds) = read_control(bytes);
            assert!(sender.is_none());
            assert!(fds.is_empty());
        }
    }
}
