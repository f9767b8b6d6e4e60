//! The rings in their file: the last lines of each unit, as many as fit in a number of bytes that
//! is the same for all.
//!
//! ```text
//! header   16  magic, the table's checksum, number of rings, bytes of each
//! ring     24  head, tail, number of the next line; then its bytes
//! …
//! ```
//! `head` and `tail` count bytes since ever; the place of a byte is its number modulo the ring's
//! length. What is to be overwritten is given up first (`tail`), then an entry is written, then
//! `head` tells of it: whoever reads meanwhile looks at `tail` again after it has read an entry,
//! and whoever is killed meanwhile leaves a ring in order. A place of the file that no line has
//! reached takes no memory.

use super::entry::{ENTRY_MAX, Entry, HEAD_BYTES};

const MAGIC: [u8; 4] = *b"PLR\x01";
const FILE_HEADER: usize = 16;
const RING_HEADER: usize = 24;
/// More than any board writes.
const HEAD_MAX: u64 = 1 << 62;

/// A file.
pub trait Store {
    /// Fills `bytes` from the place on. False if it cannot.
    fn read(&mut self, at: u64, bytes: &mut [u8]) -> bool;
    /// Writes all of it there. False if it cannot.
    fn write(&mut self, at: u64, bytes: &[u8]) -> bool;
}

/// How the file is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    /// [`unit::Table::crc`].
    pub table: u32,
    /// How many rings there are.
    pub rings: u32,
    /// Bytes of each.
    pub bytes: u32,
}

impl Layout {
    fn to_bytes(self) -> [u8; FILE_HEADER] {
        let mut bytes = [0; FILE_HEADER];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&self.table.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.rings.to_le_bytes());
        bytes[12..].copy_from_slice(&self.bytes.to_le_bytes());
        bytes
    }

    /// True if the file has rings of this layout.
    pub fn is_of(self, store: &mut dyn Store) -> bool {
        let mut bytes = [0; FILE_HEADER];
        store.read(0, &mut bytes) && bytes == self.to_bytes()
    }

    /// Makes an empty file one of rings. False if it cannot.
    pub fn write_to(self, store: &mut dyn Store) -> bool {
        let none = [0; RING_HEADER];
        (0..self.rings as usize).all(|ring| store.write(self.ring_at(ring), &none))
            && store.write(0, &self.to_bytes())
    }

    /// Bytes of the whole file.
    pub fn file_bytes(self) -> u64 {
        self.ring_at(self.rings as usize)
    }

    fn ring_at(self, ring: usize) -> u64 {
        FILE_HEADER as u64 + ring as u64 * (RING_HEADER as u64 + u64::from(self.bytes))
    }

    /// Calls `each` with the pieces of the file that are the ring's bytes from `at` on, as places
    /// in the file and ranges of those bytes. False as soon as one call is.
    fn pieces(
        self,
        ring: usize,
        at: u64,
        length: usize,
        mut each: impl FnMut(u64, core::ops::Range<usize>) -> bool,
    ) -> bool {
        let begin = self.ring_at(ring) + RING_HEADER as u64;
        let size = u64::from(self.bytes);
        let first = length.min((size - at % size) as usize);
        each(begin + at % size, 0..first) && (first == length || each(begin, first..length))
    }

    fn read(self, store: &mut dyn Store, ring: usize, at: u64, bytes: &mut [u8]) -> bool {
        let length = bytes.len();
        self.pieces(ring, at, length, |place, range| store.read(place, &mut bytes[range]))
    }

    fn write(self, store: &mut dyn Store, ring: usize, at: u64, bytes: &[u8]) -> bool {
        self.pieces(ring, at, bytes.len(), |place, range| store.write(place, &bytes[range]))
    }
}

/// What of a ring is in use.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Span {
    head: u64,
    tail: u64,
    next_number: u64,
}

impl Span {
    /// Nothing.
    pub const NEW: Self = Self { head: 0, tail: 0, next_number: 0 };

