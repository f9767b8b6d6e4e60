//! Lists without a heap: borrowed bytes that are decoded while they are walked.

use core::ffi::CStr;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::decode;
use crate::model::UnitId;

/// A list of `T`, each item in postcard form, one behind the other.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq<'a, T> {
    bytes: &'a [u8],
    #[serde(skip)]
    items: PhantomData<T>,
}

impl<'a, T> Seq<'a, T> {
    /// The empty list.
    pub const EMPTY: Self = Self::from_bytes(&[]);

    /// A list over items that the compiler encoded with postcard.
    pub const fn from_bytes(bytes: &'a [u8]) -> Self {
        Self { bytes, items: PhantomData }
    }

    /// True if there is no item.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl<'a, T: Deserialize<'a>> Seq<'a, T> {
    /// The items, in the order of the unit file.
    ///
    /// Ends early at bytes that do not decode; [`crate::Table::open`] has ruled that out for
    /// every list of a table by its checksum.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let mut rest = self.bytes;
        core::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let (item, tail) = decode::take_from_bytes(rest)?;
            rest = tail;
            Some(item)
        })
    }

    /// Item number `index`, counted from 0.
    pub fn get(&self, index: usize) -> Option<T> {
        self.iter().nth(index)
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }
}

impl<T> Default for Seq<'_, T> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T> Clone for Seq<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Seq<'_, T> {}

impl<T> PartialEq for Seq<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T> Eq for Seq<'_, T> {}

impl<'a, T: Deserialize<'a> + fmt::Debug> fmt::Debug for Seq<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A list of units: two bytes each, little endian.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ids<'a>(&'a [u8]);

impl<'a> Ids<'a> {
    /// The empty list.
    pub const EMPTY: Self = Self(&[]);

    /// A list over pairs of bytes.
    pub const fn from_bytes(bytes: &'a [u8]) -> Self {
        assert!(bytes.len().is_multiple_of(2));
        Self(bytes)
    }

    /// The units, in ascending order of id.
    pub fn iter(&self) -> impl Iterator<Item = UnitId> + use<'a> {
        self.0.chunks_exact(2).map(|pair| UnitId(u16::from_le_bytes([pair[0], pair[1]])))
    }

    /// True if `unit` is in the list.
    pub fn contains(&self, unit: UnitId) -> bool {
        self.iter().any(|each| each == unit)
    }

    /// How many units there are.
    pub const fn len(&self) -> usize {
        self.0.len() / 2
    }

    /// True if there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Ids<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|unit| unit.0)).finish()
    }
}

/// NUL-terminated strings back to back, the form in which execve(2) wants an environment.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    /// The empty list.
    pub const EMPTY: Self = Self(&[]);

    /// A list over strings, each of which ends with a NUL.
    pub const fn from_bytes(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The strings, each still NUL-terminated in place.
    pub fn iter(&self) -> impl Iterator<Item = &'a CStr> + use<'a> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let word = CStr::from_bytes_until_nul(rest).ok()?;
            rest = &rest[word.to_bytes_with_nul().len()..];
            Some(word)
        })
    }

    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// True if there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A program and the words of its command line, argv\[0\] first, with what must wait for the board
/// still open.
///
/// Each word is one tag byte, the text and a NUL. In a [`Word::Expand`] a variable stands as
/// `\x01NAME\x02`. The first word is the program; it is argv\[0\], too, unless its tag says that it
/// is not.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Args<'a>(&'a [u8]);

/// One word of a command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word<'a> {
    /// Passed as it stands: execve(2) gets a pointer into the table.
    Literal(&'a CStr),
    /// `${NAME}` inside: replaced in place, always one word. Variables stand as `\x01NAME\x02`.
    Expand(&'a CStr),
    /// `$NAME` alone: the value is split at blanks into none, one or many words.
    Split(&'a CStr),
}

impl<'a> Args<'a> {
    /// Tag of a [`Word::Literal`].
    pub const LITERAL: u8 = b'L';
    /// Tag of a [`Word::Expand`].
    pub const EXPAND: u8 = b'E';
    /// Tag of a [`Word::Split`].
    pub const SPLIT: u8 = b'S';
    /// Tag of a program that is not argv\[0\].
    pub const PROGRAM: u8 = b'P';
    /// Opens a variable's name inside a [`Word::Expand`].
    pub const OPEN: u8 = 1;
    /// Closes it.
    pub const CLOSE: u8 = 2;

    /// Words in the form above.
    pub const fn from_bytes(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What is executed; `None` if there is no word at all.
    pub fn program(&self) -> Option<&'a CStr> {
        next_word(&mut { self.0 }).map(|(_, text)| text)
    }

    /// The words, argv\[0\] first.
    pub fn iter(&self) -> impl Iterator<Item = Word<'a>> + use<'a> {
        let mut rest = self.0;
        if rest.first() == Some(&Self::PROGRAM) {
            next_word(&mut rest);
        }
        core::iter::from_fn(move || {
            let (tag, text) = next_word(&mut rest)?;
            match tag {
                Self::LITERAL => Some(Word::Literal(text)),
                Self::EXPAND => Some(Word::Expand(text)),
                Self::SPLIT => Some(Word::Split(text)),
                _ => None,
            }
        })
    }
}

/// Takes a word and its tag from the begin of `rest`.
fn next_word<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a CStr)> {
    let (&tag, tail) = rest.split_first()?;
    let text = CStr::from_bytes_until_nul(tail).ok()?;
    *rest = &tail[text.to_bytes_with_nul().len()..];
    Some((tag, text))
}

impl fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_nul_and_point_into_the_bytes() {
        let bytes = b"A=1\0B=\0";
        let words = Words::from_bytes(bytes);
        let mut iter = words.iter();
        assert_eq!(iter.next(), Some(c"A=1"));
        assert_eq!(iter.next(), Some(c"B="));
        assert_eq!(iter.next(), None);
        assert_eq!(words.iter().next().map(CStr::as_ptr), Some(bytes.as_ptr().cast()));
    }

    #[test]
    fn words_without_an_end_are_no_words() {
        assert_eq!(Words::from_bytes(b"A=1").len(), 0);
    }

    #[test]
    fn args_tell_the_three_kinds_apart() {
        let args = Args::from_bytes(b"Lkill\0E-p\x01MAINPID\x02\0SOPTIONS\0");
        let mut iter = args.iter();
        assert_eq!(iter.next(), Some(Word::Literal(c"kill")));
        assert_eq!(iter.next(), Some(Word::Expand(c"-p\x01MAINPID\x02")));
        assert_eq!(iter.next(), Some(Word::Split(c"OPTIONS")));
        assert_eq!(iter.next(), None);
    }

    #[test]
    fn a_program_is_the_first_word_and_may_be_no_argument() {
        let own = Args::from_bytes(b"L/bin/sh\0L-c\0");
        assert_eq!(own.program(), Some(c"/bin/sh"));
        assert!(own.iter().eq([Word::Literal(c"/bin/sh"), Word::Literal(c"-c")]));
        let other = Args::from_bytes(b"P/bin/sh\0L-sh\0");
        assert_eq!(other.program(), Some(c"/bin/sh"));
        assert!(other.iter().eq([Word::Literal(c"-sh")]));
        assert_eq!(Args::from_bytes(b"").program(), None);
    }

    #[test]
    fn ids_are_pairs_of_bytes() {
        let ids = Ids::from_bytes(&[1, 0, 2, 1]);
        assert!(ids.iter().eq([UnitId(1), UnitId(0x102)]));
        assert!(ids.contains(UnitId(0x102)));
        assert!(!ids.contains(UnitId(2)));
    }
}
