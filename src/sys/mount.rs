//! File systems: what the kernel's interfaces need at boot, and leaving all of them at the end.
//! mount(2), proc(5).

use core::ffi::CStr;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, StatxAttributes, StatxFlags};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags};

use super::{file, raw};

/// A file system that a boot needs.
struct ApiFileSystem {
    kind: &'static CStr,
    target: &'static CStr,
    flags: MountFlags,
    options: Option<&'static CStr>,
    /// A kernel without it is a sensible kernel.
    optional: bool,
}

const SAFE: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);
const INERT: MountFlags = SAFE.union(MountFlags::NOEXEC);

const API_FILE_SYSTEMS: [ApiFileSystem; 7] = [
    ApiFileSystem { kind: c"proc", target: c"/proc", flags: INERT, options: None, optional: false },
    ApiFileSystem { kind: c"sysfs", target: c"/sys", flags: INERT, options: None, optional: false },
    ApiFileSystem {
        kind: c"devtmpfs",
        target: c"/dev",
        flags: MountFlags::NOSUID,
        options: Some(c"mode=755"),
        optional: false,
    },
    ApiFileSystem {
        kind: c"devpts",
        target: c"/dev/pts",
        flags: MountFlags::NOSUID.union(MountFlags::NOEXEC),
        options: Some(c"gid=5,mode=620,ptmxmode=666"),
        optional: true,
    },
    ApiFileSystem {
        kind: c"tmpfs",
        target: c"/dev/shm",
        flags: SAFE,
        options: Some(c"mode=1777"),
        optional: true,
    },
    ApiFileSystem {
        kind: c"tmpfs",
        target: c"/run",
        flags: SAFE,
        options: Some(c"mode=755"),
        optional: false,
    },
    ApiFileSystem {
        kind: c"cgroup2",
        target: c"/sys/fs/cgroup",
        flags: INERT,
        options: None,
        optional: true,
    },
];

/// Mounts what is not mounted yet, and calls `failed` for what could not be: a boot goes on
/// without it. Optional ones are not spoken of.
pub fn mount_api_file_systems(mut failed: impl FnMut(&'static CStr, Errno)) {
    for each in &API_FILE_SYSTEMS {
        if is_mount_point(each.target) {
            continue;
        }
        // Where it exists, or cannot be made, mount(2) is the one to say so.
        let _ = rustix::fs::mkdir(each.target, Mode::from_raw_mode(0o755));
        let mounted =
            rustix::mount::mount(each.kind, each.target, each.kind, each.flags, each.options);
        if let Err(errno) = mounted
            && !each.optional
        {
            failed(each.target, errno);
        }
    }
}

/// True if something is mounted there. Kernels before Linux 5.8 do not say so; then it must be
/// on another device than the directory it is in.
pub fn is_mount_point(target: &CStr) -> bool {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let Ok(own) = file::open(target, flags) else { return false };
    let nothing = AtFlags::EMPTY_PATH;
    if let Ok(own) = rustix::fs::statx(&own, c"", nothing, StatxFlags::empty())
        && own.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT)
    {
        return own.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
    }
    let parent = raw::look_at(own.as_fd(), c"..", AtFlags::empty());
    match (raw::look_at(own.as_fd(), c"", nothing), parent) {
        (Ok(raw::Seen { place: own, .. }), Ok(raw::Seen { place: parent, .. })) => {
            own.0 != parent.0 || own.1 == parent.1
        }
        _ => false,
    }
}

/// Longest mount point that is unmounted, NUL included, in bytes: PATH_MAX.
const PATH_BYTES: usize = 4096;

/// Syncs, unmounts what can be unmounted, last mounted first, and makes the rest read-only.
/// What it cannot do it passes over; it may block for as long as a device does.
pub fn leave_all() {
    rustix::fs::sync();
    // Mounts that did not go are the first ones of the list: as many are kept at its head.
    let mut kept = 0;
    let mut path = [0u8; PATH_BYTES];
    while let Some(length) = nth_last_mount(kept, &mut path) {
        let Ok(target) = CStr::from_bytes_with_nul(&path[..length]) else {
            kept += 1;
            continue;
        };
        // Of the root the kernel says that it is unmounted, makes it read-only and keeps it.
        let is_root = target == c"/";
        if is_root || rustix::mount::unmount(target, UnmountFlags::NOFOLLOW).is_err() {
            let flags = MountFlags::RDONLY;
            let _ = rustix::mount::mount_remount(target, flags, c"");
            kept += 1;
        }
    }
    rustix::fs::sync();
}

/// Writes the mount point that `from_end` others follow into `path`, with its NUL; its length.
fn nth_last_mount(from_end: usize, path: &mut [u8; PATH_BYTES]) -> Option<usize> {
    let Err(count) = nth_mount(usize::MAX, path)? else { return None };
    nth_mount(count.checked_sub(from_end + 1)?, path)?.ok()
}

/// Walks /proc/self/mountinfo: each mount point comes into `path` in turn, NUL-terminated, until it
/// is the one of that number. The length of that one; or how many there are, if they are fewer.
///
/// Mounts of the kernel's own interfaces are passed over: nothing of theirs is on a disk. But
/// below /run there may be disks: /run/media is where many of them are mounted.
#[inline(never)]
fn nth_mount(wanted: usize, path: &mut [u8; PATH_BYTES]) -> Option<Result<usize, usize>> {
    let mut lines = MountInfo::open()?;
    let mut count = 0;
    while let Some(length) = lines.next_target(path) {
        let target = &path[..length - 1];
        let interface = [&b"/proc"[..], b"/sys", b"/dev"].iter().any(|api| is_below(target, api));
        if interface || target == b"/run" {
            continue;
        }
        if count == wanted {
            return Some(Ok(length));
        }
        count += 1;
    }
    Some(Err(count))
}

fn is_below(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

/// /proc/self/mountinfo as a stream of its fifth fields.
struct MountInfo {
    file: OwnedFd,
    chunk: [u8; 512],
    begin: usize,
    end: usize,
}

impl MountInfo {
    fn open() -> Option<Self> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = file::open(c"/proc/self/mountinfo", flags).ok()?;
        Some(Self { file, chunk: [0; 512], begin: 0, end: 0 })
    }

    fn byte(&mut self) -> Option<u8> {
        if self.begin == self.end {
            self.end = rustix::io::read(&self.file, &mut self.chunk).ok()?;
            self.begin = 0;
            if self.end == 0 {
                return None;
            }
        }
        self.begin += 1;
        Some(self.chunk[self.begin - 1])
    }

    /// The next line's mount point, its octal escapes undone, and its length with a NUL.
    fn next_target(&mut self, path: &mut [u8; PATH_BYTES]) -> Option<usize> {
        let mut field = 0;
        let mut length = 0;
        loop {
            match self.byte()? {
                b'\n' => break,
                b' ' => field += 1,
                b'\\' if field == 4 => {
                    let mut value = 0u8;
                    for _ in 0..3 {
                        let digit = self.byte()?.wrapping_sub(b'0') & 7;
                        value = value.wrapping_mul(8).wrapping_add(digit);
                    }
                    length = store(path, length, value);
                }
                byte if field == 4 => length = store(path, length, byte),
                _ => {}
            }
        }
        path[length] = 0;
        Some(length + 1)
    }
}

/// Adds a byte and leaves room for the NUL; a path that is too long is cut, and then unknown.
fn store(path: &mut [u8; PATH_BYTES], length: usize, byte: u8) -> usize {
    if length + 1 >= PATH_BYTES {
        return length;
    }
    path[length] = byte;
    length + 1
}
