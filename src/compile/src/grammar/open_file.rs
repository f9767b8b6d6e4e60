//! Files that are open before a program runs: `OpenFile=`.

use unit::OpenMode;

use super::names::{absolute_path, fd_name};
use super::{Context, List};
use crate::codes;
use crate::report::{Span, Spanned, did_you_mean};
use crate::text::Value;

/// A file to open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// Its path.
    pub path: String,
    /// What the program finds it by.
    pub name: String,
    /// How it is opened.
    pub mode: OpenMode,
    /// What cannot be opened is left out.
    pub graceful: bool,
}

const OPTIONS: [&str; 4] = ["read-only", "append", "truncate", "graceful"];

/// `OpenFile=`.
#[derive(Debug)]
pub struct OpenFiles;

impl List for OpenFiles {
    type Item = Opened;
    const FORM: &'static str = "`PATH:NAME:OPTIONS`; the last two may be left out";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Opened>> {
        let span = text.whole();
        let expanded = cx.specifiers.expand(&text.text, &span, cx);
        let opened = expanded.and_then(|text| opened(&text, &span, cx));
        opened.map(|value| Spanned { value, span }).into_iter().collect()
    }
}

fn opened(text: &str, span: &Span, cx: &mut Context<'_>) -> Option<Opened> {
    let mut parts = text.splitn(3, ':');
    let path = match absolute_path(parts.next().unwrap_or_default()) {
        Ok(path) => path,
        Err(label) => {
            cx.refuse(codes::BAD_VALUE, span, label);
            return None;
        }
    };
    let name = match parts.next().unwrap_or_default() {
        "" => path.rsplit('/').next().unwrap_or_default(),
        name => name,
    };
    let name = fd_name(name.into(), span, cx)?;
    let mut file = Opened { path, name, mode: OpenMode::ReadWrite, graceful: false };
    for option in parts.next().unwrap_or_default().split(',').filter(|option| !option.is_empty()) {
        let mode = match option {
            "read-only" => OpenMode::ReadOnly,
            "append" => OpenMode::Append,
            "truncate" => OpenMode::Truncate,
            "graceful" => {
                file.graceful = true;
                continue;
            }
            _ => {
                let hint = did_you_mean(option, OPTIONS);
                cx.refuse_with(codes::BAD_VALUE, span, format!("`{option}` is no option"), hint);
                return None;
            }
        };
        if file.mode != OpenMode::ReadWrite && file.mode != mode {
            cx.refuse(codes::BAD_VALUE, span, "read-only, append and truncate exclude each other");
            return None;
        }
        file.mode = mode;
    }
    Some(file)
}
