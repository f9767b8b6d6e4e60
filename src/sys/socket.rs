//! Listeners: socket(7), ip(7), ipv6(7), unix(7), vsock(7), fifo(7), as systemd.socket(5) wants
//! them.
//!
//! # Safety
//! The one ioctl passes a `struct ifreq`, an address of AF_VSOCK is a `struct sockaddr_vm`: their
//! layouts are asserted.

use core::ffi::CStr;
use core::mem::size_of;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};

use rustix::event::PollFlags;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, Protocol, RawProtocol, SocketAddrAny, SocketAddrUnix, SocketFlags, SocketType,
    ipproto, sockopt,
};
use unit::control::Peer;
use unit::{
    Address, BindIpv6Only, ListenKind, Listener, OptionValue, Seq, SocketOption, SocketSetup,
};

use super::path::Path;
use super::{file, poll, raw, users};
use crate::address::mapped;
use crate::features;

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);
/// The mask PID 1 lives with, and what its children inherit.
const UMASK: u16 = 0o022;

/// Sets the file mode creation mask that children inherit.
#[inline(never)]
pub fn set_default_umask() {
    rustix::process::umask(Mode::from_raw_mode(UMASK.into()));
}

/// What to do with an option that could not be set, and was not required.
pub type OnFailure<'a> = &'a mut dyn FnMut(&SocketOption<'_>, Errno);

/// Opens one listener of a socket unit.
///
/// # Errors
/// Whatever stood in the way first. EADDRINUSE also for a path at which there is something
/// that is not a socket, or a socket at which somebody listens.
pub fn open(
    setup: &SocketSetup<'_>,
    listener: &Listener<'_>,
    on_failure: OnFailure<'_>,
) -> Result<OwnedFd, Errno> {
    let kind = match listener.kind {
        ListenKind::Stream => SocketType::STREAM,
        ListenKind::Datagram => SocketType::DGRAM,
        ListenKind::SequentialPacket => SocketType::SEQPACKET,
        ListenKind::Netlink => SocketType::RAW,
        ListenKind::Fifo => return open_fifo(setup, listener),
        ListenKind::Special => return open_special(setup, listener),
        ListenKind::MessageQueue => return open_message_queue(setup, listener),
    };
    let mut opening = Opening { setup, kind, options: listener.options, on_failure };
    let socket = match listener.address {
        Address::Port(port) => opening.port(port)?,
        Address::V4(address, port) if features::INET_ADDRESSES => opening.v4(address, port)?,
        Address::V6(address, port, interface) if features::INET_ADDRESSES => {
            opening.v6(address, port, interface)?
        }
        Address::Path(path) => opening.path(path)?,
        Address::Abstract(name) if features::ABSTRACT_SOCKETS => {
            let socket = opening.socket(AddressFamily::UNIX)?;
            rustix::net::bind(&socket, &SocketAddrUnix::new_abstract_name(name.as_bytes())?)?;
            socket
        }
        Address::Netlink(family, groups) => opening.netlink(family, groups)?,
        Address::Vsock(context, port) => opening.vsock(context, port)?,
        Address::V4(..) | Address::V6(..) | Address::Abstract(_) | Address::MessageQueue(_) => {
            return Err(Errno::INVAL);
        }
    };
    if matches!(listener.kind, ListenKind::Stream | ListenKind::SequentialPacket) {
        rustix::net::listen(&socket, setup.backlog.min(i32::MAX as u32) as i32)?;
    }
    Ok(socket)
}

/// A socket on its way to be bound.
struct Opening<'a> {
    setup: &'a SocketSetup<'a>,
    kind: SocketType,
    options: Seq<'a, SocketOption<'a>>,
    on_failure: OnFailure<'a>,
}

