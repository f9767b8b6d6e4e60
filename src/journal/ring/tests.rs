//! Rings against a plain list of lines, with files that fail and writers that die.

use std::collections::VecDeque;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use proptest::collection;
use proptest::prelude::*;

use super::*;
use crate::journal::entry::{IDENTIFIER_MAX, NO_UNIT, TEXT_MAX};

const LAYOUT: Layout = Layout { table: 7, rings: 3, bytes: 4096 };

/// A file that takes so many writes.
struct File {
    bytes: Vec<u8>,
    writes: usize,
}

impl File {
    fn new() -> Self {
        let mut file = Self { bytes: vec![], writes: usize::MAX };
        assert!(!LAYOUT.is_of(&mut file));
        assert!(LAYOUT.write_to(&mut file));
        assert!(LAYOUT.is_of(&mut file));
        file
    }
}

impl Store for File {
    fn read(&mut self, at: u64, bytes: &mut [u8]) -> bool {
        bytes.fill(0);
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = self.bytes.get(at as usize + place).copied().unwrap_or(0);
        }
        true
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> bool {
        if self.writes == 0 {
            return false;
        }
        self.writes -= 1;
        let end = at as usize + bytes.len();
        self.bytes.resize(self.bytes.len().max(end), 0);
        self.bytes[at as usize..end].copy_from_slice(bytes);
        true
    }
}

fn entry(number: u64, text: &[u8]) -> Entry<'_> {
    Entry {
        priority: 30,
        is_cut: false,
        unit: NO_UNIT,
        pid: 7,
        number,
        at_us: number * 10,
        identifier: b"test",
        text,
    }
}

/// All lines of a ring, by number.
fn lines(file: &mut File, ring: usize) -> Vec<(u64, String)> {
    let mut cursor = Cursor::FIRST;
    let mut all = Vec::new();
    let mut buffer = [0; ENTRY_MAX];
    while let Some(entry) = cursor.peek(LAYOUT, file, ring, &mut buffer) {
        all.push((entry.number, String::from_utf8_lossy(entry.text).into_owned()));
        cursor.step();
    }
    all
}

#[test]
fn the_longest_entry_comes_back_cut_to_its_bounds() {
    let long = [b'x'; 2 * TEXT_MAX];
    let entry = Entry { identifier: &long, ..entry(3, &long) };
    let mut buffer = [0; ENTRY_MAX];
    assert_eq!(entry.encode(&mut buffer), ENTRY_MAX);
    let (identifier, text) = (&long[..IDENTIFIER_MAX], &long[..TEXT_MAX]);
    let expected = Entry { identifier, text, is_cut: true, ..entry };
    assert_eq!(Entry::decode(&buffer), Some(expected));
    assert_eq!(Entry::decode(&buffer[..ENTRY_MAX - 1]), None);
    assert_eq!(Entry::decode(&[]), None);
}

#[test]
fn who_reads_while_lines_are_overwritten_goes_on_with_the_oldest() {
    let mut file = File::new();
    let mut span = Span::NEW;
    let text = [b'y'; 900];
    let mut cursor = Cursor::FIRST;
    let mut buffer = [0; ENTRY_MAX];
    assert!(span.push(LAYOUT, &mut file, 0, &entry(0, &text)));
    assert_eq!(cursor.peek(LAYOUT, &mut file, 0, &mut buffer).map(|entry| entry.number), Some(0));
    for number in 1..10 {
        assert!(span.push(LAYOUT, &mut file, 0, &entry(number, &text)));
    }
    cursor.step();
    assert_eq!(cursor.peek(LAYOUT, &mut file, 0, &mut buffer).map(|entry| entry.number), Some(6));
}

#[test]
fn nonsense_in_the_file_is_an_empty_ring_and_no_more() {
    for byte in [0xff, 0x7f, 0x01] {
        let mut file = File::new();
        let mut span = Span::NEW;
        assert!(span.push(LAYOUT, &mut file, 1, &entry(0, b"one")));
        file.bytes.resize(LAYOUT.ring_at(3) as usize, 0);
        let begin = LAYOUT.ring_at(1) as usize;
        for at in begin..begin + RING_HEADER + HEAD_BYTES {
            let mut file = File { bytes: file.bytes.clone(), writes: usize::MAX };
            file.bytes[at] = byte;
            assert!(lines(&mut file, 1).len() <= 1);
            let mut span = Span::read(LAYOUT, &mut file, 1);
            for number in 0..100 {
                span.push(LAYOUT, &mut file, 1, &entry(number, b"more of them"));
            }
        }
    }
}

proptest! {
    /// As many of the last lines as fit, whole and in order; after a writer's death or a file that
    /// is full, those that were told of.
    #[test]
    fn a_ring_has_the_last_lines(
        texts in collection::vec(("[a-z]{1,40}", 1usize..40), 1..120),
        ring in 0usize..3,
        fails_at in 0usize..600,
        fails: bool,
    ) {
        let mut file = File::new();
        let mut span = Span::read(LAYOUT, &mut file, ring);
        let mut expected: VecDeque<(u64, String)> = VecDeque::new();
        if fails {
            file.writes = fails_at;
        }
        for (number, (text, times)) in texts.iter().enumerate() {
            let text = text.repeat(*times);
            let text = text[..text.len().min(TEXT_MAX)].to_string();
            if span.push(LAYOUT, &mut file, ring, &entry(number as u64, text.as_bytes())) {
                expected.push_back((number as u64, text));
            }
        }
        let found = lines(&mut file, ring);
        let last: Vec<_> = expected.iter().skip(expected.len() - found.len()).cloned().collect();
        prop_assert_eq!(&found, &last);
        let bytes = |lines: &[(u64, String)]| -> usize {
            lines.iter().map(|(_, text)| HEAD_BYTES + 4 + text.len()).sum()
        };
        prop_assert!(bytes(&found) <= LAYOUT.bytes as usize);
        if !fails && found.len() < expected.len() {
            prop_assert!(bytes(&found) + HEAD_BYTES + 4 + TEXT_MAX > LAYOUT.bytes as usize);
        }
        for other in (0..3).filter(|&other| other != ring) {
            prop_assert_eq!(lines(&mut file, other), vec![]);
        }
        prop_assert_eq!(Span::read(LAYOUT, &mut file, ring).head, span.head);
    }
}
