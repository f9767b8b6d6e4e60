//! Places in memory, found by the numbers of what they belong to.

use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use unit::{ListenerId, UnitId};

use super::event::InstanceId;

/// A number that is a place.
pub(crate) trait Number: Copy {
    /// The number as an index.
    fn place(self) -> usize;
}

impl Number for UnitId {
    fn place(self) -> usize {
        self.index()
    }
}

impl Number for ListenerId {
    fn place(self) -> usize {
        self.index()
    }
}

impl Number for InstanceId {
    fn place(self) -> usize {
        usize::from(self.0)
    }
}

/// A slice whose places have numbers of a type of their own.
#[derive(Debug)]
pub(crate) struct Places<'s, Id, T> {
    all: &'s mut [T],
    of: PhantomData<Id>,
}

impl<'s, Id, T> Places<'s, Id, T> {
    pub(crate) const fn new(all: &'s mut [T]) -> Self {
        Self { all, of: PhantomData }
    }
}

/// Not `Index`, whose calls each carry the place in the source that they are made from; and never
/// inlined: each of the many calls would be three times as long.
impl<Id: Number, T> Places<'_, Id, T> {
    #[inline(never)]
    pub(crate) fn at(&self, id: Id) -> &T {
        &self.all[id.place()]
    }

    #[inline(never)]
    pub(crate) fn at_mut(&mut self, id: Id) -> &mut T {
        &mut self.all[id.place()]
    }
}

impl<Id, T> DerefMut for Places<'_, Id, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.all
    }
}

impl<Id, T> Deref for Places<'_, Id, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.all
    }
}
