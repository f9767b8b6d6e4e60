//! The system calls that rustix does not offer (or not without risk), and nothing else.
//!
//! # Safety
//! [`syscall`] hands its arguments to the kernel as they are. Each wrapper below passes only
//! numbers, and pointers to values that live until the call returns and have the layout that
//! linux-raw-sys generated from the kernel's own headers.

use core::arch::asm;
use core::ffi::{CStr, c_char, c_void};
use core::mem::{MaybeUninit, size_of};
use core::ptr::null_mut;

use linux_raw_sys::general::{
    __NR_clone, __NR_clone3, __NR_close_range, __NR_execve, __NR_exit_group, __NR_getsockopt,
    __NR_ioctl, __NR_kcmp, __NR_kill, __NR_mq_open, __NR_mq_unlink, __NR_pidfd_send_signal,
    __NR_reboot, __NR_recvmsg, __NR_rt_sigaction, __NR_rt_sigprocmask, __NR_setsockopt,
    __NR_signalfd4, __NR_swapoff, __NR_swapon, LINUX_REBOOT_CMD_RESTART2, LINUX_REBOOT_MAGIC1,
    LINUX_REBOOT_MAGIC2, O_CLOEXEC, O_CREAT, O_NONBLOCK, O_RDONLY, SIG_SETMASK, SIGCHLD,
    clone_args, iovec, kernel_sigaction,
};
use linux_raw_sys::net::{SO_PEERCRED, SOL_SOCKET, msghdr, ucred};
use rustix::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use rustix::fs::{AtFlags, FileType};
use rustix::io::Errno;

/// Bytes of the kernel's signal set, the size that rt_sigprocmask(2) and its kin insist on.
const SIGSET_BYTES: usize = size_of::<u64>();

/// linux/close_range.h
const CLOSE_RANGE_CLOEXEC: usize = 4;

const _: () = assert!(size_of::<clone_args>() == 88, "CLONE_ARGS_SIZE_VER2");
const _: () = assert!(size_of::<ucred>() == 12);
const _: () = assert!(size_of::<msghdr>() == 7 * size_of::<usize>());

/// One system call.
///
/// # Safety
/// The arguments must be what the call expects.
#[cfg(target_arch = "x86_64")]
pub(super) unsafe fn syscall(number: u32, arguments: [usize; 6]) -> isize {
    let result: isize;
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the caller's promise; the kernel clobbers rcx and r11 only.
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => result,
             in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
             lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    result
}

