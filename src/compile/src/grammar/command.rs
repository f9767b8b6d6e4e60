//! Command lines: systemd.service(5), section "Command lines".

use super::names::{absolute_path, is_variable};
use super::{Context, List, words};
use crate::codes;
use crate::report::{Span, Spanned};
use crate::text::Value;

/// One command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// The program: an absolute path or a plain name.
    pub path: String,
    /// argv, argv\[0\] first.
    pub args: Vec<Arg>,
    /// Prefix `-`.
    pub ignore_failure: bool,
    /// Prefix `+` or `!`.
    pub privileged: bool,
    /// Prefix `+`.
    pub unconfined: bool,
}

/// One word of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Arg {
    /// Passed as it stands.
    Literal(String),
    /// Variables inside: one word whatever they hold.
    Expand(Vec<Piece>),
    /// A variable alone, whose value is split at blanks.
    Split(String),
}

/// A part of a word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Text.
    Text(String),
    /// `${NAME}`.
    Variable(String),
}

impl Arg {
    /// The variables it asks for.
    pub fn variables(&self) -> Vec<&str> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Split(name) => vec![name],
            Self::Expand(pieces) => {
                let names = pieces.iter().filter_map(|piece| match piece {
                    Piece::Text(_) => None,
                    Piece::Variable(name) => Some(name.as_str()),
                });
                names.collect()
            }
        }
    }
}

/// `ExecStart=` and its kin: one command, or several between words `;`.
#[derive(Debug)]
pub struct Commands;

impl List for Commands {
    type Item = Command;
    const FORM: &'static str = "command line; prefixes `-` `@` `:` `+` `!` `!!`";
    const REFUSED: &'static [(&'static str, &'static str)] = &[("|", SHELL)];

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Command>> {
        let mut commands = Vec::new();
        let Some(words) = words::split(text, 0, codes::BAD_COMMAND, cx) else {
            return commands;
        };
        let raw = |word: &words::Word| &text.text[word.range.clone()];
        for words in words.split(|word| raw(word) == ";") {
            let (Some(first), Some(last)) = (words.first(), words.last()) else { continue };
            let span = text.span(first.range.start..last.range.end);
            commands.extend(command(words, text, cx).map(|value| Spanned { value, span }));
        }
        if commands.is_empty() && words.iter().all(|word| raw(word) == ";") {
            cx.refuse(codes::BAD_COMMAND, &text.whole(), "there is no command here");
        }
        commands
    }
}

/// Instead of the prefix `|`.
const SHELL: &str = "write `/bin/sh -c '…'`";

#[derive(Default)]
struct Prefixes {
    ignore_failure: bool,
    own_name: bool,
    verbatim: bool,
    privileged: bool,
    unconfined: bool,
}

fn command(words: &[words::Word], text: &Value, cx: &mut Context<'_>) -> Option<Command> {
    let (first, rest) = words.split_first()?;
    let span = text.span(first.range.clone());
    let (prefixes, path) = prefixes(&first.text, &span, cx)?;
    let path = program(path, &span, cx)?;
    let mut args = Vec::new();
    if !prefixes.own_name {
        args.push(Arg::Literal(path.clone()));
    } else if rest.is_empty() {
        cx.refuse(codes::BAD_COMMAND, &span, "with `@` the next word is the name it is given");
        return None;
    }
    for word in rest {
        let span = text.span(word.range.clone());
        let expanded = cx.specifiers.expand(&word.text, &span, cx)?;
        args.push(match prefixes.verbatim {
            true => Arg::Literal(expanded),
            false => variables(expanded, &span, cx)?,
        });
    }
    let Prefixes { ignore_failure, privileged, unconfined, .. } = prefixes;
    Some(Command { path, args, ignore_failure, privileged, unconfined })
}

