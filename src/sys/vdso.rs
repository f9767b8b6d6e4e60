//! The page of functions that the kernel maps into each process: vdso(7). One of them reads the
//! clocks without a system call; where it is missing, the system call does.
//!
//! A reader of such a page for one name: no versions, for a name has had one only, and no hash
//! table, for there are a dozen names.
//!
//! # Safety
//! Before [`remember`] is called there is no page; it is told the kernel's own address, and what
//! the kernel maps there is a whole ELF image that is neither changed nor taken away.

use core::ffi::{CStr, c_int};
use core::mem::{size_of, transmute};
use core::sync::atomic::{AtomicUsize, Ordering};

use linux_raw_sys::elf::{
    DT_NULL, DT_STRTAB, DT_SYMTAB, Elf_Dyn, Elf_Ehdr, Elf_Phdr, Elf_Sym, PT_DYNAMIC, PT_LOAD,
};

use super::raw;

/// linux/auxvec.h
const AT_NULL: usize = 0;
const AT_SYSINFO_EHDR: usize = 33;

#[cfg(any(target_arch = "x86_64", target_arch = "riscv64"))]
const CLOCK_GETTIME: &CStr = c"__vdso_clock_gettime";
#[cfg(target_arch = "arm")]
const CLOCK_GETTIME: &CStr = c"__vdso_clock_gettime64";
#[cfg(target_arch = "aarch64")]
const CLOCK_GETTIME: &CStr = c"__kernel_clock_gettime";

/// Seconds and nanoseconds: linux/time_types.h, `__kernel_timespec`.
pub(super) type Time = [i64; 2];
type ClockGettime = unsafe extern "C" fn(c_int, *mut Time) -> c_int;

/// The page; 0: there is none.
static PAGE: AtomicUsize = AtomicUsize::new(0);
/// The function in it; 0: it was not looked for yet, or it was not there.
static FUNCTION: AtomicUsize = AtomicUsize::new(0);

/// Finds the page by what the kernel has put behind the environment: getauxval(3).
///
/// # Safety
/// `envp` is the environment as the kernel has laid it out.
pub(super) unsafe fn remember(envp: *const usize) {
    let mut at = envp;
    // SAFETY: the environment ends with a null, and the pairs behind it with AT_NULL.
    unsafe {
        while *at != 0 {
            at = at.add(1);
        }
        at = at.add(1);
        while *at != AT_NULL {
            if *at == AT_SYSINFO_EHDR {
                PAGE.store(*at.add(1), Ordering::Relaxed);
            }
            at = at.add(2);
        }
    }
}

/// clock_gettime(2).
pub(super) fn clock_gettime(clock: c_int) -> Time {
    let mut time = [0; 2];
    let mut function = FUNCTION.load(Ordering::Relaxed);
    if function == 0 {
        function = find();
        FUNCTION.store(function, Ordering::Relaxed);
    }
    // SAFETY: the function of the page has this form, and writes to a time that lives here.
    let is_told = function != 0
        && unsafe { transmute::<usize, ClockGettime>(function)(clock, &mut time) } == 0;
    if is_told { time } else { raw::clock_gettime(clock) }
}

/// Where the function is; 0 if it is not.
fn find() -> usize {
    let page = PAGE.swap(0, Ordering::Relaxed);
    if page == 0 {
        return 0;
    }
    let (mut names, mut symbols) = (0, 0);
    let mut moved_by = page;
    // SAFETY: all that is read lies in the image, where its own tables say.
    unsafe {
        let header = &*(page as *const Elf_Ehdr);
        let segments = (page + header.e_phoff) as *const Elf_Phdr;
        let segments = core::slice::from_raw_parts(segments, usize::from(header.e_phnum));
        if let Some(code) = segments.iter().find(|segment| segment.p_type == PT_LOAD) {
            moved_by = page.wrapping_add(code.p_offset).wrapping_sub(code.p_vaddr);
        }
        let dynamic = segments.iter().find(|segment| segment.p_type == PT_DYNAMIC);
        let Some(dynamic) = dynamic else { return 0 };
        let mut entry = (page + dynamic.p_offset) as *const Elf_Dyn;
        while (*entry).d_tag != DT_NULL {
            let place = moved_by.wrapping_add((*entry).d_un.d_ptr);
            match (*entry).d_tag {
                DT_STRTAB => names = place,
                DT_SYMTAB => symbols = place,
                _ => {}
            }
            entry = entry.add(1);
        }
        // The names follow the symbols, in each kernel's linker script.
        let count = names.saturating_sub(symbols) / size_of::<Elf_Sym>();
        let symbols = core::slice::from_raw_parts(symbols as *const Elf_Sym, count);
        let found = symbols.iter().find(|symbol| {
            let name = (names + symbol.st_name as usize) as *const _;
            symbol.st_value != 0 && CStr::from_ptr(name) == CLOCK_GETTIME
        });
        found.map_or(0, |symbol| moved_by.wrapping_add(symbol.st_value))
    }
}