/// One system call.
///
/// # Safety
/// The arguments must be what the call expects.
#[cfg(target_arch = "aarch64")]
pub(super) unsafe fn syscall(number: u32, arguments: [usize; 6]) -> isize {
    let result: isize;
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the caller's promise.
    unsafe {
        asm!("svc #0", in("x8") number as usize, inlateout("x0") a => result,
             in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x5") f, options(nostack));
    }
    result
}

/// One system call.
///
/// # Safety
/// The arguments must be what the call expects.
#[cfg(target_arch = "arm")]
pub(super) unsafe fn syscall(number: u32, arguments: [usize; 6]) -> isize {
    let result: isize;
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the caller's promise. r7 is the frame pointer of Thumb code: saved and put back.
    unsafe {
        asm!("mov {saved}, r7", "mov r7, {number}", "svc #0", "mov r7, {saved}",
             saved = out(reg) _, number = in(reg) number, inlateout("r0") a => result,
             in("r1") b, in("r2") c, in("r3") d, in("r4") e, in("r5") f, options(nostack));
    }
    result
}

/// One system call.
///
/// # Safety
/// The arguments must be what the call expects.
#[cfg(target_arch = "riscv64")]
pub(super) unsafe fn syscall(number: u32, arguments: [usize; 6]) -> isize {
    let result: isize;
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the caller's promise.
    unsafe {
        asm!("ecall", in("a7") number as usize, inlateout("a0") a => result,
             in("a1") b, in("a2") c, in("a3") d, in("a4") e, in("a5") f, options(nostack));
    }
    result
}

/// A system call with up to five arguments that says only whether it worked.
///
/// # Safety
/// As [`syscall`].
#[inline(never)]
pub(super) unsafe fn call(number: u32, arguments: [usize; 5]) -> Result<(), Errno> {
    let [a, b, c, d, e] = arguments;
    // SAFETY: the caller's promise.
    checked(unsafe { syscall(number, [a, b, c, d, e, 0]) }).map(drop)
}

/// The same, for one of those in `sys::process` that take numbers and nothing else.
pub(super) fn numbers(number: u32, arguments: [usize; 5]) -> Result<(), Errno> {
    // SAFETY: setpriority, ioprio_set, personality and those prctl(2) take no pointers.
    unsafe { call(number, arguments) }
}

/// What a child made with its own stack runs.
pub(super) type Entry = unsafe extern "C" fn(*mut c_void) -> !;

/// clone(2) or clone3(2) into another stack: the child calls `entry(argument)` there.
///
/// # Safety
/// The arguments must describe a stack that is the child's alone for as long as it needs one,
/// and memory it shares must be prepared for that.
#[cfg(target_arch = "x86_64")]
unsafe fn clone_into<const NUMBER: u32>(
    args: [usize; 5],
    entry: Entry,
    argument: *mut c_void,
) -> isize {
    let result: isize;
    let [a, b, c, d, e] = args;
    // SAFETY: the caller's promise. The child leaves by `entry`, which does not return.
    unsafe {
        asm!("syscall", "test rax, rax", "jnz 2f", "xor ebp, ebp", "mov rdi, r13", "call r12",
             "ud2", "2:",
             in("r12") entry, in("r13") argument, inlateout("rax") NUMBER as isize => result,
             in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e,
             lateout("rcx") _, lateout("r11") _);
    }
    result
}

/// clone(2) or clone3(2) into another stack: the child calls `entry(argument)` there.
///
/// # Safety
/// The arguments must describe a stack that is the child's alone for as long as it needs one,
/// and memory it shares must be prepared for that.
#[cfg(target_arch = "aarch64")]
unsafe fn clone_into<const NUMBER: u32>(
    args: [usize; 5],
    entry: Entry,
    argument: *mut c_void,
) -> isize {
    let result: isize;
    let [a, b, c, d, e] = args;
    // SAFETY: the caller's promise. The child leaves by `entry`, which does not return.
    unsafe {
        asm!("mov x8, #{number}", "svc #0", "cbnz x0, 2f", "mov x29, xzr", "mov x30, xzr",
             "mov x0, x21", "blr x20", "brk #1", "2:",
             in("x20") entry, in("x21") argument, number = const NUMBER, out("x8") _,
             inlateout("x0") a => result, in("x1") b, in("x2") c, in("x3") d, in("x4") e);
    }
    result
}

/// clone(2) or clone3(2) into another stack: the child calls `entry(argument)` there.
///
/// # Safety
/// The arguments must describe a stack that is the child's alone for as long as it needs one,
/// and memory it shares must be prepared for that.
#[cfg(target_arch = "arm")]
unsafe fn clone_into<const NUMBER: u32>(
    args: [usize; 5],
    entry: Entry,
    argument: *mut c_void,
) -> isize {
    let result: isize;
    let [a, b, c, d, e] = args;
    // SAFETY: the caller's promise. The child leaves by `entry`, which does not return.
    unsafe {
        asm!("mov {saved}, r7", "movw r7, #{number}", "svc #0", "mov r7, {saved}",
             "cmp r0, #0", "bne 2f", "mov r0, {argument}", "blx {entry}", "udf #1", "2:",
             saved = out(reg) _, number = const NUMBER, entry = in(reg) entry,
             argument = in(reg) argument, inlateout("r0") a => result,
             in("r1") b, in("r2") c, in("r3") d, in("r4") e);
    }
    result
}

/// clone(2) or clone3(2) into another stack: the child calls `entry(argument)` there.
///
/// # Safety
/// The arguments must describe a stack that is the child's alone for as long as it needs one,
/// and memory it shares must be prepared for that.
#[cfg(target_arch = "riscv64")]
unsafe fn clone_into<const NUMBER: u32>(
    args: [usize; 5],
    entry: Entry,
    argument: *mut c_void,
) -> isize {
    let result: isize;
    let [a, b, c, d, e] = args;
    // SAFETY: the caller's promise. The child leaves by `entry`, which does not return.
    unsafe {
        asm!("li a7, {number}", "ecall", "bnez a0, 2f", "mv a0, s3", "jalr s2", "unimp", "2:",
             in("s2") entry, in("s3") argument, number = const NUMBER, out("a7") _,
             inlateout("a0") a => result, in("a1") b, in("a2") c, in("a3") d, in("a4") e);
    }
    result
}

/// The kernel's answer as a value or an error.
pub(super) fn checked(result: isize) -> Result<usize, Errno> {
    if (-4095..0).contains(&result) {
        Err(Errno::from_raw_os_error(-result as i32))
    } else {
        Ok(result as usize)
    }
}

/// [clone3(2)](https://man7.org/linux/man-pages/man2/clone3.2.html) into the stack in `args`.
///
/// # Safety
/// As [`clone_into`].
pub(super) unsafe fn clone3(
    args: &clone_args,
    entry: Entry,
    argument: *mut c_void,
) -> Result<u32, Errno> {
    let words = [&raw const *args as usize, size_of::<clone_args>(), 0, 0, 0];
    // SAFETY: the caller's promise.
    checked(unsafe { clone_into::<__NR_clone3>(words, entry, argument) }).map(|pid| pid as u32)
}

/// [clone(2)](https://man7.org/linux/man-pages/man2/clone.2.html), for kernels before 5.5.
/// `stack_top` is where the child's stack begins.
///
/// # Safety
/// As [`clone_into`].
pub(super) unsafe fn clone(
    flags: u32,
    stack_top: usize,
    clear_tid: usize,
    entry: Entry,
    argument: *mut c_void,
) -> Result<u32, Errno> {
    let flags = (flags | SIGCHLD) as usize;
    // The place of the tid's address differs: CONFIG_CLONE_BACKWARDS.
    let words = if cfg!(target_arch = "x86_64") {
        [flags, stack_top, 0, clear_tid, 0]
    } else {
        [flags, stack_top, 0, 0, clear_tid]
    };
    // SAFETY: the caller's promise.
    checked(unsafe { clone_into::<__NR_clone>(words, entry, argument) }).map(|pid| pid as u32)
}

/// fork(2): a child with a copy of everything. `None` in the child.
pub(super) fn fork() -> Result<Option<u32>, Errno> {
    // SAFETY: without CLONE_VM and with the same stack address nothing is shared; there is
    // one thread, so that the copy is whole.
    let pid = checked(unsafe { syscall(__NR_clone, [SIGCHLD as usize, 0, 0, 0, 0, 0]) })?;
    Ok((pid != 0).then_some(pid as u32))
}

/// [execve(2)](https://man7.org/linux/man-pages/man2/execve.2.html). Comes back only to fail.
///
/// # Safety
/// All three must be NUL-terminated strings, and lists of such that end with a null pointer.
pub(super) unsafe fn execve(
    path: *const c_char,
    argv: *const *const c_char,
    envp: *const *const c_char,
) -> Errno {
    let words = [path as usize, argv as usize, envp as usize, 0, 0, 0];
    // SAFETY: the caller's promise.
    let result = unsafe { syscall(__NR_execve, words) };
    Errno::from_raw_os_error(-result as i32)
}

/// [exit_group(2)](https://man7.org/linux/man-pages/man2/exit_group.2.html).
pub(super) fn exit_group(code: u8) -> ! {
    loop {
        // SAFETY: a number is passed, and the call does not return.
        unsafe { syscall(__NR_exit_group, [usize::from(code), 0, 0, 0, 0, 0]) };
    }
}

/// [close_range(2)](https://man7.org/linux/man-pages/man2/close_range.2.html) from `first` on,
/// when a program is executed.
pub(super) fn close_range_on_exec(first: u32) -> Result<(), Errno> {
    close_range(first, u32::MAX, CLOSE_RANGE_CLOEXEC)
}

/// close_range(2) from `first` on, now: for a child that owns none of them.
pub(super) fn close_range_now(first: u32) -> Result<(), Errno> {
    close_range(first, u32::MAX, 0)
}

/// close_range(2): both ends are among them.
pub(super) fn close_range(first: u32, last: u32, flags: usize) -> Result<(), Errno> {
    let words = [first as usize, last as usize, flags, 0, 0, 0];
    // SAFETY: numbers are passed.
    checked(unsafe { syscall(__NR_close_range, words) }).map(drop)
}

/// What stat(2) tells of a file for those who only want to know which and of what kind it is.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub(super) kind: FileType,
    /// Device and inode.
    pub(super) place: (u64, u64),
}

