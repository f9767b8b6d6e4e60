//! Where the standard streams lead.

use unit::Stdio;

use super::{Context, Scalar, keyword};
use crate::text::Value;

const CONSOLE: &str = "use journal, or tty for the console";
const FILES: &str = "redirect inside the program, or use kmsg";

/// `StandardInput=`.
#[derive(Debug)]
pub struct InputName;

impl Scalar for InputName {
    type Value = Stdio;
    const FORM: &'static str = "`null` `tty` `socket`";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("tty-force", "use tty"),
        ("tty-fail", "use tty"),
        ("data", "use a program's option"),
        ("file:", FILES),
        ("fd:", FILES),
    ];

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Stdio> {
        let words = [("null", Stdio::Null), ("tty", Stdio::Tty), ("socket", Stdio::Socket)];
        keyword(&before_colon(text), cx, &words, Self::REFUSED)
    }
}

/// `StandardOutput=` and `StandardError=`.
#[derive(Debug)]
pub struct OutputName;

impl Scalar for OutputName {
    type Value = Stdio;
    const FORM: &'static str = "`inherit` `null` `tty` `socket` `kmsg` `journal` `syslog`";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("journal+console", CONSOLE),
        ("syslog+console", CONSOLE),
        ("kmsg+console", CONSOLE),
        ("file:", FILES),
        ("append:", FILES),
        ("truncate:", FILES),
        ("fd:", FILES),
    ];

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Stdio> {
        let words = [
            ("inherit", Stdio::Inherit),
            ("null", Stdio::Null),
            ("tty", Stdio::Tty),
            ("socket", Stdio::Socket),
            ("kmsg", Stdio::Kmsg),
            ("journal", Stdio::Kmsg),
            ("syslog", Stdio::Kmsg),
        ];
        keyword(&before_colon(text), cx, &words, Self::REFUSED)
    }
}

/// `file:/path` is known by its `file:`.
fn before_colon(text: &Value) -> Value {
    let mut text = text.clone();
    if let Some(colon) = text.text.find(':') {
        text.text.truncate(colon + 1);
    }
    text
}
