//! From an initramfs into the real root: bootup(7), switch_root(8).
//!
//! `/sysroot` is mounted by its unit, of which the kernel's command line may say more. When all
//! that `initrd-switch-root.target` needs is up, the engine ends what runs, and a copy of PID 1
//! gives the initramfs's memory back; then PID 1 moves on, as the kernel would have begun there.

use core::ffi::CStr;

use rustix::fd::OwnedFd;
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, RawDir};
use rustix::io::Errno;
use unit::{MOUNT_READ_ONLY, MountSetup};

use super::steps;
use crate::features;
use crate::reason::Reason;
use crate::sys::mount::is_mount_point;
use crate::sys::power::{self, End};
use crate::sys::{fd, file, signal, start};

/// Room for the kernel's command line, COMMAND_LINE_SIZE, and a NUL.
pub(super) const LINE_BYTES: usize = 4097;
const ROOT: &CStr = c"/sysroot";
/// What the kernel starts where its command line names nothing else.
const INIT: &str = "/sbin/init\0";
/// The kernel's interfaces, and what boots hand on in /run: they move along.
const MOVED: [(&CStr, &CStr); 4] = [
    (c"/dev", c"/sysroot/dev"),
    (c"/proc", c"/sysroot/proc"),
    (c"/run", c"/sysroot/run"),
    (c"/sys", c"/sysroot/sys"),
];
/// What statfs(2) says of file systems that lie in memory: RAMFS_MAGIC, TMPFS_MAGIC.
const IN_MEMORY: [u32; 2] = [0x8584_58F6, 0x0102_1994];

/// The words of the kernel's command line, each of which ends with a NUL.
fn words(line: &mut [u8; LINE_BYTES]) -> impl Iterator<Item = &str> {
    let length = file::read("/proc/cmdline\0", &mut line[..LINE_BYTES - 1]).len();
    line[..length].iter_mut().filter(|byte| byte.is_ascii_whitespace()).for_each(|byte| *byte = 0);
    let words = core::str::from_utf8(&line[..=length]).unwrap_or_default();
    words.split_inclusive('\0')
}

/// How the root is mounted: what the command line says of it counts for more than its unit. Other
/// mounts stay as they are.
///
/// # Errors
/// EINVAL for a root that is named by what is on it, which nobody looks up here.
pub(super) fn root_setup<'a>(
    mut setup: MountSetup<'a>,
    line: &'a mut [u8; LINE_BYTES],
) -> Result<MountSetup<'a>, Errno> {
    if !features::SWITCH_ROOT || setup.target != "/sysroot\0" {
        return Ok(setup);
    }
    for word in words(line) {
        match word.split_once('=').unwrap_or((word, "")) {
            ("root", what) if what.contains('=') => return Err(Errno::INVAL),
            ("root", what) => setup.what = what,
            ("rootfstype", fs_type) => setup.fs_type = fs_type,
            ("rootflags", data) => setup.data = data,
            ("ro\0", _) => setup.flags |= MOUNT_READ_ONLY,
            ("rw\0", _) => setup.flags &= !MOUNT_READ_ONLY,
            _ => {}
        }
    }
    Ok(setup)
}

/// The program that goes on in the real root.
fn init(line: &mut [u8; LINE_BYTES]) -> &str {
    let named = words(line).filter_map(|word| word.strip_prefix("init=")).last();
    named.filter(|path| path.starts_with('/')).unwrap_or(INIT)
}

/// Removes what an initramfs consists of, for a root that can be moved on into; the error number.
pub(super) fn leave_initramfs() -> u8 {
    if !features::SWITCH_ROOT {
        return 0;
    }
    remove_initramfs().map_or_else(|errno| errno.raw_os_error() as u8, |()| 0)
}

fn remove_initramfs() -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = file::open(c"/", flags)?;
    if !is_mount_point(ROOT) || !IN_MEMORY.contains(&(rustix::fs::fstatfs(&root)?.f_type as u32)) {
        return Ok(());
    }
    let line = &mut [0; LINE_BYTES];
    let init = file::path(init(line));
    // Links lead where they will lead for PID 1. This is a copy, which does not come back.
    rustix::process::chroot(ROOT)?;
    rustix::fs::accessat(CWD, init, Access::EXEC_OK, AtFlags::empty())?;
    while remove_one(&root)? {}
    Ok(())
}

/// Removes something that is not mounted there; false if nothing is left.
fn remove_one(root: &OwnedFd) -> Result<bool, Errno> {
    let mounted: [&[u8]; 7] = [b".", b"..", b"dev", b"proc", b"run", b"sys", b"sysroot"];
    rustix::fs::seek(root, rustix::fs::SeekFrom::Start(0))?;
    let mut buffer = [core::mem::MaybeUninit::uninit(); 1024];
    let mut entries = RawDir::new(root, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        if !mounted.contains(&entry.file_name().to_bytes()) {
            steps::remove_tree(root, entry.file_name())?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Becomes the init of the real root: of this program nothing is left but its process. Every
/// listener is closed with it.
///
/// # Panics
/// If the kernel does not let it: CrashAction= says what follows.
pub(super) fn move_on() -> ! {
    if !features::SWITCH_ROOT {
        power::end(End::Restart(""));
    }
    let line = &mut [0; LINE_BYTES];
    let init = init(line);
    let errno = enter_root().err().unwrap_or_else(|| start::execute(file::path(init)));
    panic!("{} in {}: {}", init.trim_end_matches('\0'), "/sysroot", Reason::of(errno));
}

fn enter_root() -> Result<(), Errno> {
    // Otherwise the move below would make of the initramfs something that nobody can leave.
    if !is_mount_point(ROOT) {
        return Err(Errno::NOENT);
    }
    for (from, to) in MOVED {
        let _ = rustix::fs::mkdir(to, Mode::from_raw_mode(0o755));
        // A root without such a folder goes without; its init mounts what it can.
        let _ = rustix::mount::mount_move(from, to);
    }
    rustix::process::chdir(ROOT)?;
    rustix::mount::mount_move(c".", c"/")?;
    rustix::process::chroot(c".")?;
    rustix::process::chdir(c"/")?;
    // As the kernel leaves them to an init.
    if let Ok(console) =
        file::open(c"/dev/console", OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC)
    {
        for stream in 0..3 {
            let _ = fd::put(rustix::fd::AsFd::as_fd(&console), stream);
        }
    }
    let _ = signal::restore_sigpipe();
    signal::unblock_all()
}
