//! tmpfiles.d(5), what a boot makes and removes, to one command for the board's shell a line.
//!
//! Values are written into the command in a form that the shell takes as they are. A board cleans
//! nothing by age, and what needs a walk through folders is left to services.

use std::sync::Arc;

use super::duties::{Task, entry, lines, quoted, refuse};
use crate::report::{File, Report, Span};

/// What stands for the folders that have a name in such files.
const SPECIFIERS: [(char, &str); 7] = [
    ('t', "/run"),
    ('S', "/var/lib"),
    ('C', "/var/cache"),
    ('L', "/var/log"),
    ('T', "/tmp"),
    ('V', "/var/tmp"),
    ('%', "%"),
];

/// A line whose fields have been looked at.
struct Line<'f> {
    /// The path in the shell's words: itself, or a pattern for the types that take one.
    path: String,
    /// The folder that it is in, unless every board has that.
    parent: Option<String>,
    mode: Option<&'f str>,
    /// In the form of chown(1).
    owner: Option<String>,
    argument: &'f str,
}

/// The commands for the lines of a file.
pub(super) fn tasks(file: &Arc<File>, report: &mut Report) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (line, span) in lines(file, &['#']) {
        match of_line(line, &span) {
            Ok(task) => tasks.push(task),
            Err((message, hint)) => refuse(message, &span, hint, report),
        }
    }
    tasks
}

/// What is wrong, and what to do instead.
type Refused = (&'static str, &'static str);

fn of_line(text: &str, span: &Span) -> Result<Task, Refused> {
    let (fields, argument) = fields(text);
    let [kind, path, mode, user, group, age] = fields;
    // At a boot all lines count, and none that fails stops the others.
    let bare: String = kind.chars().filter(|c| !"!-".contains(*c)).collect();
    let (kind, has_pattern) = known(&bare)?;
    if !age.is_empty() {
        return Err(("nothing is removed by its age", "write a timer and a service for that"));
    }
    let path = path_of(path)?;
    let depth = path.split('/').filter(|part| !part.is_empty()).count();
    let parent = path.rsplit_once('/').map(|(parent, _)| parent);
    let line = Line {
        path: if has_pattern { pattern(&path)? } else { word(&path) },
        parent: parent.filter(|_| depth > 2).map(word),
        mode: mode_of(mode)?,
        owner: owner_of(user, group)?,
        argument,
    };
    let (removal, creation) = scripts(kind, &line)?;
    let command =
        |script: String| entry("ExecStart", span, &format!("-/bin/sh -c {}", quoted(&script)));
    let depth = isize::try_from(depth).unwrap_or(isize::MAX);
    // Folders are made before what is in them, and removed after it. Patterns come last.
    let made = if has_pattern { (2, 0) } else { (1, depth) };
    let removal = removal.map(|script| ((0, -depth), command(script)));
    let creation = creation.map(|script| (made, command(script)));
    // Of two lines for one path the first counts, but for changes of what is there.
    let only = (!matches!(kind, "z" | "w+")).then_some((has_pattern, path));
    Ok(Task { only, commands: removal.into_iter().chain(creation).collect() })
}

