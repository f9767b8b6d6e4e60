//! Texts, names, lists of names, environment assignments.

use unit::NODE_PATH_MAX;

use super::{Context, List, Scalar, words};
use crate::codes;
use crate::names::{self, Name};
use crate::report::{Span, Spanned};
use crate::text::Value;

/// Longest name of a user or group.
const ACCOUNT_BYTES_MAX: usize = 31;
/// Longest `FileDescriptorName=`: sd_listen_fds(3).
const FD_NAME_BYTES_MAX: usize = 255;
/// Longest path, NUL included: path_resolution(7).
const PATH_MAX: usize = 4096;

/// Longest argument of LINUX_REBOOT_CMD_RESTART2, less its NUL: kernel/reboot.c.
const REBOOT_BYTES_MAX: usize = 255;

/// Longest name of a folder that is made for a service.
const DIRECTORY_BYTES_MAX: usize = 200;

/// One line of text.
#[derive(Debug)]
pub struct Text;

impl Scalar for Text {
    type Value = String;
    const FORM: &'static str = "text";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<String> {
        let connection = cx.specifiers.instance == super::Instance::Connection;
        let words = if connection {
            ["%i", "%I", "%n", "%N", "%f"]
                .iter()
                .fold(text.text.clone(), |text, specifier| text.replace(specifier, "(connection)"))
        } else {
            text.text.clone()
        };
        cx.specifiers.expand(&words, &text.whole(), cx)
    }
}

/// `RebootArgument=`.
#[derive(Debug)]
pub struct RebootWord;

impl Scalar for RebootWord {
    type Value = String;
    const FORM: &'static str = "text for reboot(2)";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<String> {
        let word = cx.specifiers.expand(&text.text, &text.whole(), cx)?;
        if word.is_empty() || word.len() > REBOOT_BYTES_MAX {
            let label = format!("the kernel takes 1 to {REBOOT_BYTES_MAX} bytes");
            cx.refuse(codes::BAD_VALUE, &text.whole(), label);
            return None;
        }
        Some(word)
    }
}

/// Words separated by blanks, quotes and escapes and specifiers resolved.
pub(super) fn expanded(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<String>> {
    let words = words::split(text, 0, codes::BAD_VALUE, cx).unwrap_or_default();
    let spanned = words.into_iter().filter_map(|word| {
        let span = text.span(word.range);
        let value = cx.specifiers.expand(&word.text, &span, cx)?;
        Some(Spanned { value, span })
    });
    spanned.collect()
}

/// Words.
#[derive(Debug)]
pub struct Strings;

impl List for Strings {
    type Item = String;
    const FORM: &'static str = "words";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<String>> {
        expanded(text, cx)
    }
}

/// Paths, relative to the board or absolute.
#[derive(Debug)]
pub struct Paths;

impl List for Paths {
    type Item = String;
    const FORM: &'static str = "paths";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<String>> {
        expanded(text, cx)
    }
}

/// `Documentation=`.
#[derive(Debug)]
pub struct Uris;

impl List for Uris {
    type Item = ();
    const FORM: &'static str = "URIs";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<()>> {
        const SCHEMES: [&str; 5] = ["http:", "https:", "file:", "info:", "man:"];
        for uri in expanded(text, cx) {
            let known = SCHEMES
                .iter()
                .any(|scheme| uri.value.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
            if !known {
                let label = "not a URI that begins with http:, https:, file:, info: or man:";
                cx.refuse(codes::BAD_VALUE, &uri.span, label);
            }
        }
        Vec::new()
    }
}

pub(super) fn unit_name(text: &str, span: &Span, cx: &mut Context<'_>) -> Option<Name> {
    match Name::parse(text) {
        Ok(name) => Some(name),
        Err(error) => {
            let hint = names::nearest(text, &error);
            cx.refuse_with(codes::BAD_NAME, span, format!("not a unit's name: {error}"), hint);
            None
        }
    }
}

/// Names of units.
#[derive(Debug)]
pub struct Units;

impl List for Units {
    type Item = Name;
    const FORM: &'static str = "names of units";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Name>> {
        let words = words::split_names(text, cx).unwrap_or_default().into_iter();
        let named = words.filter_map(|word| {
            let span = text.span(word.range);
            let name = cx.specifiers.expand(&word.text, &span, cx)?;
            Some(Spanned { value: unit_name(&name, &span, cx)?, span })
        });
        named.collect()
    }
}

/// The name of one unit.
#[derive(Debug)]
pub struct UnitName;

impl Scalar for UnitName {
    type Value = Name;
    const FORM: &'static str = "name of a unit";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Name> {
        let span = text.whole();
        let name = cx.specifiers.expand(&text.text, &span, cx)?;
        unit_name(&name, &span, cx)
    }
}

/// What stands between `@` and the suffix of an instance's name.
#[derive(Debug)]
pub struct InstanceName;