/// [fstatat(2)](https://man7.org/linux/man-pages/man2/fstatat.2.html). On machines of 32 bits
/// rustix asks statx(2), then if need be what every kernel has, and makes three forms one.
pub(super) fn look_at(folder: BorrowedFd<'_>, name: &CStr, flags: AtFlags) -> Result<Seen, Errno> {
    #[cfg(target_pointer_width = "32")]
    use linux_raw_sys::general::{__NR_fstatat64 as NUMBER, stat64 as Stat};
    #[cfg(target_pointer_width = "64")]
    use linux_raw_sys::general::{__NR_newfstatat as NUMBER, stat as Stat};
    let mut stat = MaybeUninit::<Stat>::uninit();
    let words = [
        folder.as_raw_fd() as usize,
        name.as_ptr() as usize,
        stat.as_mut_ptr() as usize,
        flags.bits() as usize,
        0,
    ];
    // SAFETY: both outlive the call, which fills all of `stat` if it succeeds.
    let stat = unsafe {
        call(NUMBER, words)?;
        stat.assume_init()
    };
    Ok(Seen { kind: FileType::from_raw_mode(stat.st_mode), place: (stat.st_dev, stat.st_ino) })
}

/// kill(2) with a pid that rustix has no type for: -1 is every process but PID 1.
pub(super) fn kill(pid: i32, signal: u8) -> Result<(), Errno> {
    let words = [pid as usize, usize::from(signal), 0, 0, 0, 0];
    // SAFETY: numbers are passed.
    checked(unsafe { syscall(__NR_kill, words) }).map(drop)
}