    /// What the file says; nothing if that cannot be.
    pub fn read(layout: Layout, store: &mut dyn Store, ring: usize) -> Self {
        let mut bytes = [0; RING_HEADER];
        if !store.read(layout.ring_at(ring), &mut bytes) {
            return Self::NEW;
        }
        let [head, tail, next_number] = [0, 8, 16].map(|at| {
            let word = bytes[at..].first_chunk();
            word.map_or(0, |word| u64::from_le_bytes(*word))
        });
        match head.checked_sub(tail) {
            Some(used) if used <= layout.bytes.into() && head < HEAD_MAX => {
                Self { head, tail, next_number }
            }
            _ => Self::NEW,
        }
    }

    fn write(self, layout: Layout, store: &mut dyn Store, ring: usize) -> bool {
        let mut bytes = [0; RING_HEADER];
        bytes[..8].copy_from_slice(&self.head.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.tail.to_le_bytes());
        bytes[16..].copy_from_slice(&self.next_number.to_le_bytes());
        store.write(layout.ring_at(ring), &bytes)
    }

    /// The number that comes after its lines'.
    pub const fn next_number(&self) -> u64 {
        self.next_number
    }

    /// Writes a line behind the others, over the oldest ones if need be. False if the file does
    /// not take it; the ring is as before, but for what had to go.
    pub fn push(
        &mut self,
        layout: Layout,
        store: &mut dyn Store,
        ring: usize,
        entry: &Entry<'_>,
    ) -> bool {
        let mut buffer = [0; ENTRY_MAX];
        let length = entry.encode(&mut buffer);
        let size = u64::from(layout.bytes);
        let kept = self.tail;
        while self.head + length as u64 - self.tail > size {
            let mut bytes = [0; 2];
            let is_read = layout.read(store, ring, self.tail, &mut bytes);
            let oldest = u64::from(u16::from_le_bytes(bytes));
            let fits = is_read && (HEAD_BYTES as u64..=self.head - self.tail).contains(&oldest);
            // What makes no sense was written by nobody of ours: nothing of it can be kept.
            self.tail = if fits { self.tail + oldest } else { self.head };
        }
        if self.tail != kept && !self.write(layout, store, ring) {
            self.tail = kept;
            return false;
        }
        if !layout.write(store, ring, self.head, &buffer[..length]) {
            return false;
        }
        let before = *self;
        self.head += length as u64;
        self.next_number = entry.number + 1;
        let is_told = self.write(layout, store, ring);
        if !is_told {
            *self = before;
        }
        is_told
    }
}

/// A place in a ring, for who reads it.
#[derive(Clone, Copy, Default, Debug)]
pub struct Cursor {
    at: u64,
    /// Where the next one is.
    next: u64,
}

impl Cursor {
    /// Before the oldest line.
    pub const FIRST: Self = Self { at: 0, next: 0 };

    /// The line here, which is the oldest that is left if that one has been overwritten. `None` at
    /// the end.
    pub fn peek<'b>(
        &mut self,
        layout: Layout,
        store: &mut dyn Store,
        ring: usize,
        buffer: &'b mut [u8; ENTRY_MAX],
    ) -> Option<Entry<'b>> {
        loop {
            let span = Span::read(layout, store, ring);
            self.at = self.at.max(span.tail);
            if self.at >= span.head {
                return None;
            }
            let mut length = [0; 2];
            let is_read = layout.read(store, ring, self.at, &mut length);
            let length = usize::from(u16::from_le_bytes(length));
            let fits = is_read
                && (HEAD_BYTES..=ENTRY_MAX).contains(&length)
                && length as u64 <= span.head - self.at;
            let is_whole = fits && layout.read(store, ring, self.at, &mut buffer[..length]);
            if Span::read(layout, store, ring).tail > self.at {
                continue;
            }
            if !is_whole {
                self.at = span.head;
                continue;
            }
            self.next = self.at + length as u64;
            break;
        }
        let length = (self.next - self.at) as usize;
        Entry::decode(&buffer[..length])
    }

    /// Goes on to the next line.
    pub const fn step(&mut self) {
        self.at = self.next;
    }
}

#[cfg(test)]
mod tests;
