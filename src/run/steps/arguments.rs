//! argv, with the values of variables: systemd.service(5), "Command lines".

use unit::{Args, Word};

use super::{Strings, Work};
use crate::features;
use crate::sys::vectors::Full;

/// Puts argv behind the environment, which is complete.
pub(super) fn push(work: &mut Work) -> Result<(), Full> {
    let args = work.args.unwrap_or_else(|| bug!("PID 1 has set them"));
    let strings = &mut work.vectors;
    strings.begin_argv()?;
    for word in args.iter() {
        match word {
            Word::Literal(text) => strings.push_arg_literal(text)?,
            Word::Expand(text) if features::EXPANSION => {
                let begin = strings.text_used();
                push_expanded(strings, text.to_bytes())?;
                strings.push_arg_text(begin)?;
            }
            Word::Split(name) if features::EXPANSION => push_split(strings, name.to_bytes())?,
            Word::Expand(_) | Word::Split(_) => bug!("no command of this board has any"),
        }
    }
    if strings.has_no_args() { Err(Full) } else { Ok(()) }
}

/// One word with the values of its variables in their places; unknown ones are empty.
fn push_expanded(strings: &mut Strings, text: &[u8]) -> Result<(), Full> {
    let mut rest = text;
    while let Some(open) = rest.iter().position(|&byte| byte == Args::OPEN) {
        strings.push_text(&rest[..open])?;
        let name = &rest[open + 1..];
        let close = name.iter().position(|&byte| byte == Args::CLOSE).ok_or(Full)?;
        push_value(strings, &name[..close], 0, usize::MAX)?;
        rest = &name[close + 1..];
    }
    strings.push_text(rest)
}

/// The words of a variable's value, split at blanks.
fn push_split(strings: &mut Strings, name: &[u8]) -> Result<(), Full> {
    let mut at = 0;
    loop {
        let value = strings.value(name).unwrap_or_default();
        let blank = |byte: &u8| byte.is_ascii_whitespace();
        let Some(skipped) = value[at..].iter().position(|byte| !blank(byte)) else {
            return Ok(());
        };
        let word = at + skipped;
        let end = value[word..].iter().position(blank).map_or(value.len(), |length| word + length);
        let begin = strings.text_used();
        push_value(strings, name, word, end)?;
        strings.push_arg_text(begin)?;
        at = end;
    }
}

/// Bytes `from..to` of a variable's value, a few at a time: it may lie in the text they go to.
pub(super) fn push_value(
    strings: &mut Strings,
    name: &[u8],
    from: usize,
    to: usize,
) -> Result<(), Full> {
    let mut at = from;
    loop {
        let mut chunk = [0u8; 64];
        let value = strings.value(name).unwrap_or_default();
        let rest = value.get(at..to.min(value.len())).unwrap_or_default();
        let length = rest.len().min(chunk.len());
        if length == 0 {
            return Ok(());
        }
        chunk[..length].copy_from_slice(&rest[..length]);
        strings.push_text(&chunk[..length])?;
        at += length;
    }
}
