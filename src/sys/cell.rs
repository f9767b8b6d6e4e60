//! Memory without a heap: a static that is handed out once.
//!
//! # Safety
//! [`Once::take`] gives its exclusive reference to the first caller only; an atomic flag says
//! who that was.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering};

/// A value in `.bss` that exactly one caller gets.
#[derive(Debug)]
pub struct Once<T> {
    value: UnsafeCell<T>,
    taken: AtomicBool,
}

// SAFETY: the value is reached through `take` only, by one caller ever.
unsafe impl<T> Sync for Once<T> {}

impl<T> Once<T> {
    /// A value that nobody has yet.
    pub const fn new(value: T) -> Self {
        Self { value: UnsafeCell::new(value), taken: AtomicBool::new(false) }
    }

    /// The value, for ever.
    ///
    /// # Panics
    /// The second time.
    #[allow(clippy::mut_from_ref, reason = "the flag gives it to one caller ever")]
    pub fn take(&'static self) -> &'static mut T {
        assert!(!self.taken.swap(true, Ordering::Relaxed), "taken twice");
        // SAFETY: the flag was false, so that no other reference exists or will.
        unsafe { &mut *self.value.get() }
    }
}

/// An array in `.bss` that exactly one caller gets, once it is filled. For elements whose empty
/// value is not all zero: as a plain static they would cost their size in the file.
#[derive(Debug)]
pub struct Array<T, const N: usize> {
    elements: UnsafeCell<MaybeUninit<[T; N]>>,
    taken: AtomicBool,
}

// SAFETY: the elements are reached through `fill_with` only, by one caller ever.
unsafe impl<T, const N: usize> Sync for Array<T, N> {}

impl<T, const N: usize> Array<T, N> {
    /// An array that nobody has yet.
    pub const fn new() -> Self {
        Self { elements: UnsafeCell::new(MaybeUninit::uninit()), taken: AtomicBool::new(false) }
    }

    /// The array, for ever, each element made by `element`.
    ///
    /// # Panics
    /// The second time.
    #[allow(clippy::mut_from_ref, reason = "the flag gives it to one caller ever")]
    pub fn fill_with(&'static self, mut element: impl FnMut() -> T) -> &'static mut [T] {
        assert!(!self.taken.swap(true, Ordering::Relaxed), "taken twice");
        let first = self.elements.get().cast::<T>();
        for index in 0..N {
            // SAFETY: `index` is inside the array, which nobody else can reach.
            unsafe { first.add(index).write(element()) };
        }
        // SAFETY: all N elements have just been written; the flag keeps others out.
        unsafe { core::slice::from_raw_parts_mut(first, N) }
    }
}

impl<T, const N: usize> Default for Array<T, N> {
    fn default() -> Self {
        Self::new()
    }
}
