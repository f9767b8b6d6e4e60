//! Files with secrets: `LoadCredential=`, `SetCredential=`.

use super::names::{absolute_path, fd_name};
use super::{Context, List};
use crate::codes;
use crate::report::{Span, Spanned};
use crate::text::Value;

/// A credential's id, and where it comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Its file's name.
    pub id: String,
    /// A path, or a name to look for.
    pub source: String,
}

/// A credential's id, and what it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialValue {
    /// Its file's name.
    pub id: String,
    /// What is in the file.
    pub value: Vec<u8>,
}

/// `LoadCredential=`.
#[derive(Debug)]
pub struct LoadCredentials;

impl List for LoadCredentials {
    type Item = Source;
    const FORM: &'static str = "`ID`, `ID:PATH` or `ID:NAME`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Source>> {
        let span = text.whole();
        let parsed = cx.specifiers.expand(&text.text, &span, cx).and_then(|text| {
            let (name, source) = text.split_once(':').unwrap_or((&text, &text));
            let id = id(name, &span, cx)?;
            let source = match source.starts_with('/') {
                true => absolute_path(source)
                    .map_err(|label| cx.refuse(codes::BAD_VALUE, &span, label))
                    .ok()?,
                false => self::id(source, &span, cx)?,
            };
            Some(Source { id, source })
        });
        parsed.map(|value| Spanned { value, span }).into_iter().collect()
    }
}

/// `SetCredential=`.
#[derive(Debug)]
pub struct SetCredentials;

impl List for SetCredentials {
    type Item = CredentialValue;
    const FORM: &'static str = "`ID:TEXT`, with escapes as in C";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<CredentialValue>> {
        let span = text.whole();
        let Some((name, value)) = text.text.split_once(':') else {
            cx.refuse(codes::BAD_VALUE, &span, "no `:` behind the id");
            return Vec::new();
        };
        let name = cx.specifiers.expand(name, &span, cx);
        let id = name.and_then(|name| id(&name, &span, cx));
        let value = unescaped(value);
        if value.is_none() {
            let hint = Some("write `\\\\` for a backslash".to_string());
            cx.refuse_with(codes::BAD_VALUE, &span, "an escape that nobody knows", hint);
        }
        let both = id.zip(value).map(|(id, value)| CredentialValue { id, value });
        both.map(|value| Spanned { value, span }).into_iter().collect()
    }
}

/// The name of a file.
fn id(name: &str, span: &Span, cx: &mut Context<'_>) -> Option<String> {
    if name.is_empty() || name.contains('/') || matches!(name, "." | "..") {
        cx.refuse(codes::BAD_NAME, span, format!("`{name}` is no file's name"));
        return None;
    }
    fd_name(name.into(), span, cx)
}

/// Text with the escapes of C undone; a NUL may be one of them.
pub(super) fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend(plain.as_bytes());
        let letter = escape.chars().next()?;
        let number = |from: usize, count: usize, radix: u32| {
            let digits = escape.get(from..from + count)?;
            let good = digits.chars().all(|c| c.is_digit(radix));
            let value = good.then(|| u32::from_str_radix(digits, radix).ok()).flatten()?;
            Some((value, from + count))
        };
        let (value, length) = match letter {
            'a' => (7, 1),
            'b' => (8, 1),
            'f' => (12, 1),
            'n' => (10, 1),
            'r' => (13, 1),
            't' => (9, 1),
            'v' => (11, 1),
            's' => (32, 1),
            '\\' | '"' | '\'' => (letter.into(), 1),
            'x' => number(1, 2, 16)?,
            'u' => number(1, 4, 16)?,
            'U' => number(1, 8, 16)?,
            '0'..='7' => number(0, 3, 8)?,
            _ => return None,
        };
        match letter {
            'u' | 'U' => bytes.extend(char::from_u32(value)?.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => bytes.push(u8::try_from(value).ok()?),
        }
        rest = &escape[length..];
    }
    bytes.extend(rest.as_bytes());
    Some(bytes)
}
