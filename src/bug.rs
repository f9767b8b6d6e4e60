//! Programmer errors: what must not be is said once, in the source, and costs the board no text.
//!
//! [`bug!`] and [`ensure!`] are `panic!` and `assert!`. In the board's program the reason stays in
//! the source: the epitaph tells file and line, which lead to it, in a tenth of the bytes.

/// Gives up, for a reason that can only be a mistake of ours.
macro_rules! bug {
    ($reason:literal) => {{
        #[cfg(feature = "pid1")]
        $crate::bug::found(&file!(), line!());
        #[cfg(not(feature = "pid1"))]
        panic!($reason)
    }};
}

/// Gives up unless `$condition` holds.
macro_rules! ensure {
    ($condition:expr, $reason:literal) => {
        if !$condition {
            bug!($reason);
        }
    };
}

/// The end of a program that has found itself broken. `file` is a reference so that a place is
/// two words: one literal for all places of a file, and a number.
#[cfg(feature = "pid1")]
#[cold]
#[inline(never)]
pub(crate) fn found(file: &'static &'static str, line: u32) -> ! {
    crate::sys::fatal::bug(file, line)
}
