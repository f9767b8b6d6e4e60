//! Whether every check of `tests/checks` has ended as it must: for `tests/pid1/checks.rs`, which
//! runs them in namespaces, and `src/board/tests/checks.rs`, which does so under QEMU.
//!
//! A check is a service. It must end with success, unless its file begins with a line
//! `# Ends: RESULT STATUS`, the properties Result and ExecMainStatus that it must have then.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What to ask `pilotctl` about the checks.
pub const QUESTION: [&str; 3] =
    ["show", "--property=Id,Result,ExecMainCode,ExecMainStatus", "*.service"];

/// What is to be said of the checks.
#[derive(Default)]
pub struct Verdict {
    /// They have not ended.
    pub waiting: Vec<String>,
    /// They have not ended as they must.
    pub wrong: Vec<String>,
}

/// Reads an answer to [`QUESTION`]; `checks` is the folder with this file.
pub fn judge(checks: &Path, answer: &str) -> Verdict {
    let ends = ends(answer);
    let mut verdict = Verdict::default();
    let mut count = 0;
    for entry in fs::read_dir(checks.join("units")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".service") || name.contains('@') {
            continue;
        }
        count += 1;
        let text = fs::read_to_string(&path).unwrap();
        let expected = text.lines().next().and_then(|line| line.strip_prefix("# Ends: "));
        let expected = expected.unwrap_or("success 0");
        match ends.get(&name).map(String::as_str) {
            None | Some("") => verdict.waiting.push(name),
            Some(end) if end != expected => {
                verdict.wrong.push(format!("{name}: {end}, not {expected}"));
            }
            Some(_) => {}
        }
    }
    assert!(count > 0, "there are no checks in {}", checks.display());
    verdict
}

/// `RESULT STATUS` of each service; empty if it has not run.
fn ends(answer: &str) -> BTreeMap<String, String> {
    let mut ends = BTreeMap::new();
    let (mut id, mut result, mut has_run) = ("", "", false);
    for line in answer.lines() {
        match line.trim_end().split_once('=') {
            Some(("Id", value)) => id = value,
            Some(("Result", value)) => result = value,
            Some(("ExecMainCode", value)) => has_run = value != "0",
            Some(("ExecMainStatus", status)) => {
                let end = if has_run { format!("{result} {status}") } else { String::new() };
                ends.insert(id.to_owned(), end);
            }
            _ => {}
        }
    }
    ends
}
