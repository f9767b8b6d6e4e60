//! Programmer errors: what must not be is said once, in the source, and costs the board no text.
//!
//! [`bug!`] and [`ensure!`] are `panic!` and `assert!`. In the board's program they are what panics
//! are compiled to there. If that is a wrong instruction, they are one, too: two bytes on ARM, and
//! `cargo board place` leads from the address that the epitaph tells to the line and its reason.
//! Each has its own: one for all of a function would be 180 bytes less in an armv7 program of
//! 113 KiB, and leave open what was wrong there. Otherwise the epitaph tells file and line, in a
//! tenth of the bytes of a panic.

/// Gives up, for a reason that can only be a mistake of ours.
#[collapse_debuginfo(yes)]
macro_rules! bug {
    ($reason:literal) => {{
        #[cfg(all(feature = "pid1", panic = "immediate-abort"))]
        {
            $crate::sys::mark::mark::<{ line!() }>();
            panic!()
        }
        #[cfg(all(feature = "pid1", not(panic = "immediate-abort")))]
        $crate::sys::fatal::bug(&file!(), line!());
        #[cfg(not(feature = "pid1"))]
        panic!($reason)
    }};
}

/// Gives up unless `$condition` holds.
#[collapse_debuginfo(yes)]
macro_rules! ensure {
    ($condition:expr, $reason:literal) => {
        if !$condition {
            bug!($reason);
        }
    };
}
