//! Listeners: socket(7), ip(7), ipv6(7), unix(7), fifo(7), as systemd.socket(5) wants them.
//!
//! # Safety
//! The one ioctl passes a `struct ifreq`, whose layout is asserted.

use core::mem::size_of;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrAny, SocketAddrUnix, SocketFlags, SocketType, ipproto, sockopt,
};
use unit::control::Peer;
use unit::{Address, BindIpv6Only, ListenKind, Listener, Socket};

use super::path::Path;
use super::{raw, users};

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);
/// The mask PID 1 lives with, and what its children inherit.
const UMASK: u16 = 0o022;

/// Sets the file mode creation mask that children inherit.
pub fn set_default_umask() {
    rustix::process::umask(Mode::from_raw_mode(UMASK.into()));
}

/// Opens one listener of a socket unit.
///
/// # Errors
/// Whatever stood in the way first. EADDRINUSE also for a path at which there is something
/// that is not a socket, or a socket at which somebody listens.
pub fn open(unit: &Socket<'_>, listener: &Listener<'_>) -> Result<OwnedFd, Errno> {
    let kind = match listener.kind {
        ListenKind::Stream => SocketType::STREAM,
        ListenKind::Datagram => SocketType::DGRAM,
        ListenKind::SequentialPacket => SocketType::SEQPACKET,
        ListenKind::Fifo => return open_fifo(unit, listener),
    };
    let socket = match listener.address {
        Address::Port(port) => open_port(unit, kind, port)?,
        Address::V4(address, port) => open_v4(unit, kind, address, port)?,
        Address::V6(address, port, interface) => open_v6(unit, kind, address, port, interface)?,
        Address::Path(path) => open_path(unit, kind, path)?,
        Address::Abstract(name) => {
            let socket = unix(kind)?;
            rustix::net::bind(&socket, &SocketAddrUnix::new_abstract_name(name.as_bytes())?)?;
            socket
        }
    };
    if kind != SocketType::DGRAM {
        rustix::net::listen(&socket, unit.backlog.min(i32::MAX as u32) as i32)?;
    }
    Ok(socket)
}

/// A bare port: everywhere, by IPv6 where the kernel has it.
fn open_port(unit: &Socket<'_>, kind: SocketType, port: u16) -> Result<OwnedFd, Errno> {
    match open_v6(unit, kind, Ipv6Addr::UNSPECIFIED, port, "") {
        Err(Errno::AFNOSUPPORT) => open_v4(unit, kind, Ipv4Addr::UNSPECIFIED, port),
        opened => opened,
    }
}

fn open_v4(
    unit: &Socket<'_>,
    kind: SocketType,
    address: Ipv4Addr,
    port: u16,
) -> Result<OwnedFd, Errno> {
    let socket = rustix::net::socket_with(AddressFamily::INET, kind, FLAGS, None)?;
    set_inet_options(unit, kind, socket.as_fd())?;
    rustix::net::bind(&socket, &SocketAddrV4::new(address, port))?;
    Ok(socket)
}

fn open_v6(
    unit: &Socket<'_>,
    kind: SocketType,
    address: Ipv6Addr,
    port: u16,
    interface: &str,
) -> Result<OwnedFd, Errno> {
    let socket = rustix::net::socket_with(AddressFamily::INET6, kind, FLAGS, None)?;
    match unit.bind_ipv6_only {
        BindIpv6Only::Default => {}
        BindIpv6Only::Both => sockopt::set_ipv6_v6only(&socket, false)?,
        BindIpv6Only::Ipv6Only => sockopt::set_ipv6_v6only(&socket, true)?,
    }
    set_inet_options(unit, kind, socket.as_fd())?;
    let scope = match interface {
        "" => 0,
        name => rustix::net::netdevice::name_to_index(&socket, name)?,
    };
    rustix::net::bind(&socket, &SocketAddrV6::new(address, port, 0, scope))?;
    Ok(socket)
}

