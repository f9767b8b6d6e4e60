//! What keeps two places of one function apart that the compiler would make one.
//!
//! # Safety
//! The assembly is a comment, and the assembler leaves it out.

use core::arch::asm;

/// Does nothing, and is never taken for one of another number. What looks like an instruction is
/// counted as one on ARM, where only ARM's own comments do not.
#[inline(always)]
pub fn mark<const NUMBER: u32>() {
    // SAFETY: nothing is executed.
    unsafe {
        #[cfg(target_arch = "arm")]
        asm!("@ {}", const NUMBER, options(nomem, nostack, preserves_flags));
        #[cfg(not(target_arch = "arm"))]
        asm!("// {}", const NUMBER, options(nomem, nostack, preserves_flags));
    }
}
