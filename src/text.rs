//! Text taken apart by bytes: the library's searches for characters, and its numbers of each
//! width, are machinery that a board would carry several times.

/// What stands before and behind the first of such bytes, which is an ASCII character.
#[inline(never)]
pub(crate) fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let place = text.bytes().position(|byte| byte == at)?;
    Some((text.get(..place)?, text.get(place + 1..)?))
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
    fn a_number_has_the_bounds_of_its_type() {
        assert_eq!(number::<u8>("255"), Some(255));
        assert_eq!(number::<u8>("256"), None);
        assert_eq!(number("18446744073709551615"), Some(u64::MAX));
        assert_eq!(number::<u64>("18446744073709551616"), None);
        assert_eq!(number::<u16>("-1"), None);
        assert_eq!(number::<u16>(""), None);
    }
}
