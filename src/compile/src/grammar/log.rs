//! As whose, and how important, lines are kept: syslog(3).

use super::{Context, Scalar, keyword};
use crate::codes;
use crate::text::Value;

/// Longest `SyslogIdentifier=`.
const IDENTIFIER_MAX: usize = 64;

/// `SyslogIdentifier=`.
#[derive(Debug)]
pub struct Identifier;

impl Scalar for Identifier {
    type Value = String;
    const FORM: &'static str = "word";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<String> {
        let span = text.whole();
        let name = cx.specifiers.expand(&text.text, &span, cx)?;
        if name.len() > IDENTIFIER_MAX || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            let label = "at most 64 printable ASCII characters, none of them a blank";
            cx.refuse(codes::BAD_NAME, &span, label);
            return None;
        }
        Some(name)
    }
}

/// `SyslogFacility=`.
#[derive(Debug)]
pub struct FacilityName;

impl Scalar for FacilityName {
    type Value = u8;
    const FORM: &'static str = "`kern` `user` `mail` `daemon` `auth` `syslog` `lpr` `news` `uucp` \
                                `cron` `authpriv` `ftp` `local0` to `local7`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<u8> {
        const WORDS: [(&str, u8); 20] = [
            ("kern", 0),
            ("user", 1),
            ("mail", 2),
            ("daemon", 3),
            ("auth", 4),
            ("syslog", 5),
            ("lpr", 6),
            ("news", 7),
            ("uucp", 8),
            ("cron", 9),
            ("authpriv", 10),
            ("ftp", 11),
            ("local0", 16),
            ("local1", 17),
            ("local2", 18),
            ("local3", 19),
            ("local4", 20),
            ("local5", 21),
            ("local6", 22),
            ("local7", 23),
        ];
        keyword(text, cx, &WORDS, &[])
    }
}
