//! Memory without a heap: a static that is handed out once.
//!
//! Each has a number of its own in its type; who was handed out is a bit in one word. A flag
//! beside each value would cost a page where nothing else in that page is written to.
//!
//! # Safety
//! [`Once::take`] and [`Array::fill_with`] give the exclusive reference to the first caller
//! only; an atomic bit says who that was. Two statics of one number would be one too few, not
//! one too many: the second call panics.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU32, Ordering};

/// Statics that nothing is written to before they are used. `sections.ld` puts them behind all
/// others, so that those which every board writes to share their pages: at 50 sockets that is a
/// third of PID 1's own memory.
macro_rules! at_rest {
    ($($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;)+) => {$(
        $(#[$attribute])*
        #[allow(unsafe_code, reason = "here, not where it is used")]
        // SAFETY: a section of `.bss`, which nobody reads or runs but through the static; a value
        // that is not all zero does not compile into it.
        #[unsafe(link_section = ".bss.cold")]
        static $name: $type = $value;
    )+};
}

pub(crate) use at_rest;

static TAKEN: AtomicU32 = AtomicU32::new(0);

/// # Panics
/// The second time for a number.
#[inline(never)]
fn take_number(number: u8) {
    let bit = 1u32 << number;
    ensure!(TAKEN.fetch_or(bit, Ordering::Relaxed) & bit == 0, "taken twice");
}

/// A value that exactly one caller gets. If it is all zero it lies in `.bss`, and costs no page
/// before that is written to.
#[derive(Debug)]
pub struct Once<T, const NUMBER: u8> {
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached through `take` only, by one caller ever.
unsafe impl<T, const NUMBER: u8> Sync for Once<T, NUMBER> {}

impl<T, const NUMBER: u8> Once<T, NUMBER> {
    /// A value that nobody has yet.
    pub const fn new(value: T) -> Self {
        Self { value: UnsafeCell::new(value) }
    }

    /// The value, for ever.
    ///
    /// # Panics
    /// The second time.
    #[expect(clippy::mut_from_ref, reason = "a bit tells the one caller from any other")]
    pub fn take(&'static self) -> &'static mut T {
        take_number(NUMBER);
        // SAFETY: the bit was 0, so that no other reference exists or will.
        unsafe { &mut *self.value.get() }
    }
}

/// An array in `.bss` that exactly one caller gets, once it is filled. For elements whose empty
/// value is not all zero: as a plain static they would cost their size in the file.
#[derive(Debug)]
pub struct Array<T, const N: usize, const NUMBER: u8> {
    elements: UnsafeCell<MaybeUninit<[T; N]>>,
}

// SAFETY: the elements are reached through `fill_with` only, by one caller ever.
unsafe impl<T, const N: usize, const NUMBER: u8> Sync for Array<T, N, NUMBER> {}

impl<T, const N: usize, const NUMBER: u8> Array<T, N, NUMBER> {
    /// An array that nobody has yet.
    pub const fn new() -> Self {
        Self { elements: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// The array, for ever, each element made by `element`.
    ///
    /// # Panics
    /// The second time.
    #[expect(clippy::mut_from_ref, reason = "a bit tells the one caller from any other")]
    pub fn fill_with(&'static self, mut element: impl FnMut() -> T) -> &'static mut [T] {
        take_number(NUMBER);
        let first = self.elements.get().cast::<T>();
        for index in 0..N {
            // SAFETY: `index` is inside the array, which nobody else can reach.
            unsafe { first.add(index).write(element()) };
        }
        // SAFETY: all N elements have just been written; the bit keeps others out.
        unsafe { core::slice::from_raw_parts_mut(first, N) }
    }
}

impl<T, const N: usize, const NUMBER: u8> Default for Array<T, N, NUMBER> {
    fn default() -> Self {
        Self::new()
    }
}