fn prefixes<'a>(word: &'a str, span: &Span, cx: &mut Context<'_>) -> Option<(Prefixes, &'a str)> {
    let mut found = Prefixes::default();
    let mut rest = word;
    while let Some(prefix) = rest.chars().next() {
        if let Some(tail) = rest.strip_prefix("!!") {
            // It is for kernels older than 4.3, and without effect on those that boards have.
            rest = tail;
            continue;
        }
        let slot = match prefix {
            '-' => &mut found.ignore_failure,
            '@' => &mut found.own_name,
            ':' => &mut found.verbatim,
            '+' | '!' => &mut found.privileged,
            '|' => {
                let label = "`|` is known to systemd, not supported here";
                cx.refuse_with(codes::UNSUPPORTED_VALUE, span, label, Some(SHELL.into()));
                return None;
            }
            _ => break,
        };
        if *slot {
            cx.refuse(codes::BAD_COMMAND, span, "a prefix stands twice");
            return None;
        }
        *slot = true;
        found.unconfined |= prefix == '+';
        rest = &rest[1..];
    }
    Some((found, rest))
}

fn program(path: &str, span: &Span, cx: &mut Context<'_>) -> Option<String> {
    if path.starts_with('$') || path.contains("${") {
        cx.refuse(codes::BAD_COMMAND, span, "the program cannot be a variable");
        return None;
    }
    let path = cx.specifiers.expand(path, span, cx)?;
    let refusal = match path.as_str() {
        "" | "." | ".." => Some("there is no program here"),
        path if path.ends_with('/') => Some("a folder cannot be executed"),
        path if path.starts_with('/') => absolute_path(path).err(),
        path if path.contains('/') => Some("neither an absolute path nor a plain name"),
        _ => None,
    };
    if let Some(label) = refusal {
        cx.refuse(codes::BAD_COMMAND, span, label);
        return None;
    }
    if path.starts_with('/') { absolute_path(&path).ok() } else { Some(path) }
}

fn refuse_variable(label: String, span: &Span, cx: &mut Context<'_>) -> Option<Arg> {
    let hint = Some("write `$$` for a dollar sign".into());
    cx.refuse_with(codes::BAD_COMMAND, span, label, hint);
    None
}

/// `$NAME` alone, `${NAME}` and `$$`.
fn variables(word: String, span: &Span, cx: &mut Context<'_>) -> Option<Arg> {
    if let Some(name) = word.strip_prefix('$')
        && !name.starts_with(['{', '$'])
    {
        return match is_variable(name) {
            true => Some(Arg::Split(name.into())),
            false => refuse_variable(format!("`{name}` is no variable's name"), span, cx),
        };
    }
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = word.as_str();
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('$') {
            text.push('$');
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix('{') {
            let Some((name, tail)) = tail.split_once('}') else {
                return refuse_variable("`${` is never closed".into(), span, cx);
            };
            if !is_variable(name) {
                return refuse_variable(format!("`{name}` is no variable's name"), span, cx);
            }
            pieces.extend([Piece::Text(std::mem::take(&mut text)), Piece::Variable(name.into())]);
            rest = tail;
        } else {
            text.push('$');
            // A word with blanks is most likely a script, whose shell expands it.
            let script = word.contains(char::is_whitespace);
            if !script && rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                let label = "$NAME inside a word is not expanded, it stands for itself";
                let hint = "write ${NAME}, or $$NAME for what stands here";
                cx.refuse_with(codes::UNEXPANDED_VARIABLE, span, label, Some(hint.into()));
            }
        }
    }
    text.push_str(rest);
    if pieces.is_empty() {
        return Some(Arg::Literal(text));
    }
    if word.contains(['\x01', '\x02']) {
        let label = "the characters 1 and 2 cannot stand in a word with variables";
        cx.refuse(codes::BAD_COMMAND, span, label);
        return None;
    }
    pieces.push(Piece::Text(text));
    pieces.retain(|piece| *piece != Piece::Text(String::new()));
    Some(Arg::Expand(pieces))
}
