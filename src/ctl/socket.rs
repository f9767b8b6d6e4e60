//! The link of a real board: a SEQPACKET connection to PID 1, opened at the first question.
//!
//! Read before editing: unix(7), socket(7) (SO_RCVTIMEO).

use core::time::Duration;

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, sockopt};
use unit::control::{FRAME_MAX, SOCKET_PATH};

use super::session::{Link, Unreachable};

/// PID 1 answers a question within microseconds; a client of a broken one shall not hang for ever.
const PATIENCE: Duration = Duration::from_secs(25);
/// `/proc/4294967295/comm` and its NUL.
const COMM_PATH_BYTES: usize = 22;

/// The connection to PID 1.
#[derive(Default)]
pub(super) struct ControlSocket(Option<OwnedFd>);

impl ControlSocket {
    fn connected(&mut self) -> Result<&OwnedFd, Errno> {
        if self.0.is_none() {
            let kind = SocketType::SEQPACKET;
            let fd = net::socket_with(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
            net::connect(&fd, &net::SocketAddrUnix::new(SOCKET_PATH)?)?;
            self.0 = Some(fd);
        }
        self.0.as_ref().ok_or(Errno::NOTCONN)
    }

    fn transfer(
        &mut self,
        request: &[u8],
        patient: bool,
        reply: &mut [u8],
    ) -> Result<usize, Errno> {
        let fd = self.connected()?;
        let patience = if patient { None } else { Some(PATIENCE) };
        sockopt::set_socket_timeout(fd, sockopt::Timeout::Recv, patience)?;
        net::send(fd, request, SendFlags::NOSIGNAL)?;
        loop {
            match net::recv(fd, &mut *reply, RecvFlags::empty()) {
                Ok((_, length)) => return Ok(length),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
}

impl Link for ControlSocket {
    fn exchange(
        &mut self,
        request: &[u8],
        patient: bool,
        reply: &mut [u8; FRAME_MAX],
    ) -> Result<usize, Unreachable> {
        match self.transfer(request, patient, reply) {
            Ok(0) => Err(Unreachable::Closed),
            Ok(length) => Ok(length),
            Err(Errno::NOENT) => Err(Unreachable::NoSocket),
            Err(Errno::CONNREFUSED) => Err(Unreachable::NobodyListens),
            Err(Errno::ACCESS | Errno::PERM) => Err(Unreachable::Denied),
            Err(Errno::AGAIN) => Err(Unreachable::Silent),
            Err(Errno::PIPE | Errno::CONNRESET) => Err(Unreachable::Closed),
            Err(errno) => Err(Unreachable::Errno(errno.raw_os_error())),
        }
    }

    fn process_name(&mut self, pid: u32, name: &mut [u8; 16]) -> usize {
        let mut path = heapless::String::<COMM_PATH_BYTES>::new();
        if core::fmt::write(&mut path, format_args!("/proc/{pid}/comm")).is_err() {
            return 0;
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let read = rustix::fs::open(path.as_str(), flags, Mode::empty())
            .and_then(|fd| rustix::io::read(&fd, &mut name[..]));
        read.map_or(0, |length| name.iter().take(length).take_while(|&&byte| byte != b'\n').count())
    }
}
