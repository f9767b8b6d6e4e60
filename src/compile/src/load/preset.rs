//! `*.preset`: which units are enabled; systemd.preset(5).

use std::sync::Arc;

use crate::codes;
use crate::names::Name;
use crate::report::{Diagnostic, File, Report, Span, did_you_mean};

/// What a line says of the units that its pattern matches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// They are enabled; a template in these instances, or in its `DefaultInstance=`.
    Enable(Vec<String>),
    /// Their `[Install]` is passed over.
    Disable,
    /// As if there were no line.
    Ignore,
}

#[derive(Debug)]
struct Rule {
    pattern: String,
    verdict: Verdict,
}

/// The lines of all files; of several that match a name the first counts.
#[derive(Default, Debug)]
pub(super) struct Presets {
    /// By name of the file: a file hides those of its name in less important folders.
    files: std::collections::BTreeMap<String, Vec<Rule>>,
}

impl Presets {
    /// Adds a file, unless there is one of its name.
    pub(super) fn add(&mut self, file_name: &str, file: &Arc<File>, report: &mut Report) {
        if !self.files.contains_key(file_name) {
            let rules = read(file, report);
            self.files.insert(file_name.into(), rules);
        }
    }

    /// What is said of a unit; without a word it is enabled, as systemd has it.
    pub(super) fn verdict(&self, name: &Name) -> Verdict {
        let text = name.to_string();
        let template = name.template().map(|name| name.to_string());
        let rules = self.files.values().flatten();
        let found = rules.filter(|rule| {
            matches(&rule.pattern, &text)
                || template.as_ref().is_some_and(|text| matches(&rule.pattern, text))
        });
        found.map(|rule| rule.verdict.clone()).next().unwrap_or(Verdict::Ignore)
    }
}

fn read(file: &Arc<File>, report: &mut Report) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut at = 0;
    for line in file.text.split_inclusive(['\n', '\r']) {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let line = line.trim();
        if !line.is_empty() && !line.starts_with(['#', ';']) {
            let span = Span { file: file.clone(), range: start..start + line.len() };
            rules.extend(rule(line, &span, report));
        }
    }
    rules
}

fn rule(line: &str, span: &Span, report: &mut Report) -> Option<Rule> {
    let mut refuse = |label: &str, hint: Option<String>| {
        let message = "the line of a preset cannot be understood";
        report.push(Diagnostic::new(codes::BAD_PRESET, message, span, label).hint_if(hint));
        None
    };
    let mut words = line.split_ascii_whitespace();
    let verb = words.next().unwrap_or_default();
    let Some(pattern) = words.next() else {
        return refuse("a pattern follows the verb", None);
    };
    let instances: Vec<String> = words.map(str::to_string).collect();
    let verdict = match verb {
        "enable" => Verdict::Enable(instances),
        "disable" if instances.is_empty() => Verdict::Disable,
        "ignore" if instances.is_empty() => Verdict::Ignore,
        "disable" | "ignore" => return refuse("only enable takes instances", None),
        _ => {
            let hint = did_you_mean(verb, ["enable", "disable", "ignore"]);
            return refuse("neither enable, disable nor ignore", hint);
        }
    };
    if pattern.contains('[') {
        return refuse("of patterns only * and ? are understood", None);
    }
    if !pattern.contains(['*', '?'])
        && let Err(error) = Name::parse(pattern)
    {
        return refuse(&format!("`{pattern}` is no unit's name: {error}"), None);
    }
    Some(Rule { pattern: pattern.into(), verdict })
}

/// fnmatch(3) with `*` and `?`: when nothing fits, the last star takes one character more.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut in_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[in_text] => {
                at += 1;
                in_text += 1;
            }
            _ => {
                let Some((before, taken)) = star else { return false };
                star = Some((before, taken + 1));
                (at, in_text) = (before + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_fnmatch_does() {
        for (pattern, text, expected) in [
            ("a.service", "a.service", true),
            ("a.service", "b.service", false),
            ("*", "a.service", true),
            ("*.service", "a.socket", false),
            ("ssh*.s?cket", "sshd.socket", true),
            ("**d*", "sshd.socket", true),
            ("?", "", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
