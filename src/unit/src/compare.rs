//! Patterns and versions, compared as systemd compares them: fnmatch(3), and the order of
//! uapi-group.org's version format.

use core::cmp::Ordering;

/// True if the pattern fits the whole text: `*`, `?`, `[a-z]`, `[!a-z]`, and `\` before a
/// character that means itself. A `*` takes slashes, too.
pub fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    // Where to go on if what follows the last star does not fit: one character more for it.
    let mut star: Option<(usize, usize)> = None;
    loop {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at + 1, from));
            at += 1;
            continue;
        }
        let fits = match text.get(from) {
            None if at == pattern.len() => return true,
            None => return false,
            Some(&byte) => one(&pattern[at..], byte),
        };
        if let Some(length) = fits {
            at += length;
            from += 1;
        } else if let Some((behind, taken)) = star {
            star = Some((behind, taken + 1));
            (at, from) = (behind, taken + 1);
        } else {
            return false;
        }
    }
}

/// True if text can fit the pattern without being it.
pub fn is_pattern(text: &[u8]) -> bool {
    text.iter().any(|byte| b"*?[\\".contains(byte))
}

/// How long the part of the pattern is that fits the one byte; `None` if it does not.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match *pattern {
        [b'?', ..] => Some(1),
        [b'\\', escaped, ..] => (escaped == byte).then_some(2),
        [b'[', ref set @ ..] => {
            // A bracket right behind the opening is one of the set.
            let negated = usize::from(matches!(set.first(), Some(b'!' | b'^')));
            let inside = set.get(negated..)?;
            let end = 1 + inside.iter().skip(1).position(|&each| each == b']')?;
            let found = is_in_set(&inside[..end], byte);
            (found != (negated == 1)).then_some(1 + negated + end + 1)
        }
        [first, ..] => (first == byte).then_some(1),
        [] => None,
    }
}

fn is_in_set(mut set: &[u8], byte: u8) -> bool {
    loop {
        set = match *set {
            [first, b'-', last, ref rest @ ..] => {
                if (first..=last).contains(&byte) {
                    return true;
                }
                rest
            }
            [first, ref rest @ ..] => {
                if first == byte {
                    return true;
                }
                rest
            }
            [] => return false,
        }
    }
}

/// The order of two versions: numbers as numbers, words as words, `~` before everything, then
/// the end, then `-`, `^` and `.`.
pub fn versions(one: &[u8], other: &[u8]) -> Ordering {
    let (mut one, mut other) = (strip(one), strip(other));
    loop {
        let order = rank(one).cmp(&rank(other));
        if order.is_ne() || one.is_empty() {
            return order;
        }
        if rank(one) < WORD {
            (one, other) = (strip(&one[1..]), strip(&other[1..]));
            continue;
        }
        let digits = one[0].is_ascii_digit() || other[0].is_ascii_digit();
        let same = if digits { u8::is_ascii_digit } else { u8::is_ascii_alphabetic };
        let (head, rest) = split(one, same);
        let (other_head, other_rest) = split(other, same);
        let order = if digits { numbers(head, other_head) } else { head.cmp(other_head) };
        if order.is_ne() {
            return order;
        }
        (one, other) = (strip(rest), strip(other_rest));
    }
}

/// The rank of a number or a word.
const WORD: u8 = 5;

/// What a version goes on with, in the order of versions.
fn rank(text: &[u8]) -> u8 {
    match text.first() {
        Some(b'~') => 0,
        None => 1,
        Some(b'-') => 2,
        Some(b'^') => 3,
        Some(b'.') => 4,
        Some(_) => WORD,
    }
}

/// What means nothing in a version is passed over.
fn strip(text: &[u8]) -> &[u8] {
    let means = |byte: &u8| byte.is_ascii_alphanumeric() || b"~-^.".contains(byte);
    let begin = text.iter().position(means).unwrap_or(text.len());
    &text[begin..]
}

fn split(text: &[u8], same: fn(&u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| !same(byte)).unwrap_or(text.len()))
}

fn numbers(one: &[u8], other: &[u8]) -> Ordering {
    let trim = |text: &mut &[u8]| {
        let begin = text.iter().position(|&byte| byte != b'0').unwrap_or(text.len());
        *text = &text[begin..];
    };
    let (mut one, mut other) = (one, other);
    trim(&mut one);
    trim(&mut other);
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_fnmatch_says() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("a*c", "abbc"),
            ("a*b*c", "a-b-b-c"),
            ("?", "x"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]]", "]"),
            ("\\*", "*"),
            ("6.*-armmp", "6.1.0-9-armmp"),
        ] {
            assert!(fits(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "a"), ("a", ""), ("a*c", "abcd"), ("[a-c]", "d"), ("[!a]", "a"), ("[a", "a")]
        {
            assert!(!fits(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
    }

    /// The order that systemd's own test of strverscmp_improved() has.
    #[test]
    fn versions_have_their_order() {
        let ascending = [
            "~1",
            "",
            "ab",
            "abb",
            "abc",
            "0001",
            "002",
            "12",
            "122",
            "122.9",
            "123~rc1",
            "123",
            "123-a",
            "123-a.1",
            "123-3",
            "123-3.1",
            "123^patch1",
            "123^1",
            "123.a-1",
            "123.1-1",
            "123a-1",
            "124",
        ];
        for (place, one) in ascending.iter().enumerate() {
            for (other_place, other) in ascending.iter().enumerate() {
                let order = versions(one.as_bytes(), other.as_bytes());
                assert_eq!(order, place.cmp(&other_place), "{one} and {other}");
            }
        }
        assert_eq!(versions(b"6.01", b"6.1"), Ordering::Equal);
    }
}