impl Opening<'_> {
    /// With its own options set.
    fn socket(&mut self, family: AddressFamily) -> Result<OwnedFd, Errno> {
        let protocol = match family {
            AddressFamily::UNIX | AddressFamily::VSOCK => None,
            _ if !features::INET_OPTIONS => None,
            _ => RawProtocol::new(self.setup.protocol.into()).map(Protocol::from_raw),
        };
        let socket = rustix::net::socket_with(family, self.kind, FLAGS, protocol)?;
        self.set_options(socket.as_fd())?;
        Ok(socket)
    }

    fn set_options(&mut self, socket: BorrowedFd<'_>) -> Result<(), Errno> {
        if !features::SOCKET_OPTIONS {
            return Ok(());
        }
        for option in self.options.iter() {
            let number;
            let value = match option.value {
                OptionValue::Number(value) => {
                    number = value.to_ne_bytes();
                    &number
                }
                OptionValue::Text(text) => text.as_bytes(),
            };
            match raw::setsockopt(socket, option.level, option.name, value) {
                Ok(()) => {}
                Err(errno) if option.required => return Err(errno),
                Err(errno) => (self.on_failure)(&option, errno),
            }
        }
        Ok(())
    }

    fn netlink(&mut self, family: u16, groups: u32) -> Result<OwnedFd, Errno> {
        if !features::NETLINK {
            return Err(Errno::INVAL);
        }
        let protocol = RawProtocol::new(family.into()).map(Protocol::from_raw);
        let socket =
            rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, FLAGS, protocol)?;
        self.set_options(socket.as_fd())?;
        // The kernel chooses the port.
        rustix::net::bind(&socket, &SocketAddrNetlink::new(0, groups))?;
        Ok(socket)
    }

    fn vsock(&mut self, context: u32, port: u32) -> Result<OwnedFd, Errno> {
        if !features::VSOCK {
            return Err(Errno::INVAL);
        }
        let socket = self.socket(AddressFamily::VSOCK)?;
        rustix::net::bind(&socket, &VsockAddress::new(context, port).any())?;
        Ok(socket)
    }

    /// A bare port: everywhere, by IPv6 where the kernel has it.
    fn port(&mut self, port: u16) -> Result<OwnedFd, Errno> {
        match self.v6(Ipv6Addr::UNSPECIFIED, port, "") {
            Err(Errno::AFNOSUPPORT) => self.v4(Ipv4Addr::UNSPECIFIED, port),
            opened => opened,
        }
    }

    fn v4(&mut self, address: Ipv4Addr, port: u16) -> Result<OwnedFd, Errno> {
        let socket = self.socket(AddressFamily::INET)?;
        self.set_inet_options(socket.as_fd())?;
        rustix::net::bind(&socket, &SocketAddrV4::new(address, port))?;
        Ok(socket)
    }

    fn v6(&mut self, address: Ipv6Addr, port: u16, interface: &str) -> Result<OwnedFd, Errno> {
        let socket = self.socket(AddressFamily::INET6)?;
        match self.setup.bind_ipv6_only {
            BindIpv6Only::Both if features::INET_OPTIONS => {
                sockopt::set_ipv6_v6only(&socket, false)?;
            }
            BindIpv6Only::Ipv6Only if features::INET_OPTIONS => {
                sockopt::set_ipv6_v6only(&socket, true)?;
            }
            BindIpv6Only::Default | BindIpv6Only::Both | BindIpv6Only::Ipv6Only => {}
        }
        self.set_inet_options(socket.as_fd())?;
        let scope = match interface {
            "" => 0,
            name => rustix::net::netdevice::name_to_index(&socket, name)?,
        };
        rustix::net::bind(&socket, &SocketAddrV6::new(address, port, 0, scope))?;
        Ok(socket)
    }

    fn set_inet_options(&self, socket: BorrowedFd<'_>) -> Result<(), Errno> {
        sockopt::set_socket_reuseaddr(socket, true)?;
        if !features::INET_OPTIONS {
            return Ok(());
        }
        if self.setup.reuse_port {
            sockopt::set_socket_reuseport(socket, true)?;
        }
        if self.setup.keep_alive {
            sockopt::set_socket_keepalive(socket, true)?;
        }
        if self.setup.no_delay && self.kind == SocketType::STREAM {
            sockopt::set_tcp_nodelay(socket, true)?;
        }
        Ok(())
    }

    fn path(&mut self, path: &str) -> Result<OwnedFd, Errno> {
        let socket = self.socket(AddressFamily::UNIX)?;
        make_parents(path, self.setup.directory_mode)?;
        let path = Path::new(path)?;
        let address = SocketAddrUnix::new(path.as_c_str())?;
        {
            let _umask = Umask::narrowed_to(self.setup.mode);
            match rustix::net::bind(&socket, &address) {
                Err(Errno::ADDRINUSE) if is_stale(self.kind, &path, &address) => {
                    rustix::fs::unlink(path.as_c_str())?;
                    rustix::net::bind(&socket, &address)?;
                }
                bound => bound?,
            }
        }
        give_to_owner(self.setup, &path)?;
        Ok(socket)
    }
}

/// True if a socket is there at which nobody listens.
fn is_stale(kind: SocketType, path: &Path, address: &SocketAddrUnix) -> bool {
    let seen = raw::look_at(CWD, path.as_c_str(), AtFlags::SYMLINK_NOFOLLOW);
    let is_socket = seen.is_ok_and(|seen| seen.kind == FileType::Socket);
    let refused = || {
        let probe = rustix::net::socket_with(AddressFamily::UNIX, kind, FLAGS, None);
        probe.and_then(|probe| rustix::net::connect(&probe, address)) == Err(Errno::CONNREFUSED)
    };
    is_socket && refused()
}