/// The first six fields, empty where there are none, and all that follows.
fn fields(line: &str) -> ([&str; 6], &str) {
    let mut rest = line;
    let fields = [(); 6].map(|()| {
        let (field, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        rest = behind.trim_start();
        if field == "-" { "" } else { field }
    });
    (fields, if rest == "-" { "" } else { rest })
}

/// A type without what may stand behind it, and whether it takes a pattern.
fn known(kind: &str) -> Result<(&'static str, bool), Refused> {
    const SIMPLE: [&str; 11] = ["d", "D", "f", "f+", "L", "L+", "p", "p+", "c", "b", "F"];
    const PATTERN: [&str; 6] = ["e", "w", "w+", "z", "r", "R"];
    if let Some(kind) = SIMPLE.into_iter().find(|known| *known == kind) {
        return Ok((if kind == "F" { "f+" } else { kind }, false));
    }
    if let Some(kind) = PATTERN.into_iter().find(|known| *known == kind) {
        return Ok((kind, true));
    }
    let hint = match kind.chars().next() {
        Some('q' | 'Q' | 'v') => "write d: a board has no subvolumes",
        Some('x' | 'X') => "leave it out: nothing is cleaned that it could keep",
        Some('C') => "write a service that runs `cp -a`, or a link to it: L",
        Some('Z') => "write a z line for each path, or a service that runs `chown -R`",
        Some('t' | 'T' | 'h' | 'H' | 'a' | 'A') => "write a service that sets it",
        _ => "write one of d D e f f+ w w+ L L+ p p+ c b z r R, and `!` or `-` behind it",
    };
    Err(("a type of line that is not carried out", hint))
}

fn path_of(field: &str) -> Result<String, Refused> {
    let path = expanded(field)?;
    let path = path.trim_end_matches('/');
    let is_plain = !path.contains(['"', '\'', '\\']);
    if !is_plain || !path.starts_with('/') || path.split('/').any(|part| part == "..") {
        return Err(("no absolute path", "write one without quotes, \\ and .. that begins with /"));
    }
    Ok(path.to_string())
}

/// A text with its specifiers replaced.
fn expanded(text: &str) -> Result<String, Refused> {
    let mut found = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let specifier = if c == '%' { chars.next().unwrap_or_default() } else { '\0' };
        match SPECIFIERS.iter().find(|(name, _)| *name == specifier) {
            Some((_, folder)) => found.push_str(folder),
            None if c == '%' => {
                let hint = "only %t %S %C %L %T %V and %% are known at build";
                return Err(("a specifier that nobody knows at build", hint));
            }
            None => found.push(c),
        }
    }
    Ok(found)
}

fn mode_of(field: &str) -> Result<Option<&str>, Refused> {
    let is_octal = field.len() <= 4 && field.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    match is_octal {
        true => Ok(Some(field).filter(|mode| !mode.is_empty())),
        false => Err(("no mode", "write up to four octal digits, without ~ or :")),
    }
}

fn owner_of(user: &str, group: &str) -> Result<Option<String>, Refused> {
    let is_name = |name: &str| {
        let inner = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        !name.starts_with(['-', '.']) && name.chars().all(inner)
    };
    if !is_name(user) || !is_name(group) {
        return Err(("no name of a user or a group", "write a name or a number"));
    }
    Ok(match (user, group) {
        ("", "") => None,
        (user, "") => Some(user.to_string()),
        (user, group) => Some(format!("{user}:{group}")),
    })
}

/// What is run before anything is made, and what is run to make it.
fn scripts(kind: &str, line: &Line<'_>) -> Result<(Option<String>, Option<String>), Refused> {
    let path = &line.path;
    let parent = line.parent.as_ref().map_or(String::new(), |it| format!("mkdir -p {it} && "));
    let owned = line.rights(path);
    let argument = expanded(line.argument)?;
    let wants_one = kind.starts_with(['L', 'c', 'b', 'w']);
    if wants_one == argument.is_empty() && !kind.starts_with('f') {
        let hint = match wants_one {
            true => "write it behind the age: a target, MAJOR:MINOR, or what is written",
            false => "leave out what stands behind the age",
        };
        return Err(("an argument too few or too many", hint));
    }
    // Whatever else is in the place is removed, where that is wanted.
    let cleared = |test: &str| match kind.ends_with('+') {
        true => format!("{{ {test} || rm -rf {path}; }} && "),
        false => String::new(),
    };
    let made = match kind {
        "d" | "D" => format!("mkdir -p {path}{owned}"),
        "f" => format!("{parent}{{ [ -e {path} ] || {} > {path}; }}{owned}", print(&argument)?),
        "f+" => format!("{parent}{} > {path}{owned}", print(&argument)?),
        "w" => each(path, IS_NOT, &format!("{} > \"$p\"", print(&argument)?)),
        "w+" => each(path, IS_NOT, &format!("{} >> \"$p\"", print(&argument)?)),
        "e" => each(path, "[ ! -d \"$p\" ]", &format!(":{}", line.rights("\"$p\""))),
        "z" => each(path, IS_NOT, &format!(":{}", line.rights("\"$p\""))),
        "L" | "L+" => {
            let target = word(&argument);
            let cleared = cleared(&format!("[ \"$(readlink {path})\" = {target} ]"));
            let made = format!("[ -e {path} ] || [ -L {path} ] || ln -s {target} {path}");
            format!("{parent}{cleared}{{ {made}; }}{}", line.owned(path, "chown -h"))
        }
        "p" | "p+" => {
            let test = format!("[ -p {path} ]");
            format!("{parent}{}{{ {test} || mkfifo {path}; }}{owned}", cleared(&test))
        }
        "c" | "b" => {
            let numbers = device(&argument)?;
            format!("{parent}{{ [ -{kind} {path} ] || mknod {path} {kind} {numbers}; }}{owned}")
        }
        "r" => {
            let folder = "[ -d \"$p\" ] && [ ! -L \"$p\" ]";
            let remove = format!("if {folder}; then rmdir \"$p\"; else rm -f \"$p\"; fi");
            let is_not = format!("{IS_NOT} && [ ! -L \"$p\" ]");
            return Ok((Some(each(path, &is_not, &remove)), None));
        }
        _ => return Ok((Some(format!("rm -rf {path}")), None)),
    };
    let emptied = format!("[ -L {path} ] || rm -rf {path}/* {path}/.[!.]* {path}/..?*");
    Ok(((kind == "D").then_some(emptied), Some(made)))
}

