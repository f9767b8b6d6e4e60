//! Where the standard streams lead.

use unit::Stdio;

use super::{Context, Scalar, keyword};
use crate::text::Value;

const JOURNAL: &str = "there is no journal: kmsg writes to the kernel's log";
const FILES: &str = "redirect inside the program, or use kmsg";

/// `StandardInput=`.
#[derive(Debug)]
pub struct InputName;

impl Scalar for InputName {
    type Value = Stdio;
    const FORM: &'static str = "`null` `tty` `socket`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Stdio> {
        let words = [("null", Stdio::Null), ("tty", Stdio::Tty), ("socket", Stdio::Socket)];
        let known =
            [("tty-force", "use tty"), ("tty-fail", "use tty"), ("data", "use a program's option")];
        keyword(&before_colon(text), cx, &words, &merged(&known))
    }
}

/// `StandardOutput=` and `StandardError=`.
#[derive(Debug)]
pub struct OutputName;

impl Scalar for OutputName {
    type Value = Stdio;
    const FORM: &'static str = "`inherit` `null` `tty` `socket` `kmsg`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Stdio> {
        let words = [
            ("inherit", Stdio::Inherit),
            ("null", Stdio::Null),
            ("tty", Stdio::Tty),
            ("socket", Stdio::Socket),
            ("kmsg", Stdio::Kmsg),
        ];
        let known = [
            ("journal", JOURNAL),
            ("syslog", JOURNAL),
            ("journal+console", JOURNAL),
            ("syslog+console", JOURNAL),
            ("kmsg+console", "use kmsg, or tty for the console"),
        ];
        keyword(&before_colon(text), cx, &words, &merged(&known))
    }
}

/// The known words of both directions.
fn merged<'a>(own: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let files = ["file:", "append:", "truncate:", "fd:"].map(|word| (word, FILES));
    own.iter().copied().chain(files).collect()
}

/// `file:/path` is known by its `file:`.
fn before_colon(text: &Value) -> Value {
    let mut text = text.clone();
    if let Some(colon) = text.text.find(':') {
        text.text.truncate(colon + 1);
    }
    text
}
