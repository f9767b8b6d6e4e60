//! From the kernel's jump to `main`: execve(2), "the initial stack".
//!
//! # Safety
//! `_start` is entered once, by the kernel, with the stack pointer at argc; [`begin`] relies on
//! the layout that the kernel's ABI gives to what lies above: argc, argv, null, envp, null,
//! auxv. The strings live as long as the process.

use core::ffi::{CStr, c_char};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

use rustix::io::Errno;

use super::{raw, vdso};

/// The arguments of this process, argv\[0\] first.
#[derive(Clone, Copy, Debug)]
pub struct Args {
    strings: &'static [*const c_char],
}

impl Args {
    /// The arguments in order.
    pub fn iter(self) -> impl Iterator<Item = &'static CStr> {
        // SAFETY: `begin` is the only maker, of the kernel's NUL-terminated strings.
        self.strings.iter().map(|&string| unsafe { CStr::from_ptr(string) })
    }

    /// How many there are; a caller of execve(2) may have passed none.
    pub const fn len(self) -> usize {
        self.strings.len()
    }

    /// True if there is none.
    pub const fn is_empty(self) -> bool {
        self.strings.is_empty()
    }
}

/// Where the kernel has put the variables that this process was started with.
static ENVIRONMENT: AtomicPtr<*const c_char> = AtomicPtr::new(null_mut());

/// A variable that this process was started with, as `NAME=value`.
pub fn variable(name: &[u8]) -> Option<&'static CStr> {
    let mut at = ENVIRONMENT.load(Ordering::Relaxed).cast_const();
    loop {
        // SAFETY: `begin` has set it to the kernel's list, which ends with a null.
        let string = unsafe { at.as_ref() }.filter(|string| !string.is_null())?;
        // SAFETY: the kernel's strings end with a NUL and live as long as the process.
        let variable = unsafe { CStr::from_ptr(*string) };
        if variable.to_bytes().strip_prefix(name).is_some_and(|rest| rest.starts_with(b"=")) {
            return Some(variable);
        }
        // SAFETY: it was not the null at the end.
        at = unsafe { at.add(1) };
    }
}

/// Executes a program in place of this one, with the variables that this process was started
/// with, and its path for a name. Comes back only to fail.
pub fn execute(path: &CStr) -> Errno {
    let argv = [path.as_ptr(), core::ptr::null()];
    let environment = ENVIRONMENT.load(Ordering::Relaxed).cast_const();
    // SAFETY: the path ends with a NUL, argv with a null, and `begin` has set the other list to
    // the kernel's.
    unsafe { raw::execve(path.as_ptr(), argv.as_ptr(), environment) }
}

/// Ends the process.
pub fn exit(code: u8) -> ! {
    raw::exit_group(code)
}

/// What `_start` calls.
///
/// # Safety
/// `stack` must be the stack pointer at the kernel's entry.
pub unsafe fn begin(stack: *const usize, main: fn(Args) -> u8) -> ! {
    // SAFETY: argc lies at the stack pointer and argv behind it; the environment and the
    // auxiliary vector follow argv's null.
    let strings = unsafe {
        let count = *stack;
        let argv = stack.add(1);
        let environment = argv.add(count + 1);
        vdso::remember(environment);
        ENVIRONMENT.store(environment.cast_mut().cast(), Ordering::Relaxed);
        core::slice::from_raw_parts(argv.cast::<*const c_char>(), count)
    };
    exit(main(Args { strings }))
}