/// Sets what a signal does.
pub(super) fn rt_sigaction(signal: u8, action: &kernel_sigaction) -> Result<(), Errno> {
    let words = [usize::from(signal), &raw const *action as usize, 0, SIGSET_BYTES, 0, 0];
    // SAFETY: `action` outlives the call.
    checked(unsafe { syscall(__NR_rt_sigaction, words) }).map(drop)
}

/// Replaces the signal mask; bit `n - 1` blocks signal `n`.
pub(super) fn rt_sigprocmask(mask: u64) -> Result<(), Errno> {
    let words = [SIG_SETMASK as usize, &raw const mask as usize, 0, SIGSET_BYTES, 0, 0];
    // SAFETY: `mask` outlives the call. All targets are little endian, so that the bits of a
    // u64 are those of the kernel's array of longs.
    checked(unsafe { syscall(__NR_rt_sigprocmask, words) }).map(drop)
}

/// [signalfd4(2)](https://man7.org/linux/man-pages/man2/signalfd.2.html), non-blocking.
pub(super) fn signalfd(mask: u64) -> Result<OwnedFd, Errno> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
    let none = -1isize as usize;
    let words = [none, &raw const mask as usize, SIGSET_BYTES, flags.bits() as usize, 0, 0];
    // SAFETY: `mask` outlives the call.
    let fd = checked(unsafe { syscall(__NR_signalfd4, words) })?;
    // SAFETY: the kernel has just given us this descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// SO_PEERCRED of unix(7). rustix's type for it has no room for the pid 0 of a peer outside
/// our pid namespace.
pub(super) fn peer_credentials(socket: BorrowedFd<'_>) -> Result<ucred, Errno> {
    let mut credentials = ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut length = size_of::<ucred>() as u32;
    let words = [
        socket.as_raw_fd() as usize,
        SOL_SOCKET as usize,
        SO_PEERCRED as usize,
        &raw mut credentials as usize,
        &raw mut length as usize,
        0,
    ];
    // SAFETY: both outlive the call, and `length` is the size of `credentials`.
    checked(unsafe { syscall(__NR_getsockopt, words) })?;
    Ok(credentials)
}

