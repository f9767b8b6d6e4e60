//! `pilotc explain CODE`: what stands in `explain/CODE.md`, and its examples as files.
//!
//! An explanation is Markdown. Behind its words come the lines `Wrong:` and `Right:`, each with
//! the files of one example, in fences that are opened with "```text NAME".

use crate::Source;
use crate::codes::{self, Code};
use crate::report::{Severity, did_you_mean};

/// The code of that id, in any case.
pub fn find(id: &str) -> Option<&'static Code> {
    codes::ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id) || code.name == id)
}

/// The code that was probably meant.
pub fn nearest(id: &str) -> Option<String> {
    let names = codes::ALL.iter().flat_map(|code| [code.id, code.name]);
    did_you_mean(id, names)
}

/// All there is to say about a code.
pub fn text(code: &Code) -> String {
    let kind = match code.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let Code { id, name, meaning, explanation, .. } = code;
    format!("{kind} {id} {name}\n{meaning}\n\n{explanation}")
}

/// The files of an example, none if the explanation has no example.
pub fn wrong(code: &Code) -> Vec<Source> {
    files(between(code.explanation, "\nWrong:\n", "\nRight:\n"))
}

/// The files of its mended form.
pub fn right(code: &Code) -> Vec<Source> {
    files(between(code.explanation, "\nRight:\n", "\0"))
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let tail = text.split_once(from).map_or("", |(_, tail)| tail);
    tail.split_once(to).map_or(tail, |(head, _)| head)
}

fn files(text: &str) -> Vec<Source> {
    let fences = text.split("```text ").skip(1);
    let file = |fence: &str| {
        let (path, body) = fence.split_once('\n')?;
        let (text, _) = body.split_once("```")?;
        Some(Source { path: path.into(), text: text.into() })
    };
    fences.filter_map(file).collect()
}
