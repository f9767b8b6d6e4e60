//! Messages at /dev/log: RFC 3164 as syslog(3) writes it, and as others do. Whatever has not the
//! form is text.

/// user.notice, as syslog(3) has it for a message that does not say.
const PRIORITY: u8 = 1 << 3 | 5;
/// The highest facility with the lowest level.
const PRIORITY_MAX: u32 = 191;
/// `Mmm dd hh:mm:ss `.
const DATE: &[u8] = b"aaa 00 00:00:00 ";

/// What a message says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message<'m> {
    /// Facility and level.
    pub priority: u8,
    /// Who says it; empty if it does not say.
    pub identifier: &'m [u8],
    /// What it says.
    pub text: &'m [u8],
}

/// Reads a message: `<PRIORITY>DATE IDENTIFIER[PID]: TEXT`, each part but the text may be missing.
pub fn parse(bytes: &[u8]) -> Message<'_> {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let bytes = bytes[..end].trim_ascii();
    let (priority, rest) = priority(bytes).unwrap_or((PRIORITY, bytes));
    let rest = without_date(rest);
    let (identifier, text) = identifier(rest).unwrap_or((b"", rest));
    Message { priority, identifier, text: text.trim_ascii_start() }
}

fn priority(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let rest = bytes.strip_prefix(b"<")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = rest[..digits].iter().fold(0u32, |number, digit| {
        number.saturating_mul(10).saturating_add(u32::from(digit - b'0'))
    });
    let after = rest[digits..].strip_prefix(b">")?;
    (digits > 0 && number <= PRIORITY_MAX).then_some((number as u8, after))
}

fn without_date(bytes: &[u8]) -> &[u8] {
    let Some((date, rest)) = bytes.split_at_checked(DATE.len()) else { return bytes };
    let fits = |(&byte, &form): (&u8, &u8)| match form {
        b'a' => byte.is_ascii_alphabetic(),
        b'0' => byte.is_ascii_digit() || byte == b' ',
        other => byte == other,
    };
    if date.iter().zip(DATE).all(fits) { rest } else { bytes }
}

/// `NAME:` or `NAME[PID]:`.
fn identifier(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_name = |byte: &u8| byte.is_ascii_graphic() && !b":[]<>".contains(byte);
    let length = bytes.iter().take_while(|byte| is_name(byte)).count();
    let (name, rest) = bytes.split_at(length);
    let rest = match rest.strip_prefix(b"[") {
        Some(pid) => {
            let digits = pid.iter().take_while(|byte| byte.is_ascii_digit()).count();
            pid[digits..].strip_prefix(b"]")?
        }
        None => rest,
    };
    let rest = rest.strip_prefix(b":")?;
    (length > 0).then_some((name, rest))
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> (u8, &str, &str) {
        let Message { priority, identifier, text } = parse(text.as_bytes());
        let text_of = |bytes| core::str::from_utf8(bytes).unwrap();
        (priority, text_of(identifier), text_of(text))
    }

    #[test]
    fn each_part_may_be_missing() {
        for (message, expected) in [
            ("<29>Nov  5 13:22:43 dropbear[97]: Child\n", (29, "dropbear", "Child")),
            ("<13>Nov 25 13:22:43 root: a: b\0junk", (13, "root", "a: b")),
            ("<191>x: ", (191, "x", "")),
            ("<192>x: y", (13, "", "<192>x: y")),
            ("<4294967297>y", (13, "", "<4294967297>y")),
            ("<>y", (13, "", "<>y")),
            ("two words: y", (13, "", "two words: y")),
            ("name[a]: y", (13, "", "name[a]: y")),
            ("<6>Nov 25 13:22", (6, "", "Nov 25 13:22")),
            ("", (13, "", "")),
        ] {
            assert_eq!(parsed(message), expected, "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_too_odd(bytes: Vec<u8>, tail in "<[0-9]{0,12}>?[A-Z a-z0-9:]{0,20}.{0,9}") {
            parse(&bytes);
            let message = parse(tail.as_bytes());
            prop_assert!(message.text.len() <= tail.len());
        }
    }
}