/// True of a process that nobody has reaped, by pidfd_send_signal(2).
pub(super) fn is_there(pidfd: BorrowedFd<'_>) -> bool {
    let words = [pidfd.as_raw_fd() as usize, 0, 0, 0, 0, 0];
    // SAFETY: no signal is sent, and no memory looked at.
    checked(unsafe { syscall(__NR_pidfd_send_signal, words) }).is_ok()
}

/// True if two descriptors of a process are of the same open file:
/// [kcmp(2)](https://man7.org/linux/man-pages/man2/kcmp.2.html).
pub(super) fn same_file(
    pid: u32,
    one: BorrowedFd<'_>,
    other: BorrowedFd<'_>,
) -> Result<bool, Errno> {
    const KCMP_FILE: usize = 0;
    let (one, other) = (one.as_raw_fd() as usize, other.as_raw_fd() as usize);
    let words = [pid as usize, pid as usize, KCMP_FILE, one, other, 0];
    // SAFETY: numbers only.
    checked(unsafe { syscall(__NR_kcmp, words) }).map(|order| order == 0)
}

/// [setsockopt(2)](https://man7.org/linux/man-pages/man2/setsockopt.2.html).
pub(super) fn setsockopt(
    socket: BorrowedFd<'_>,
    level: u16,
    name: u16,
    value: &[u8],
) -> Result<(), Errno> {
    let words = [
        socket.as_raw_fd() as usize,
        level.into(),
        name.into(),
        value.as_ptr() as usize,
        value.len(),
        0,
    ];
    // SAFETY: the value outlives the call, which reads no more of it than its length.
    checked(unsafe { syscall(__NR_setsockopt, words) }).map(drop)
}

