//! What compiled code takes for granted of a C library: memcpy(3) and its kin, for x86_64.
//!
//! Where core is built together with the program, compiler_builtins bring them; rustup's core for
//! x86_64 leaves them to a C library. [`entry!`](crate::entry) gives them their names.
//!
//! # Safety
//! Each is what the C standard says it is. The copying ones are the processor's own string
//! instructions: a loop in Rust would be compiled into a call of the function it is in.
#![cfg(target_arch = "x86_64")]

use core::arch::asm;

/// # Safety
/// As memcpy(3).
pub unsafe fn copy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    // SAFETY: the caller's promise. The ABI has the direction flag clear.
    unsafe {
        asm!("rep movsb", inout("rcx") length => _, inout("rdi") to => _, inout("rsi") from => _,
             options(nostack, preserves_flags));
    }
    to
}

/// # Safety
/// As memmove(3).
pub unsafe fn copy_overlapping(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    if to.addr().wrapping_sub(from.addr()) >= length {
        // SAFETY: the caller's promise; forwards nothing is overwritten before it is read.
        return unsafe { copy(to, from, length) };
    }
    // SAFETY: the caller's promise; backwards nothing is overwritten before it is read, and
    // `length` is not 0 here.
    unsafe {
        let (last_to, last_from) = (to.add(length - 1), from.add(length - 1));
        asm!("std", "rep movsb", "cld", inout("rcx") length => _, inout("rdi") last_to => _,
             inout("rsi") last_from => _, options(nostack));
    }
    to
}

/// # Safety
/// As memset(3).
pub unsafe fn fill(to: *mut u8, byte: i32, length: usize) -> *mut u8 {
    // SAFETY: the caller's promise. The ABI has the direction flag clear.
    unsafe {
        asm!("rep stosb", inout("rcx") length => _, inout("rdi") to => _, in("al") byte as u8,
             options(nostack, preserves_flags));
    }
    to
}

/// # Safety
/// As memcmp(3).
pub unsafe fn compare(one: *const u8, other: *const u8, length: usize) -> i32 {
    for at in 0..length {
        // SAFETY: the caller's promise.
        let (a, b) = unsafe { (one.add(at).read(), other.add(at).read()) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
    }
    0
}

/// # Safety
/// As strlen(3).
pub unsafe fn string_length(string: *const u8) -> usize {
    let mut length = 0;
    // SAFETY: the caller's promise. Volatile, or this loop becomes a call of strlen.
    while unsafe { string.add(length).read_volatile() } != 0 {
        length += 1;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_may_overlap_in_both_directions() {
        let mut bytes = *b"abcdefgh";
        let first = bytes.as_mut_ptr();
        // SAFETY: all inside `bytes`.
        unsafe {
            copy_overlapping(first.add(2), first, 6);
            assert_eq!(core::slice::from_raw_parts(first, 8), b"ababcdef");
            copy_overlapping(first, first.add(1), 7);
            assert_eq!(core::slice::from_raw_parts(first, 8), b"babcdeff");
            copy_overlapping(first, first, 0);
            fill(first, 0x178, 2);
            copy(first.add(7), first, 1);
        }
        assert_eq!(&bytes, b"xxbcdefx");
    }

    #[test]
    fn comparing_is_of_unsigned_bytes() {
        // SAFETY: as long as it says.
        unsafe {
            assert!(compare(b"a\xff".as_ptr(), b"a\x01".as_ptr(), 2) > 0);
            assert!(compare(b"a".as_ptr(), b"b".as_ptr(), 1) < 0);
            assert_eq!(compare(b"ax".as_ptr(), b"ay".as_ptr(), 1), 0);
            assert_eq!(string_length(c"four".as_ptr().cast()), 4);
        }
    }
}
