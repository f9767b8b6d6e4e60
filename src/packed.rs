//! Sentences in half of their bytes, for what is written and never compared.
//!
//! A byte that is no character of a text stands for two others, which may be such bytes
//! themselves. Which pairs pay the build script finds in the sources' own texts (byte pair
//! encoding, `src/pairs.rs`); the compiler packs, a board unpacks while it prints. So a text stands
//! where it is used, in full.

use core::fmt::{self, Display, Write as _};
use core::slice::Iter;

use unit::texts::{AS_NEXT, length_byte};

include!(concat!(env!("OUT_DIR"), "/pairs.rs"));

/// Where a value stands.
const VALUE: u8 = 0;
/// The pair of this byte is the first, those of control characters are the last.
const FIRST: u8 = 128;
/// Longest text, or table of texts, when it is packed.
const BYTES_MAX: usize = 4096;

/// A text without its values.
#[derive(Clone, Copy)]
pub(crate) struct Packed(pub(crate) &'static [u8]);

impl Display for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Told(*self, &[]).fmt(f)
    }
}

/// A text, and what stands in it where the source has `{}`.
pub(crate) struct Told<'v>(pub(crate) Packed, pub(crate) &'v [&'v dyn Display]);

impl Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut values = self.1.iter();
        self.0.0.iter().try_for_each(|&byte| unpack(byte, &mut values, f))
    }
}

fn unpack(
    byte: u8,
    values: &mut Iter<'_, &dyn Display>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match byte {
        VALUE => values.next().map_or(Ok(()), |value| value.fmt(f)),
        b'\n' | b' '..FIRST => f.write_char(byte.into()),
        _ => {
            let [first, second] = PAIRS[usize::from(byte.wrapping_sub(FIRST))];
            unpack(first, values, f)?;
            unpack(second, values, f)
        }
    }
}

/// By both bytes of a pair the one that stands for them.
const CODES: &[[u8; 256]; 256] = &{
    let mut codes = [[0; 256]; 256];
    let mut at = 0;
    while at < PAIRS.len() {
        let [first, second] = PAIRS[at];
        // The places of a newline and of a value are empty.
        if first != VALUE || second != VALUE {
            codes[first as usize][second as usize] = FIRST.wrapping_add(at as u8);
        }
        at += 1;
    }
    codes
};

/// What the compiler packs, before its length is known.
pub(crate) struct Draft {
    bytes: [u8; BYTES_MAX],
    pub(crate) length: usize,
}

impl Draft {
    pub(crate) const fn of(text: &str) -> Self {
        Self { bytes: [0; BYTES_MAX], length: 0 }.and(text)
    }

    /// Texts with their numbers, as [`unit::texts::find_bytes`] reads them: those that are used.
    pub(crate) const fn table(texts: &[(&[u8], &str, bool)]) -> Self {
        let mut draft = Self { bytes: [0; BYTES_MAX], length: 0 };
        let mut at = 0;
        while at < texts.len() {
            let (numbers, text, is_used) = texts[at];
            let mut place = 0;
            while is_used && place < numbers.len() {
                draft.bytes[draft.length] = numbers[place];
                draft.bytes[draft.length + 1] = AS_NEXT;
                draft.length += 2;
                place += 1;
            }
            if is_used {
                let head = draft.length;
                draft = draft.and(text);
                draft.bytes[head - 1] = length_byte(draft.length - head);
            }
            at += 1;
        }
        draft
    }

    /// Texts without numbers, each behind its length: those that are used.
    pub(crate) const fn list(texts: &[(&str, bool)]) -> Self {
        let mut draft = Self { bytes: [0; BYTES_MAX], length: 0 };
        let mut at = 0;
        while at < texts.len() {
            let (text, is_used) = texts[at];
            if is_used {
                let head = draft.length;
                draft.length += 1;
                draft = draft.and(text);
                draft.bytes[head] = length_byte(draft.length - head - 1);
            }
            at += 1;
        }
        draft
    }

    const fn and(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        let begin = self.length;
        let mut at = 0;
        while at < text.len() {
            assert!(matches!(text[at], b'\n' | b' '..FIRST), "other bytes stand for pairs");
            let is_value = text[at] == b'{' && at + 1 < text.len() && text[at + 1] == b'}';
            self.bytes[self.length] = if is_value { VALUE } else { text[at] };
            self.length += 1;
            at += if is_value { 2 } else { 1 };
            while self.length > begin + 1 {
                let (first, second) = (self.bytes[self.length - 2], self.bytes[self.length - 1]);
                let code = CODES[first as usize][second as usize];
                if code == 0 {
                    break;
                }
                self.length -= 1;
                self.bytes[self.length - 1] = code;
            }
        }
        self
    }

    pub(crate) const fn finish<const LENGTH: usize>(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        let mut at = 0;
        while at < LENGTH {
            bytes[at] = self.bytes[at];
            at += 1;
        }
        bytes
    }
}

/// A text that is packed; `{}` is a place for a value.
macro_rules! packed {
    ($text:expr) => {{
        const DRAFT: $crate::packed::Draft = $crate::packed::Draft::of($text);
        const PACKED: &[u8] = &DRAFT.finish::<{ DRAFT.length }>();
        $crate::packed::Packed(PACKED)
    }};
}

/// [`unit::text_of`], packed. What no board without a feature has needs no text there: `if`.
macro_rules! packed_of {
    ($value:expr, $type:ident {
        $($($variant:ident)|+ $(if $used:expr)? => $text:expr,)*
    }) => {{
        let value: $type = $value;
        match value {
            $($($type::$variant)|+ => {})*
        }
        packed_of!(value as u8, [
            $((&[$($type::$variant as u8),+], $text, true $(&& ($used))?),)*
        ])
    }};
    ($number:expr, { $($($known:expr),+ => $text:expr;)* }) => {
        packed_of!($number, [$((&[$($known),+], $text, true),)*])
    };
    ($number:expr, [$($row:expr,)*]) => {{
        const DRAFT: $crate::packed::Draft = $crate::packed::Draft::table(&[$($row,)*]);
        static PACKED: [u8; DRAFT.length] = DRAFT.finish();
        $crate::packed::Packed(unit::texts::find_bytes(&PACKED, $number))
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_text_is_what_it_was_when_it_is_unpacked() {
        let text = packed!("Use the pilotctl of the image that is running.");
        assert_eq!(text.to_string(), "Use the pilotctl of the image that is running.");
        assert!(text.0.len() < 24, "{} bytes", text.0.len());
        let told = Told(packed!("Unit {} not found. Did you mean {}?\n"), &[&"wbe", &7]);
        assert_eq!(told.to_string(), "Unit wbe not found. Did you mean 7?\n");
        assert_eq!(packed!("").to_string(), "");
        assert_eq!(Told(packed!("{}{}\n\n{"), &[&1, &2]).to_string(), "12\n\n{");
    }

    #[test]
    fn packed_texts_are_found_by_their_numbers() {
        let text = |number| {
            packed_of!(number, {
                1 => "permission denied"; 7 => ""; 9, 10 => "in use";
            })
        };
        assert_eq!(text(1).to_string(), "permission denied");
        assert_eq!(text(9).to_string(), "in use");
        assert_eq!(text(10).to_string(), "in use");
        assert!([7, 2].iter().all(|&number| text(number).0.is_empty()));
    }
}
