//! What comes through a stream, as lines: without an end, with NUL bytes, in whatever pieces.

use super::entry::TEXT_MAX;

/// What is there of a line whose end has not come. All zero is nothing.
#[derive(Debug)]
pub struct Partial {
    bytes: [u8; TEXT_MAX],
    used: usize,
    is_cut: bool,
}

impl Partial {
    /// Nothing.
    pub const EMPTY: Self = Self { bytes: [0; TEXT_MAX], used: 0, is_cut: false };

    /// Takes what came, and hands over each line that is whole now, and whether it was longer. A
    /// NUL ends a line, too. Blanks at its end, and lines of nothing else, are left out.
    pub fn feed(&mut self, came: &[u8], then: &mut dyn FnMut(&[u8], bool)) {
        let mut pieces = came.split(|&byte| byte == b'\n' || byte == 0).peekable();
        while let Some(piece) = pieces.next() {
            let room = TEXT_MAX - self.used;
            let taken = &piece[..piece.len().min(room)];
            self.bytes[self.used..self.used + taken.len()].copy_from_slice(taken);
            self.used += taken.len();
            self.is_cut |= taken.len() < piece.len();
            if pieces.peek().is_some() {
                self.end(then);
            }
        }
    }

    /// Hands over what is there: no more will come.
    pub fn end(&mut self, then: &mut dyn FnMut(&[u8], bool)) {
        let line = self.bytes[..self.used].trim_ascii_end();
        if !line.is_empty() {
            then(line, self.is_cut);
        }
        (self.used, self.is_cut) = (0, false);
    }
}

/// The level that a line begins with, as in sd-daemon(3): `<N>`; and what follows.
pub fn level(line: &[u8]) -> Option<(u8, &[u8])> {
    match line {
        [b'<', digit @ b'0'..=b'7', b'>', rest @ ..] => Some((digit - b'0', rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec::Vec;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn fed(pieces: &[&[u8]]) -> Vec<(String, bool)> {
        let mut partial = Partial::EMPTY;
        let mut lines = Vec::new();
        let mut then = |line: &[u8], is_cut| {
            lines.push((String::from_utf8_lossy(line).into_owned(), is_cut));
        };
        pieces.iter().for_each(|piece| partial.feed(piece, &mut then));
        partial.end(&mut then);
        lines
    }

    #[test]
    fn lines_are_the_same_in_whatever_pieces_they_come() {
        let text = b"one\n\n  two \t\nthree\0four\n<3>five";
        let whole = fed(&[text]);
        let words: Vec<&str> = whole.iter().map(|(line, _)| line.as_str()).collect();
        assert_eq!(words, ["one", "  two", "three", "four", "<3>five"]);
        for at in 0..text.len() {
            assert_eq!(fed(&[&text[..at], &text[at..]]), whole, "cut at {at}");
        }
    }

    #[test]
    fn a_line_without_end_is_cut_and_marked_and_the_next_is_whole() {
        let long = [b'x'; 3 * TEXT_MAX];
        let lines = fed(&[&long, &long, b"\nnext\n", &long[..TEXT_MAX], b"\n"]);
        let lengths: Vec<(usize, bool)> = lines.iter().map(|(l, cut)| (l.len(), *cut)).collect();
        assert_eq!(lengths, [(TEXT_MAX, true), (4, false), (TEXT_MAX, false)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_lines_of_bounded_length_without_ends_in_them(
            pieces in vec(vec(0u8..40, 0..3_000), 0..8),
        ) {
            let mut partial = Partial::EMPTY;
            for piece in pieces {
                partial.feed(&piece, &mut |line, _| {
                    assert!(!line.is_empty() && line.len() <= TEXT_MAX);
                    assert!(!line.contains(&b'\n') && !line.contains(&0));
                });
            }
        }
    }

    #[test]
    fn a_level_is_one_digit_of_syslog() {
        assert_eq!(level(b"<3>bad"), Some((3, &b"bad"[..])));
        assert_eq!(level(b"<7>"), Some((7, &b""[..])));
        for other in [&b"<8>a"[..], b"<30>a", b"<>a", b"3>a", b"<3", b""] {
            assert_eq!(level(other), None);
        }
    }
}