/// Makes `$main`, a `fn(Args) -> u8`, the program's entry point. Once, in the binary: a library
/// with a `_start` of its own could not be linked into a test.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        /// Where the kernel jumps to.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        extern "C" fn _start() -> ! {
            #[cfg(target_arch = "x86_64")]
            core::arch::naked_asm!(
                "xor ebp, ebp", "mov rdi, rsp", "and rsp, -16", "call {begin}", "ud2",
                begin = sym begin
            );
            #[cfg(target_arch = "aarch64")]
            core::arch::naked_asm!(
                "mov x29, xzr", "mov x30, xzr", "mov x0, sp", "b {begin}",
                begin = sym begin
            );
            #[cfg(target_arch = "arm")]
            core::arch::naked_asm!(
                "mov r11, #0", "mov r0, sp", "bl {begin}", "udf #1",
                begin = sym begin
            );
            #[cfg(target_arch = "riscv64")]
            core::arch::naked_asm!(
                ".option push", ".option norelax", "lla gp, __global_pointer$", ".option pop",
                "mv a0, sp", "tail {begin}",
                begin = sym begin
            );
        }

        /// The names under which compiled code calls [`$crate::sys::mem`].
        mod mem {
            use $crate::sys::mem;

            /// # Safety
            /// As memcpy(3).
            #[unsafe(no_mangle)]
            unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
                // SAFETY: the caller's promise.
                unsafe { mem::copy(to, from, length) }
            }

            /// # Safety
            /// As memmove(3).
            #[unsafe(no_mangle)]
            unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
                // SAFETY: the caller's promise.
                unsafe { mem::copy_overlapping(to, from, length) }
            }

            /// # Safety
            /// As memset(3).
            #[unsafe(no_mangle)]
            unsafe extern "C" fn memset(to: *mut u8, byte: i32, length: usize) -> *mut u8 {
                // SAFETY: the caller's promise.
                unsafe { mem::fill(to, byte, length) }
            }

            /// # Safety
            /// As memcmp(3).
            #[unsafe(no_mangle)]
            unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, length: usize) -> i32 {
                // SAFETY: the caller's promise.
                unsafe { mem::compare(a, b, length) }
            }

            /// # Safety
            /// As bcmp(3).
            #[unsafe(no_mangle)]
            unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, length: usize) -> i32 {
                // SAFETY: the caller's promise.
                unsafe { mem::compare(a, b, length) }
            }

            /// # Safety
            /// As strlen(3).
            #[unsafe(no_mangle)]
            unsafe extern "C" fn strlen(string: *const u8) -> usize {
                // SAFETY: the caller's promise.
                unsafe { mem::string_length(string) }
            }
        }

        /// The names under which compiled code calls [`$crate::sys::division`].
        #[cfg(target_arch = "arm")]
        mod division {
            use $crate::sys::division;

            /// The quotient stands in the first register, the rest in the second.
            #[unsafe(no_mangle)]
            extern "C" fn __aeabi_uidivmod(number: u32, by: u32) -> u64 {
                let (quotient, rest) = division::divide(number, by);
                u64::from(rest) << 32 | u64::from(quotient)
            }

            /// Nobody looks at the second register.
            #[unsafe(no_mangle)]
            extern "C" fn __aeabi_uidiv(number: u32, by: u32) -> u64 {
                __aeabi_uidivmod(number, by)
            }

            /// # Safety
            /// `rest` is null or may be written to.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn __udivmoddi4(number: u64, by: u64, rest: *mut u64) -> u64 {
                let (quotient, left) = division::divide_wide(number, by);
                // SAFETY: the caller's promise.
                if let Some(rest) = unsafe { rest.as_mut() } {
                    *rest = left;
                }
                quotient
            }
        }

        /// What the tables of a core library that was built to unwind name: nothing here unwinds.
        #[cfg(target_arch = "arm")]
        mod unwind {
            #[unsafe(no_mangle)]
            extern "C" fn __aeabi_unwind_cpp_pr0() {}

            #[unsafe(no_mangle)]
            extern "C" fn __aeabi_unwind_cpp_pr1() {}
        }

        extern "C" fn begin(stack: *const usize) -> ! {
            // SAFETY: `_start` passes the stack pointer it was entered with.
            unsafe { $crate::sys::start::begin(stack, $main) }
        }
    };
}