fn set_inet_options(
    unit: &Socket<'_>,
    kind: SocketType,
    socket: BorrowedFd<'_>,
) -> Result<(), Errno> {
    sockopt::set_socket_reuseaddr(socket, true)?;
    if unit.reuse_port {
        sockopt::set_socket_reuseport(socket, true)?;
    }
    if unit.keep_alive {
        sockopt::set_socket_keepalive(socket, true)?;
    }
    if unit.no_delay && kind == SocketType::STREAM {
        sockopt::set_tcp_nodelay(socket, true)?;
    }
    Ok(())
}

fn unix(kind: SocketType) -> Result<OwnedFd, Errno> {
    rustix::net::socket_with(AddressFamily::UNIX, kind, FLAGS, None)
}

fn open_path(unit: &Socket<'_>, kind: SocketType, path: &str) -> Result<OwnedFd, Errno> {
    let socket = unix(kind)?;
    make_parents(path, unit.directory_mode)?;
    let path = Path::new(path)?;
    let address = SocketAddrUnix::new(path.as_c_str())?;
    {
        let _umask = Umask::narrowed_to(unit.mode);
        match rustix::net::bind(&socket, &address) {
            Err(Errno::ADDRINUSE) if is_stale(kind, &path, &address) => {
                rustix::fs::unlink(path.as_c_str())?;
                rustix::net::bind(&socket, &address)?;
            }
            bound => bound?,
        }
    }
    give_to_owner(unit, &path)?;
    Ok(socket)
}

/// True if a socket is there at which nobody listens.
fn is_stale(kind: SocketType, path: &Path, address: &SocketAddrUnix) -> bool {
    let is_socket = rustix::fs::lstat(path.as_c_str())
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Socket);
    let refused = || {
        unix(kind).and_then(|probe| rustix::net::connect(&probe, address))
            == Err(Errno::CONNREFUSED)
    };
    is_socket && refused()
}

