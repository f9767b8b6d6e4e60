//! Texts that are found by a number: a state's name, the words for an error.
//!
//! [`text_of!`](crate::text_of) reads as a `match` does, and lacks no variant. But a `match` is two
//! words in the program for each of its texts; here it is two bytes.

/// In the place of a length: the next text is this one's, too.
pub const AS_NEXT: u8 = u8::MAX;

/// The byte that tells the length of a text, as it is packed.
pub const fn length_byte(length: usize) -> u8 {
    assert!(length < AS_NEXT as usize, "its length is a byte");
    length as u8
}

/// What stands in the place of the length of a text that is the same as that behind it.
const fn as_next(texts: &[(u8, &str)], at: usize) -> Option<u8> {
    if at + 1 == texts.len() {
        return None;
    }
    let (text, next) = (texts[at].1.as_bytes(), texts[at + 1].1.as_bytes());
    let mut place = 0;
    while place < text.len() && place < next.len() && text[place] == next[place] {
        place += 1;
    }
    if place == text.len() && place == next.len() { Some(AS_NEXT) } else { None }
}

/// Bytes that the texts take when they are packed.
pub const fn packed_length(texts: &[(u8, &str)]) -> usize {
    let (mut length, mut at) = (0, 0);
    while at < texts.len() {
        length += 2;
        if as_next(texts, at).is_none() {
            length += texts[at].1.len();
        }
        at += 1;
    }
    length
}

/// One text behind the other: its number, its length, its bytes. Made by the compiler.
pub const fn packed<const LENGTH: usize>(texts: &[(u8, &str)]) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    let (mut used, mut at) = (0, 0);
    while at < texts.len() {
        let (number, text) = texts[at];
        bytes[used] = number;
        at += 1;
        if let Some(mark) = as_next(texts, at - 1) {
            bytes[used + 1] = mark;
            used += 2;
            continue;
        }
        bytes[used + 1] = length_byte(text.len());
        used += 2;
        let mut place = 0;
        while place < text.len() {
            bytes[used] = text.as_bytes()[place];
            used += 1;
            place += 1;
        }
    }
    bytes
}

/// The texts with their numbers: 1, 2, …
pub const fn numbered<const COUNT: usize>(
    texts: &[&'static str; COUNT],
) -> [(u8, &'static str); COUNT] {
    let mut all = [(0, ""); COUNT];
    let mut at = 0;
    while at < COUNT {
        all[at] = (at as u8 + 1, texts[at]);
        at += 1;
    }
    all
}

/// The text of that number; empty if there is none.
#[inline(never)]
pub fn find(packed: &'static [u8], number: u8) -> &'static str {
    core::str::from_utf8(find_bytes(packed, number)).unwrap_or_default()
}

/// Its bytes.
#[inline(never)]
pub fn find_bytes(packed: &'static [u8], number: u8) -> &'static [u8] {
    let mut rest = packed;
    let mut is_found = false;
    while let &[each, length, ref texts @ ..] = rest {
        is_found |= each == number;
        rest = texts;
        if length != AS_NEXT {
            let Some((text, behind)) = texts.split_at_checked(length.into()) else { break };
            if is_found {
                return text;
            }
            rest = behind;
        }
    }
    &[]
}

/// The text of a variant of an enum without fields, or of a number; empty for others.
#[macro_export]
macro_rules! text_of {
    ($value:expr, $type:ident { $($($variant:ident)|+ => $text:expr,)* }) => {{
        let value: $type = $value;
        // Here the compiler asks for every variant.
        match value {
            $($($type::$variant)|+ => {})*
        }
        $crate::text_of!(value as u8, { $($($type::$variant as u8 => $text,)+)* })
    }};
    ($number:expr, { $($known:expr => $text:expr,)* }) => {{
        const TEXTS: &[(u8, &str)] = &[$(($known, $text),)*];
        static PACKED: [u8; $crate::texts::packed_length(TEXTS)] = $crate::texts::packed(TEXTS);
        $crate::texts::find(&PACKED, $number)
    }};
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_is_found_by_its_variant_or_number() {
        #[derive(Clone, Copy)]
        enum Light {
            Red,
            Amber,
            Green,
        }
        let text = |light| text_of!(light, Light { Green => "go", Red | Amber => "été", });
        assert_eq!([Light::Red, Light::Amber, Light::Green].map(text), ["été", "été", "go"]);
        let text =
            |number| text_of!(number, { 1 => "one", 200 => "", 7 => "seven", 8 => "seven", });
        assert_eq!([1, 200, 7, 8, 2].map(text), ["one", "", "seven", "seven", ""]);
    }
}