impl Line<'_> {
    /// What gives a path its owner and its mode, behind what makes it. A new owner takes away bits
    /// of the mode, so that comes second.
    fn rights(&self, path: &str) -> String {
        let mode = self.mode.map_or(String::new(), |mode| format!(" && chmod {mode} {path}"));
        self.owned(path, "chown") + &mode
    }

    fn owned(&self, path: &str, program: &str) -> String {
        let owner = self.owner.as_ref();
        owner.map_or(String::new(), |owner| format!(" && {program} {owner} {path}"))
    }
}

const IS_NOT: &str = "[ ! -e \"$p\" ]";

/// Something for each path of a pattern. One that nothing has is its own path, which is not there.
fn each(pattern: &str, skipped: &str, action: &str) -> String {
    format!("for p in {pattern}; do {skipped} || {{ {action}; }}; done")
}

/// What writes a text, which has no newline behind it unless it says so.
fn print(text: &str) -> Result<String, Refused> {
    let mut escaped = text.split('\\').skip(1);
    while let Some(behind) = escaped.next() {
        match behind.chars().next() {
            Some('n' | 't' | 'r') => {}
            // The second one of a pair stands before the next piece.
            None => drop(escaped.next()),
            Some(_) => return Err(("an escape that is not known", "write \\n \\t \\r or \\\\")),
        }
    }
    Ok(match (text.is_empty(), text.contains('\\')) {
        (true, _) => ":".into(),
        (false, true) => format!("printf %b {}", word(text)),
        (false, false) => format!("printf %s {}", word(text)),
    })
}

/// MAJOR:MINOR in the form of mknod(1).
fn device(text: &str) -> Result<String, Refused> {
    let number = |text: &str| text.parse::<u32>().ok();
    let numbers = text.split_once(':').and_then(|(major, minor)| number(major).zip(number(minor)));
    let (major, minor) = numbers.ok_or(("no device", "write MAJOR:MINOR"))?;
    Ok(format!("{major} {minor}"))
}

/// True for what means nothing to a shell wherever it stands.
fn is_safe(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/._-:=,+@%".contains(c)
}

/// A text as one word of the shell.
fn word(text: &str) -> String {
    match text.chars().all(is_safe) {
        true => text.into(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// A pattern in which only what glob(7) knows has a meaning. Its path has no quotes.
fn pattern(text: &str) -> Result<String, Refused> {
    if text.contains(['{', '}']) {
        return Err(("braces in a pattern", "write a line for each"));
    }
    let quote = |c: char| match is_safe(c) || "*?[]!^".contains(c) {
        true => c.to_string(),
        false => format!("'{c}'"),
    };
    Ok(text.chars().map(quote).collect())
}