impl Scalar for InstanceName {
    type Value = String;
    const FORM: &'static str = "letters, digits and any of `:_.\\-@`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<String> {
        let span = text.whole();
        let instance = cx.specifiers.expand(&text.text, &span, cx)?;
        match Name::parse(&format!("x@{instance}.service")) {
            Ok(_) => Some(instance),
            Err(error) => {
                cx.refuse(codes::BAD_NAME, &span, format!("not an instance's name: {error}"));
                None
            }
        }
    }
}

/// A user or group, by name or number; looked up on the board.
#[derive(Debug)]
pub struct Account;

impl Scalar for Account {
    type Value = String;
    const FORM: &'static str = "name or number";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<String> {
        let span = text.whole();
        let name = cx.specifiers.expand(&text.text, &span, cx)?;
        account(name, &span, cx)
    }
}

/// Users or groups.
#[derive(Debug)]
pub struct Accounts;

impl List for Accounts {
    type Item = String;
    const FORM: &'static str = "names or numbers";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<String>> {
        let words = expanded(text, cx).into_iter();
        let named = words.filter_map(|word| {
            let value = account(word.value, &word.span, cx)?;
            Some(Spanned { value, span: word.span })
        });
        named.collect()
    }
}

fn account(name: String, span: &Span, cx: &mut Context<'_>) -> Option<String> {
    let numeric = name.bytes().all(|byte| byte.is_ascii_digit());
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let other = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let named = name.starts_with(first) && name.chars().all(other);
    if numeric && name.parse::<u32>().is_ok_and(|number| number < u32::MAX) {
        return Some(name);
    }
    if numeric || !named || name.len() > ACCOUNT_BYTES_MAX {
        cx.refuse(codes::BAD_NAME, span, "not a user's or group's name or number");
        return None;
    }
    Some(name)
}

/// `FileDescriptorName=`.
#[derive(Debug)]
pub struct FdName;

impl Scalar for FdName {
    type Value = String;
    const FORM: &'static str = "name without colon";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<String> {
        let span = text.whole();
        let name = cx.specifiers.expand(&text.text, &span, cx)?;
        fd_name(name, &span, cx)
    }
}

/// What LISTEN_FDNAMES can say.
pub(super) fn fd_name(name: String, span: &Span, cx: &mut Context<'_>) -> Option<String> {
    let good = |c: char| (' '..='~').contains(&c) && c != ':';
    if name.len() > FD_NAME_BYTES_MAX || !name.chars().all(good) {
        let label = "at most 255 printable ASCII characters, none of them a colon";
        cx.refuse(codes::BAD_NAME, span, label);
        return None;
    }
    Some(name)
}

/// An absolute path without `..`, doubled slashes removed; or what is wrong with it.
pub(super) fn absolute_path(text: &str) -> Result<String, &'static str> {
    if !text.starts_with('/') {
        return Err("not an absolute path");
    }
    if text.len() >= PATH_MAX {
        return Err("longer than 4095 bytes");
    }
    let parts = text.split('/').filter(|part| !part.is_empty() && *part != ".");
    if parts.clone().any(|part| part == "..") {
        return Err("`..` can lead anywhere: write the path without it");
    }
    Ok(format!("/{}", parts.collect::<Vec<_>>().join("/")))
}

/// Absolute paths of nodes.
#[derive(Debug)]
pub struct AbsolutePaths;

impl List for AbsolutePaths {
    type Item = String;
    const FORM: &'static str = "absolute paths";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<String>> {
        let mut paths = Vec::new();
        for Spanned { value, span } in expanded(text, cx) {
            match absolute_path(&value) {
                Ok(value) if value.len() <= NODE_PATH_MAX => paths.push(Spanned { value, span }),
                Ok(_) => cx.refuse(codes::BAD_VALUE, &span, "longer than a node's path"),
                Err(label) => cx.refuse(codes::BAD_VALUE, &span, label),
            }
        }
        paths
    }
}

/// `WorkingDirectory=`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct WorkingDirectory {
    /// The path; empty if it is the user's home.
    pub path: String,
    /// `~`.
    pub home: bool,
    /// A missing one is fine.
    pub optional: bool,
}

/// An absolute path or `~`, perhaps behind `-`.
#[derive(Debug)]
pub struct Directory;

impl Scalar for Directory {
    type Value = WorkingDirectory;
    const FORM: &'static str = "absolute path or `~`, perhaps with `-` in front";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<WorkingDirectory> {
        let span = text.whole();
        let path = cx.specifiers.expand(&text.text, &span, cx)?;
        let (optional, path) = match path.strip_prefix('-') {
            Some(path) => (true, path),
            None => (false, path.as_str()),
        };
        if path == "~" {
            return Some(WorkingDirectory { path: String::new(), home: true, optional });
        }
        match absolute_path(path) {
            Ok(path) => Some(WorkingDirectory { path, home: false, optional }),
            Err(label) => {
                cx.refuse(codes::BAD_VALUE, &span, label);
                None
            }
        }
    }
}