fn open_fifo(unit: &Socket<'_>, listener: &Listener<'_>) -> Result<OwnedFd, Errno> {
    let Address::Path(path) = listener.address else { return Err(Errno::INVAL) };
    make_parents(path, unit.directory_mode)?;
    let path = Path::new(path)?;
    {
        let _umask = Umask::narrowed_to(unit.mode);
        match rustix::fs::mkfifoat(CWD, path.as_c_str(), Mode::from_raw_mode(unit.mode.into())) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    // Open for writing, too: a reader alone would see the end after each writer.
    let flags =
        OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NOFOLLOW;
    let fifo = rustix::fs::open(path.as_c_str(), flags, Mode::empty())?;
    if FileType::from_raw_mode(rustix::fs::fstat(&fifo)?.st_mode) != FileType::Fifo {
        return Err(Errno::ADDRINUSE);
    }
    // It may have been there before.
    rustix::fs::fchmod(&fifo, Mode::from_raw_mode(unit.mode.into()))?;
    give_to_owner(unit, &path)?;
    Ok(fifo)
}

/// Makes the directories on the way to a node.
fn make_parents(path: &str, mode: u16) -> Result<(), Errno> {
    let _umask = Umask::narrowed_to(0o777);
    for (at, _) in path.match_indices('/').skip(1) {
        let parent = Path::new(&path[..at])?;
        match rustix::fs::mkdir(parent.as_c_str(), Mode::from_raw_mode(mode.into())) {
            Ok(()) | Err(Errno::EXIST) => {}
            // A read-only file system may well have it: the next step will tell.
            Err(Errno::ROFS) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// `SocketUser=`, `SocketGroup=`: of the node itself, whatever its name leads to by then.
fn give_to_owner(unit: &Socket<'_>, path: &Path) -> Result<(), Errno> {
    if unit.user.is_empty() && unit.group.is_empty() {
        return Ok(());
    }
    let user = match unit.user {
        "" => None,
        name => Some(users::find_user(name)?),
    };
    let group = match (unit.group, &user) {
        ("", Some(user)) => Some(user.gid),
        ("", None) => None,
        (name, _) => Some(users::find_group(name)?),
    };
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let node = rustix::fs::open(path.as_c_str(), flags, Mode::empty())?;
    rustix::fs::chownat(
        &node,
        c"",
        user.map(|user| rustix::fs::Uid::from_raw(user.uid)),
        group.map(rustix::fs::Gid::from_raw),
        AtFlags::EMPTY_PATH,
    )
}

/// The mask while a node is made, so that it never has more rights than it will; ours again
/// when dropped.
struct Umask;

impl Umask {
    fn narrowed_to(mode: u16) -> Self {
        rustix::process::umask(Mode::from_raw_mode((0o777 & !mode).into()));
        Self
    }
}

impl Drop for Umask {
    fn drop(&mut self) {
        set_default_umask();
    }
}

/// Which file a path leads to: device and inode.
pub fn node(path: &str) -> Option<(u64, u64)> {
    let stat = rustix::fs::lstat(Path::new(path).ok()?.as_c_str());
    stat.ok().map(|stat| (stat.st_dev, stat.st_ino))
}

/// True unless somebody has shut the listener down: poll(2) then reports a hang-up.
/// (SO_ACCEPTCONN would do for TCP, but stays set on an AF_UNIX socket.)
pub fn is_listening(listener: BorrowedFd<'_>) -> bool {
    let mut polled = [PollFd::from_borrowed_fd(listener, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    match rustix::event::poll(&mut polled, Some(&now)) {
        Ok(_) => !polled[0].revents().intersects(PollFlags::HUP | PollFlags::ERR),
        Err(_) => true,
    }
}

/// Accepts one connection: blocking, close-on-exec.
///
/// # Errors
/// Those of accept4(2).
pub fn accept(listener: BorrowedFd<'_>) -> Result<(OwnedFd, Option<Peer>), Errno> {
    let (connection, address) = rustix::net::acceptfrom_with(listener, SocketFlags::CLOEXEC)?;
    Ok((connection, address.and_then(peer)))
}

fn peer(address: SocketAddrAny) -> Option<Peer> {
    if let Ok(address) = SocketAddrV4::try_from(address.clone()) {
        return Some(Peer::V4(address.ip().octets(), address.port()));
    }
    let address = SocketAddrV6::try_from(address).ok()?;
    Some(match address.ip().to_ipv4_mapped() {
        Some(mapped) => Peer::V4(mapped.octets(), address.port()),
        None => Peer::V6(address.ip().octets(), address.port()),
    })
}

/// struct ifreq with its flags, netdevice(7).
#[repr(C)]
struct InterfaceFlags {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

const _: () = assert!(size_of::<InterfaceFlags>() == 40, "as large as the largest ifreq");

const SIOCGIFFLAGS: u32 = 0x8913;
const SIOCSIFFLAGS: u32 = 0x8914;
const IFF_UP: u16 = 1;

/// Brings `lo` up.
///
/// # Errors
/// Those of socket(2) and netdevice(7).
pub fn bring_loopback_up() -> Result<(), Errno> {
    let socket = rustix::net::socket_with(
        AddressFamily::INET,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        Some(ipproto::UDP),
    )?;
    let mut request =
        InterfaceFlags { name: *b"lo\0\0\0\0\0\0\0\0\0\0\0\0\0\0", flags: 0, rest: [0; 22] };
    // SAFETY: both take a `struct ifreq`.
    unsafe { raw::ioctl(socket.as_fd(), SIOCGIFFLAGS, &mut request)? };
    request.flags |= IFF_UP;
    // SAFETY: as above.
    unsafe { raw::ioctl(socket.as_fd(), SIOCSIFFLAGS, &mut request) }
}