fn open_fifo(setup: &SocketSetup<'_>, listener: &Listener<'_>) -> Result<OwnedFd, Errno> {
    if !features::FIFOS {
        return Err(Errno::INVAL);
    }
    let Address::Path(path) = listener.address else { return Err(Errno::INVAL) };
    make_parents(path, setup.directory_mode)?;
    let path = Path::new(path)?;
    {
        let _umask = Umask::narrowed_to(setup.mode);
        match rustix::fs::mkfifoat(CWD, path.as_c_str(), Mode::from_raw_mode(setup.mode.into())) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    // Open for writing, too: a reader alone would see the end after each writer.
    let flags =
        OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NOFOLLOW;
    let fifo = file::open(path.as_c_str(), flags)?;
    if raw::look_at(fifo.as_fd(), c"", AtFlags::EMPTY_PATH)?.kind != FileType::Fifo {
        return Err(Errno::ADDRINUSE);
    }
    if setup.pipe_size > 0 {
        // Less is what the kernel gives a FIFO over its limit: still a FIFO.
        let _ = rustix::pipe::fcntl_setpipe_size(&fifo, setup.pipe_size as usize);
    }
    // It may have been there before.
    rustix::fs::fchmod(&fifo, Mode::from_raw_mode(setup.mode.into()))?;
    give_to_owner(setup, &path)?;
    Ok(fifo)
}

/// A device, or a file of /proc or /sys: systemd.socket(5), ListenSpecial=.
fn open_special(setup: &SocketSetup<'_>, listener: &Listener<'_>) -> Result<OwnedFd, Errno> {
    if !features::SPECIAL_FILES {
        return Err(Errno::INVAL);
    }
    let Address::Path(path) = listener.address else { return Err(Errno::INVAL) };
    let access = if setup.writable { OFlags::RDWR } else { OFlags::RDONLY };
    let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NOFOLLOW;
    let special = file::open(Path::new(path)?.as_c_str(), flags)?;
    match raw::look_at(special.as_fd(), c"", AtFlags::EMPTY_PATH)?.kind {
        FileType::RegularFile | FileType::CharacterDevice => Ok(special),
        FileType::Directory
        | FileType::Symlink
        | FileType::Fifo
        | FileType::Socket
        | FileType::BlockDevice
        | FileType::Unknown => Err(Errno::ADDRINUSE),
    }
}

/// mq_open(3), mq_overview(7).
fn open_message_queue(setup: &SocketSetup<'_>, listener: &Listener<'_>) -> Result<OwnedFd, Errno> {
    if !features::MESSAGE_QUEUES {
        return Err(Errno::INVAL);
    }
    let Address::MessageQueue(name) = listener.address else { return Err(Errno::INVAL) };
    let _umask = Umask::narrowed_to(setup.mode);
    let size = [setup.queue_messages, setup.queue_message_bytes];
    let given = size.iter().all(|&each| each > 0);
    let name = Path::new(name)?;
    raw::mq_open(name.as_c_str(), setup.mode, given.then_some(size))
}

/// Removes a message queue: mq_unlink(3).
pub fn remove_message_queue(name: &str) {
    if features::MESSAGE_QUEUES
        && let Ok(name) = Path::new(name)
    {
        raw::mq_unlink(name.as_c_str());
    }
}

/// Makes links to a node. A link of that name is replaced; anything else is left as it is.
///
/// # Errors
/// EEXIST for that, or those of symlink(2).
pub fn link(setup: &SocketSetup<'_>, path: &str, link: &CStr) -> Result<(), Errno> {
    if !features::SYMLINKS {
        return Err(Errno::INVAL);
    }
    if let Ok(link) = link.to_str() {
        make_parents(link, setup.directory_mode)?;
    }
    let path = Path::new(path)?;
    match rustix::fs::symlink(path.as_c_str(), link) {
        Err(Errno::EXIST) => {
            remove_link(link)?;
            rustix::fs::symlink(path.as_c_str(), link)
        }
        linked => linked,
    }
}

/// Removes a link, and nothing that is none.
///
/// # Errors
/// EEXIST if it is none, or those of unlink(2).
pub fn remove_link(link: &CStr) -> Result<(), Errno> {
    if !features::SYMLINKS {
        return Err(Errno::INVAL);
    }
    if raw::look_at(CWD, link, AtFlags::SYMLINK_NOFOLLOW)?.kind != FileType::Symlink {
        return Err(Errno::EXIST);
    }
    rustix::fs::unlink(link)
}

/// Makes the directories on the way to a node.
fn make_parents(path: &str, mode: u16) -> Result<(), Errno> {
    let _umask = Umask::narrowed_to(0o777);
    let slashes = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
    for (at, _) in slashes.skip(1) {
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
fn give_to_owner(setup: &SocketSetup<'_>, path: &Path) -> Result<(), Errno> {
    let is_ours = setup.user.is_empty() && setup.group.is_empty();
    if !features::SOCKET_OWNERS || is_ours {
        return Ok(());
    }
    let user = match setup.user {
        "" => None,
        name => Some(users::find_user(name)?),
    };
    let group = match (setup.group, &user) {
        ("", Some(user)) => Some(user.gid),
        ("", None) => None,
        (name, _) => Some(users::find_group(name)?),
    };
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let node = file::open(path.as_c_str(), flags)?;
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
    let path = Path::new(path).ok()?;
    let seen = raw::look_at(CWD, path.as_c_str(), AtFlags::SYMLINK_NOFOLLOW);
    seen.ok().map(|seen| seen.place)
}

/// True unless somebody has shut the listener down: poll(2) then reports a hang-up.
/// (SO_ACCEPTCONN would do for TCP, but stays set on an AF_UNIX socket.)
pub fn is_listening(listener: BorrowedFd<'_>) -> bool {
    let state = poll::now(listener, PollFlags::empty());
    state.map_or(true, |state| !state.intersects(PollFlags::HUP | PollFlags::ERR))
}

/// Accepts one connection: blocking, close-on-exec.
///
/// # Errors
/// Those of accept4(2).
pub fn accept(listener: BorrowedFd<'_>) -> Result<(OwnedFd, Option<Peer>), Errno> {
    let (connection, address) = rustix::net::acceptfrom_with(listener, SocketFlags::CLOEXEC)?;
    Ok((connection, address.and_then(peer)))
}

/// A socket that can be read when an interface or an address comes, changes or goes.
///
/// # Errors
/// Those of socket(2) and bind(2).
pub fn address_news() -> Result<OwnedFd, Errno> {
    /// RTMGRP_LINK, RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR: rtnetlink(7).
    const GROUPS: u32 = 0x1 | 0x10 | 0x100;
    let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
    let socket = rustix::net::socket_with(family, kind, FLAGS, None)?;
    rustix::net::bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
    Ok(socket)
}

/// struct sockaddr_vm, vsock(7).
#[repr(C)]
struct VsockAddress {
    family: u16,
    reserved: u16,
    port: u32,
    context: u32,
    zero: [u8; 4],
}

const _: () = assert!(size_of::<VsockAddress>() == 16, "as large as the kernel's");

impl VsockAddress {
    fn new(context: u32, port: u32) -> Self {
        let family = AddressFamily::VSOCK.as_raw();
        Self { family, reserved: 0, port, context, zero: [0; 4] }
    }

    fn any(&self) -> SocketAddrAny {
        // SAFETY: a whole address, of which every byte is set.
        unsafe { SocketAddrAny::read(core::ptr::from_ref(self).cast(), size_of::<Self>() as u32) }
    }

    fn of(address: &SocketAddrAny) -> Option<Self> {
        let is_whole = address.addr_len() as usize >= size_of::<Self>();
        if address.address_family() != AddressFamily::VSOCK || !is_whole {
            return None;
        }
        // SAFETY: it is as long as the struct, which may have any bytes.
        Some(unsafe { address.as_ptr().cast::<Self>().read_unaligned() })
    }
}

/// Drops connections or messages that are queued, at most so many.
///
/// # Errors
/// What ended it early: EAGAIN when nothing is left.
pub fn flush(kind: ListenKind, fd: BorrowedFd<'_>, most: usize) -> Result<(), Errno> {
    match kind {
        ListenKind::Stream | ListenKind::SequentialPacket => {
            (0..most).try_for_each(|_| accept(fd).map(drop))
        }
        ListenKind::Datagram | ListenKind::Fifo | ListenKind::Netlink => {
            // Of a datagram that is longer the rest is dropped as well.
            let mut buffer = [0; 512];
            (0..most).try_for_each(|_| rustix::io::read(fd, &mut buffer).map(drop))
        }
        ListenKind::Special | ListenKind::MessageQueue => Ok(()),
    }
}

fn peer(address: SocketAddrAny) -> Option<Peer> {
    if features::VSOCK
        && let Some(VsockAddress { context, port, .. }) = VsockAddress::of(&address)
    {
        return Some(Peer::Vsock(context, port));
    }
    if let Ok(address) = SocketAddrV4::try_from(address.clone()) {
        return Some(Peer::V4(address.ip().octets(), address.port()));
    }
    let address = SocketAddrV6::try_from(address).ok()?;
    let octets = address.ip().octets();
    Some(match mapped(&octets) {
        Some(old) => Peer::V4(old.octets(), address.port()),
        None => Peer::V6(octets, address.port()),
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