/// `NAME=value` pairs.
#[derive(Debug)]
pub struct Assignments;

impl List for Assignments {
    type Item = (String, String);
    const FORM: &'static str = "`NAME=value` pairs, quoted as needed";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<(String, String)>> {
        let mut pairs = Vec::new();
        for word in expanded(text, cx) {
            let Some((name, value)) = word.value.split_once('=') else {
                let hint = "quote a pair whose value has blanks: \"NAME=a b\"";
                let label = "no `=` in this word";
                cx.refuse_with(codes::BAD_VALUE, &word.span, label, Some(hint.into()));
                continue;
            };
            if !is_variable(name) {
                let label = format!("`{name}` is no variable's name");
                cx.refuse(codes::BAD_NAME, &word.span, label);
                continue;
            }
            if name == "SYSTEMD_LOG_LEVEL" {
                let label = "only programs that use systemd's own libraries read this";
                let hint = "LogLevel= of board.conf makes PID 1 say more";
                cx.refuse_with(codes::NO_EFFECT, &word.span, label, Some(hint.into()));
            }
            pairs.push(Spanned { value: (name.into(), value.into()), span: word.span.clone() });
        }
        pairs
    }
}

/// `RuntimeDirectory=` and its kin: paths below a folder that is known.
#[derive(Debug)]
pub struct DirectoryNames;

impl List for DirectoryNames {
    type Item = String;
    const FORM: &'static str = "relative paths";
    const REFUSED: &'static [(&'static str, &'static str)] =
        &[("NAME:LINK", "make the link in the image, or with ExecStartPre=+/bin/ln")];

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<String>> {
        let mut names = Vec::new();
        for Spanned { value, span } in expanded(text, cx) {
            if value.contains(':') {
                let label = "known to systemd, not supported here";
                let hint = Some(Self::REFUSED[0].1.into());
                cx.refuse_with(codes::UNSUPPORTED_VALUE, &span, label, hint);
                continue;
            }
            match absolute_path(&format!("/{value}")) {
                Ok(path) if !value.starts_with('/') && path.len() > 1 => {
                    if path.len() <= DIRECTORY_BYTES_MAX {
                        names.push(Spanned { value: path[1..].into(), span });
                    } else {
                        cx.refuse(codes::BAD_VALUE, &span, "longer than 200 bytes");
                    }
                }
                Ok(_) => cx.refuse(codes::BAD_VALUE, &span, "not a relative path"),
                Err(label) => cx.refuse(codes::BAD_VALUE, &span, label),
            }
        }
        names
    }
}

/// `EnvironmentFile=`: a path, perhaps behind `-`.
#[derive(Debug)]
pub struct EnvironmentFiles;

impl List for EnvironmentFiles {
    type Item = String;
    const FORM: &'static str = "absolute path, perhaps with `-` in front";
    const REFUSED: &'static [(&'static str, &'static str)] =
        &[("*", "patterns are not looked for on the board: name each file")];

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<String>> {
        let span = text.whole();
        let Some(path) = cx.specifiers.expand(&text.text, &span, cx) else { return Vec::new() };
        let (dash, path) = match path.strip_prefix('-') {
            Some(path) => ("-", path),
            None => ("", path.as_str()),
        };
        if path.contains(['*', '?', '[']) {
            let hint = Some(Self::REFUSED[0].1.into());
            let label = "known to systemd, not supported here";
            cx.refuse_with(codes::UNSUPPORTED_VALUE, &span, label, hint);
            return Vec::new();
        }
        match absolute_path(path) {
            Ok(path) => vec![Spanned { value: format!("{dash}{path}"), span }],
            Err(label) => {
                cx.refuse(codes::BAD_VALUE, &span, label);
                Vec::new()
            }
        }
    }
}

/// Names of environment variables.
#[derive(Debug)]
pub struct VariableNames;

impl List for VariableNames {
    type Item = String;
    const FORM: &'static str = "names of variables";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<String>> {
        variables(text, cx, |_| None)
    }
}

/// Names of environment variables, or what they are.
#[derive(Debug)]
pub struct UnsetVariables;

impl List for UnsetVariables {
    type Item = String;
    const FORM: &'static str = "names of variables, or `NAME=value`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<String>> {
        variables(text, cx, |word| word.split_once('=').map(|(name, _)| name))
    }
}

/// Words that are names, or have one in them.
fn variables(
    text: &Value,
    cx: &mut Context<'_>,
    name_in: fn(&str) -> Option<&str>,
) -> Vec<Spanned<String>> {
    let mut words = expanded(text, cx);
    words.retain(|word| {
        let name = name_in(&word.value).unwrap_or(&word.value);
        let is_name = is_variable(name);
        if !is_name {
            cx.refuse(codes::BAD_NAME, &word.span, format!("`{name}` is no variable's name"));
        }
        is_name
    });
    words
}

/// True for the name of an environment variable.
pub(super) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
