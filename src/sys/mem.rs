//! What compiled code takes for granted of a C library: memcpy(3) and its kin.
//!
//! Where core is built together with the program, compiler_builtins bring them too, weakly; the
//! core that rustup and Buildroot install leaves them to a C library. [`entry!`](crate::entry)
//! gives them their names.
//!
//! # Safety
//! Each is what the C standard says it is. A plain loop in Rust would be compiled into a call of
//! the function it is in: on x86_64 the processor's string instructions do it, elsewhere every
//! access is volatile.

#[cfg(target_arch = "x86_64")]
use core::arch::asm;

#[cfg(not(target_arch = "x86_64"))]
pub use wordwise::{copy, copy_overlapping, fill};

/// # Safety
/// As memcpy(3).
#[cfg(target_arch = "x86_64")]
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
#[cfg(target_arch = "x86_64")]
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
#[cfg(target_arch = "x86_64")]
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

/// Whole words where both sides are aligned alike, bytes before, behind and otherwise.
#[cfg(any(test, not(target_arch = "x86_64")))]
mod wordwise {
    const WORD: usize = size_of::<usize>();

    /// # Safety
    /// As memcpy(3).
    pub unsafe fn copy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
        let alike = (to.addr() ^ from.addr()).is_multiple_of(WORD);
        let mut at = 0;
        while at < length {
            // SAFETY: the caller's promise; words only where both are aligned and one is left.
            unsafe {
                let (to, from) = (to.add(at), from.add(at));
                if alike && to.addr().is_multiple_of(WORD) && length - at >= WORD {
                    to.cast::<usize>().write_volatile(from.cast::<usize>().read_volatile());
                    at += WORD;
                } else {
                    to.write_volatile(from.read_volatile());
                    at += 1;
                }
            }
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
        for at in (0..length).rev() {
            // SAFETY: the caller's promise; backwards nothing is overwritten before it is read.
            unsafe { to.add(at).write_volatile(from.add(at).read_volatile()) };
        }
        to
    }

    /// # Safety
    /// As memset(3).
    pub unsafe fn fill(to: *mut u8, byte: i32, length: usize) -> *mut u8 {
        let byte = byte as u8;
        let word = usize::from_ne_bytes([byte; WORD]);
        let mut at = 0;
        while at < length {
            // SAFETY: the caller's promise; words only where `to` is aligned and one is left.
            unsafe {
                let to = to.add(at);
                if to.addr().is_multiple_of(WORD) && length - at >= WORD {
                    to.cast::<usize>().write_volatile(word);
                    at += WORD;
                } else {
                    to.write_volatile(byte);
                    at += 1;
                }
            }
        }
        to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The three that write, of one kind.
    type Kin = (
        unsafe fn(*mut u8, *const u8, usize) -> *mut u8,
        unsafe fn(*mut u8, *const u8, usize) -> *mut u8,
        unsafe fn(*mut u8, i32, usize) -> *mut u8,
    );
    const BOTH: [Kin; 2] = [
        (copy, copy_overlapping, fill),
        (wordwise::copy, wordwise::copy_overlapping, wordwise::fill),
    ];

    #[test]
    fn copies_may_overlap_in_both_directions() {
        for (copy, copy_overlapping, fill) in BOTH {
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
    }

    #[test]
    fn every_alignment_and_length_is_written_and_nothing_else() {
        const SIZE: usize = 32;
        let source: [u8; SIZE] = core::array::from_fn(|at| at as u8 + 1);
        for (copy, copy_overlapping, fill) in BOTH {
            for (to, from, length) in (0..8).flat_map(|to| {
                (0..8).flat_map(move |from| (0..=SIZE - 8).map(move |length| (to, from, length)))
            }) {
                let mut wanted = [0; SIZE];
                wanted[to..to + length].copy_from_slice(&source[from..from + length]);
                let (mut copied, mut moved, mut filled) = ([0; SIZE], source, [0; SIZE]);
                // SAFETY: `to` and `from` are at most 8 before the last `length` bytes.
                unsafe {
                    copy(copied.as_mut_ptr().add(to), source.as_ptr().add(from), length);
                    let moving = moved.as_mut_ptr();
                    copy_overlapping(moving.add(to), moving.add(from), length);
                    fill(filled.as_mut_ptr().add(to), 7, length);
                }
                assert_eq!(copied, wanted);
                assert_eq!(moved[to..to + length], source[from..from + length]);
                assert!(filled.iter().enumerate().all(|(at, byte)| {
                    *byte == if (to..to + length).contains(&at) { 7 } else { 0 }
                }));
            }
        }
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
