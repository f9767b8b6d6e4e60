//! Words, quotes and escapes: systemd.syntax(7) and systemd.service(5), "Command lines".
//!
//! As systemd reads them: quotes may open anywhere in a word, escapes work inside and outside.

use std::ops::Range;

use super::Context;
use crate::codes;
use crate::text::Value;

/// A word, quotes and escapes taken away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word {
    /// What it says.
    pub(super) text: String,
    /// Where it stands in the value, quotes included.
    pub(super) range: Range<usize>,
}

/// Cuts `text` from byte `from` on into words. What is wrong is reported with `code`.
pub(super) fn split(
    text: &Value,
    from: usize,
    code: codes::Code,
    cx: &mut Context<'_>,
) -> Option<Vec<Word>> {
    Scanner { value: text, at: from, start: from, code, keeps: false }.words(cx)
}

/// The same for names of units, in which backslashes are letters: `\x2d` says which one.
pub(super) fn split_names(text: &Value, cx: &mut Context<'_>) -> Option<Vec<Word>> {
    Scanner { value: text, at: 0, start: 0, code: codes::BAD_NAME, keeps: true }.words(cx)
}

/// What separates words; other blanks of Unicode are letters like any other.
const fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace()
}

struct Scanner<'a> {
    value: &'a Value,
    at: usize,
    /// Where the current word begins.
    start: usize,
    code: codes::Code,
    /// Escapes stay as they are.
    keeps: bool,
}

impl Scanner<'_> {
    fn words(mut self, cx: &mut Context<'_>) -> Option<Vec<Word>> {
        let mut words = Vec::new();
        while let Some(word) = self.word(cx)? {
            words.push(word);
        }
        Some(words)
    }

    fn peek(&self) -> Option<char> {
        self.value.text.get(self.at..)?.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// The next word; `Some(None)` at the end, `None` after a complaint.
    fn word(&mut self, cx: &mut Context<'_>) -> Option<Option<Word>> {
        while self.peek().is_some_and(is_blank) {
            self.take();
        }
        self.start = self.at;
        let mut bytes = Vec::new();
        let mut quote: Option<(char, usize)> = None;
        while let Some(next) = self.peek() {
            if quote.is_none() && is_blank(next) {
                break;
            }
            let at = self.at;
            self.take();
            match next {
                '\\' if !self.keeps => self.escape(at, &mut bytes, cx)?,
                '"' | '\'' if quote.is_none() => quote = Some((next, at)),
                _ if quote.is_some_and(|(open, _)| open == next) => quote = None,
                _ => bytes.extend(next.encode_utf8(&mut [0; 4]).bytes()),
            }
        }
        if let Some((_, at)) = quote {
            let span = self.value.span(at..at + 1);
            cx.refuse(self.code, &span, "this quote is never closed");
            return None;
        }
        if self.at == self.start {
            return Some(None);
        }
        let range = self.start..self.at;
        match String::from_utf8(bytes) {
            Ok(text) => Some(Some(Word { text, range })),
            Err(_) => {
                let span = self.value.span(range);
                cx.refuse(self.code, &span, "its escapes do not make UTF-8 text");
                None
            }
        }
    }

    /// What follows a backslash at `at`.
    fn escape(&mut self, at: usize, bytes: &mut Vec<u8>, cx: &mut Context<'_>) -> Option<()> {
        let Some(letter) = self.take() else {
            bytes.push(b'\\');
            return Some(());
        };
        let simple = match letter {
            'a' => Some(7),
            'b' => Some(8),
            't' => Some(b'\t'),
            'n' => Some(b'\n'),
            'v' => Some(11),
            'f' => Some(12),
            'r' => Some(b'\r'),
            's' => Some(b' '),
            '\\' | '"' | '\'' => u8::try_from(letter).ok(),
            // `\;` alone is the word that does not separate commands.
            ';' if at == self.start && self.peek().is_none_or(is_blank) => Some(b';'),
            _ => None,
        };
        if let Some(byte) = simple {
            bytes.push(byte);
            return Some(());
        }
        let number = match letter {
            'x' => self.digits(2, 16),
            'u' => self.digits(4, 16),
            'U' => self.digits(8, 16),
            '0'..='7' => {
                self.at -= 1;
                self.digits(3, 8)
            }
            _ => None,
        };
        let span = self.value.span(at..self.at);
        match (letter, number) {
            (_, Some(0)) => {
                cx.refuse(self.code, &span, "a NUL can stand in no word");
                return None;
            }
            ('u' | 'U', Some(number)) => match char::from_u32(number) {
                Some(character) => bytes.extend(character.encode_utf8(&mut [0; 4]).bytes()),
                None => {
                    cx.refuse(self.code, &span, "no character has this number");
                    return None;
                }
            },
            (_, Some(number)) if number < 256 => bytes.push(number as u8),
            _ => {
                let hint = Some("write `\\\\` for a backslash".to_string());
                let label = "no escape of systemd: the backslash stands for itself";
                cx.refuse_with(codes::UNKNOWN_ESCAPE, &span, label, hint);
                self.at = at + 1;
                bytes.push(b'\\');
            }
        }
        Some(())
    }

    /// Exactly `count` digits, or none are taken.
    fn digits(&mut self, count: usize, radix: u32) -> Option<u32> {
        let digits = self.value.text.get(self.at..self.at + count)?;
        if !digits.chars().all(|c| c.is_digit(radix)) {
            return None;
        }
        self.at += count;
        u32::from_str_radix(digits, radix).ok()
    }
}
