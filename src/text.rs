//! Text taken apart by bytes: the library's searches for characters, and its numbers of each
//! width, are machinery that a board would carry several times.

/// What stands before and behind the first of such bytes, which is an ASCII character.
#[inline(never)]
pub(crate) fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let place = text.bytes().position(|byte| byte == at)?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}

/// What stands between such bytes: one piece where there is none of them.
pub(crate) const fn pieces(text: &[u8], at: u8) -> Pieces<'_> {
    Pieces { rest: Some(text), at }
}

/// See [`pieces`].
pub(crate) struct Pieces<'t> {
    rest: Option<&'t [u8]>,
    at: u8,
}

impl<'t> Iterator for Pieces<'t> {
    type Item = &'t [u8];

    #[inline(never)]
    fn next(&mut self) -> Option<&'t [u8]> {
        let rest = self.rest?;
        let end = rest.iter().position(|&byte| byte == self.at).unwrap_or(rest.len());
        self.rest = rest.get(end + 1..);
        rest.get(..end)
    }
}

/// A decimal number, if it is one of the type.
pub(crate) fn number<N: TryFrom<u64>>(text: &str) -> Option<N> {
    wide_number(text).and_then(|number| number.try_into().ok())
}

#[inline(never)]
fn wide_number(text: &str) -> Option<u64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_the_byte_first_stands() {
        assert_eq!(cut("a=b=c", b'='), Some(("a", "b=c")));
        assert_eq!(cut("=", b'='), Some(("", "")));
        assert_eq!(cut("é", b'='), None);
    }

    #[test]
    fn pieces_are_those_of_the_library() {
        for text in ["", ",", "a", "a,", ",a", "ab,,c", ",,", "a\n,b"] {
            let theirs = text.as_bytes().split(|&byte| byte == b',');
            assert!(pieces(text.as_bytes(), b',').eq(theirs), "{text:?}");
        }
    }

    #[test]
    fn a_number_has_the_bounds_of_its_type() {
        assert_eq!(number::<u8>("255"), Some(255));
        assert_eq!(number::<u8>("256"), None);
        assert_eq!(number("18446744073709551615"), Some(u64::MAX));
        assert_eq!(number::<u64>("18446744073709551616"), None);
        assert_eq!(number::<u16>("-1"), None);
        assert_eq!(number::<u16>(""), None);
    }
}