/// [mq_open(2)](https://man7.org/linux/man-pages/man2/mq_open.2.html) for reading, made if need
/// be: most messages and bytes of each, or the kernel's. Its name has no slash here.
pub(super) fn mq_open(name: &CStr, mode: u16, size: Option<[u32; 2]>) -> Result<OwnedFd, Errno> {
    // struct mq_attr: flags, messages, bytes, messages there, nothing.
    let mut attributes = [0usize; 8];
    if let Some([messages, bytes]) = size {
        attributes[1] = messages as usize;
        attributes[2] = bytes as usize;
    }
    let attributes_at = size.map_or(0, |_| attributes.as_ptr() as usize);
    let flags = O_RDONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC;
    let words = [name.as_ptr() as usize, flags as usize, mode.into(), attributes_at, 0, 0];
    // SAFETY: both outlive the call, and it only reads them.
    let fd = checked(unsafe { syscall(__NR_mq_open, words) })?;
    // SAFETY: the kernel has just given it to us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// [mq_unlink(2)](https://man7.org/linux/man-pages/man2/mq_unlink.2.html); that there is none is
/// fine.
pub(super) fn mq_unlink(name: &CStr) {
    // SAFETY: the name outlives the call.
    let _ = unsafe { syscall(__NR_mq_unlink, [name.as_ptr() as usize, 0, 0, 0, 0, 0]) };
}

/// [reboot(2)](https://man7.org/linux/man-pages/man2/reboot.2.html) with a text for the boot
/// loader: returns only if the kernel refuses.
pub(super) fn restart_with(argument: &CStr) {
    let words = [
        LINUX_REBOOT_MAGIC1 as usize,
        LINUX_REBOOT_MAGIC2 as usize,
        LINUX_REBOOT_CMD_RESTART2 as usize,
        argument.as_ptr() as usize,
        0,
    ];
    // SAFETY: the kernel copies the text, which ends with a NUL.
    let _ = unsafe { call(__NR_reboot, words) };
}

/// [swapon(2)](https://man7.org/linux/man-pages/man2/swapon.2.html).
pub(super) fn swapon(path: &CStr, flags: u32) -> Result<(), Errno> {
    let words = [path.as_ptr() as usize, flags as usize, 0, 0, 0, 0];
    // SAFETY: the path outlives the call.
    checked(unsafe { syscall(__NR_swapon, words) }).map(drop)
}

/// [swapoff(2)](https://man7.org/linux/man-pages/man2/swapoff.2.html).
pub(super) fn swapoff(path: &CStr) -> Result<(), Errno> {
    // SAFETY: the path outlives the call.
    checked(unsafe { syscall(__NR_swapoff, [path.as_ptr() as usize, 0, 0, 0, 0, 0]) }).map(drop)
}

/// [recvmsg(2)](https://man7.org/linux/man-pages/man2/recvmsg.2.html): length, control bytes
/// and flags of the message. The buffers are filled as far as these say.
pub(super) fn recvmsg(
    socket: BorrowedFd<'_>,
    data: &mut [u8],
    control: &mut [u64],
    flags: u32,
) -> Result<(usize, usize, u32), Errno> {
    let mut part = iovec { iov_base: data.as_mut_ptr().cast(), iov_len: data.len() as _ };
    let mut message = msghdr {
        msg_name: null_mut(),
        msg_namelen: 0,
        msg_iov: (&raw mut part).cast(),
        msg_iovlen: 1,
        msg_control: control.as_mut_ptr().cast(),
        msg_controllen: size_of_val(control) as _,
        msg_flags: 0,
    };
    let words = [socket.as_raw_fd() as usize, &raw mut message as usize, flags as usize, 0, 0, 0];
    // SAFETY: the header and both buffers outlive the call and have the lengths it is told.
    let length = checked(unsafe { syscall(__NR_recvmsg, words) })?;
    Ok((length, message.msg_controllen as usize, message.msg_flags as u32))
}

/// ioctl(2) with a number, of a request that takes no pointer.
pub(super) fn ioctl_number(fd: BorrowedFd<'_>, request: u32, argument: usize) -> Result<(), Errno> {
    let words = [fd.as_raw_fd() as usize, request as usize, argument, 0, 0];
    // SAFETY: only requests of `sys::terminal` are passed that take numbers.
    unsafe { call(__NR_ioctl, words) }
}

/// ioctl(2) with a pointer to `value`, which the kernel may change.
///
/// # Safety
/// `value` must be what `request` expects.
pub(super) unsafe fn ioctl<T>(
    fd: BorrowedFd<'_>,
    request: u32,
    value: &mut T,
) -> Result<(), Errno> {
    let words = [fd.as_raw_fd() as usize, request as usize, &raw mut *value as usize, 0, 0, 0];
    // SAFETY: the caller's promise.
    checked(unsafe { syscall(__NR_ioctl, words) }).map(drop)
}

/// [clock_gettime(2)](https://man7.org/linux/man-pages/man2/clock_gettime.2.html): seconds and
/// nanoseconds of a clock that every kernel has.
pub(super) fn clock_gettime(clock: i32) -> [i64; 2] {
    #[cfg(target_pointer_width = "64")]
    use linux_raw_sys::general::__NR_clock_gettime as NUMBER;
    #[cfg(target_pointer_width = "32")]
    use linux_raw_sys::general::__NR_clock_gettime64 as NUMBER;
    let mut time = [0i64; 2];
    let words = [clock as usize, &raw mut time as usize, 0, 0, 0, 0];
    // SAFETY: `time` outlives the call, which writes two words of 64 bits to it.
    let result = unsafe { syscall(NUMBER, words) };
    #[cfg(target_pointer_width = "32")]
    if result == -(linux_raw_sys::errno::ENOSYS as isize) {
        let mut old = [0i32; 2];
        let words = [clock as usize, &raw mut old as usize, 0, 0, 0, 0];
        // SAFETY: `old` outlives the call, which writes two words of 32 bits to it.
        unsafe { syscall(linux_raw_sys::general::__NR_clock_gettime, words) };
        time = old.map(i64::from);
    }
    let _ = result;
    time
}

/// A signal action without flags or mask; the handler is a kernel constant or a function.
pub(super) const fn no_action() -> kernel_sigaction {
    // SAFETY: the struct is plain numbers and optional function pointers; zero is valid.
    unsafe { core::mem::zeroed() }
}
