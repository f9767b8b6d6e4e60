//! One section: what its rows spend, what systemd knows and is not supported, what nobody knows.

use unit::unsupported::{self, Loss, Same, Unsupported};

use crate::codes;
use crate::draft::{ROWS, Row, SECTIONS};
use crate::grammar::{Context, Specifiers, truth};
use crate::report::{Diagnostic, Report, Severity, did_you_mean};
use crate::text::{Entry, Section};

/// Goes through a section: `spend` takes what it knows, `foreign` what systemd knows, the rest
/// is explained. Sections and directives that begin with `X-` are for others.
pub(super) fn assign(
    section: &Section,
    known: &[&'static str],
    specifiers: &Specifiers,
    foreign: &mut Foreign,
    report: &mut Report,
    spend: &mut dyn FnMut(&Entry, &mut Context<'_>) -> bool,
) {
    if section.name.starts_with("X-") {
        return;
    }
    if !known.contains(&section.name.as_str()) {
        report.push(unknown_section(section, known));
        return;
    }
    for entry in &section.entries {
        let mut cx = Context { key: &entry.key, specifiers, report };
        if let Some(group) = reset(entry) {
            // Of some of the group this is the only way to hear of it.
            foreign.reset(group);
            let key = format!("{group}PathExists");
            spend(&Entry { key, ..entry.clone() }, &mut cx);
        }
        if spend(entry, &mut cx) || entry.key.starts_with("X-") {
            continue;
        }
        match unsupported::find(&section.name, &entry.key) {
            Some(row) => foreign.add(&section.name, row, entry),
            None if report.is_enough(&entry.key_span.file, Severity::Error) => {}
            None => report.push(unknown_key(&section.name, entry, known)),
        }
    }
}

/// An empty condition starts over with all of them, and so do asserts: systemd.unit(5).
fn reset(entry: &Entry) -> Option<&'static str> {
    let group = ["Condition", "Assert"].into_iter().find(|group| entry.key.starts_with(group));
    group.filter(|_| entry.value.text.is_empty())
}

fn unknown_section(section: &Section, known: &[&'static str]) -> Diagnostic {
    let name = &section.name;
    if unsupported::SECTIONS.contains(&name.as_str()) {
        let message = format!("`[{name}]` is known to systemd, not supported here");
        return Diagnostic::new(codes::UNSUPPORTED_SECTION, message, &section.span, "");
    }
    let elsewhere = SECTIONS.iter().any(|(each, _)| each == name);
    let message = match elsewhere {
        true => format!("`[{name}]` does not belong into this kind of file"),
        false => format!("there is no section `[{name}]`"),
    };
    let list = known.iter().map(|name| format!("[{name}]")).collect::<Vec<_>>().join(", ");
    Diagnostic::new(codes::UNKNOWN_SECTION, message, &section.span, "")
        .hint(format!("here there can be {list}"))
        .hint_if(did_you_mean(name, known.iter().copied()))
}

fn unknown_key(section: &str, entry: &Entry, sections: &[&'static str]) -> Diagnostic {
    let key = &entry.key;
    let home = sections.iter().find(|home| {
        implemented(home).any(|row| row.names.contains(&key.as_str()))
            || unsupported::find(home, key).is_some()
    });
    let hint = home.map(|home| format!("it belongs into [{home}]")).or_else(|| {
        let own = implemented(section).flat_map(|row| row.names.iter().copied());
        did_you_mean(key, own.chain(unsupported::rows(section).map(|row| row.name)))
    });
    let message = format!("there is no `{key}=` in [{section}]");
    Diagnostic::new(codes::UNKNOWN_KEY, message, &entry.key_span, "").hint_if(hint)
}

fn implemented(section: &str) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.is_of(section))
}

/// What was assigned to directives that are not supported. It is told when the whole unit is
/// read: a drop-in may have taken it back.
#[derive(Default)]
pub(super) struct Foreign {
    assigned: Vec<(String, Unsupported, Vec<Entry>)>,
}

impl Foreign {
    fn add(&mut self, section: &str, row: Unsupported, entry: &Entry) {
        let same = |(home, each, _): &&mut (String, Unsupported, Vec<Entry>)| {
            home == section && each.name == row.name
        };
        match self.assigned.iter_mut().find(same) {
            Some((_, _, entries)) => entries.push(entry.clone()),
            None => self.assigned.push((section.into(), row, vec![entry.clone()])),
        }
    }

    /// Forgets all whose names begin so.
    fn reset(&mut self, group: &str) {
        self.assigned.retain(|(_, row, _)| !row.name.starts_with(group));
    }

    /// Tells what is left of it.
    pub(super) fn tell(self, report: &mut Report) {
        for (_, row, entries) in self.assigned {
            for entry in left_over(&row, &entries) {
                report.push(lost(&row, entry));
            }
        }
    }
}

/// The assignments that say something else than what happens here.
fn left_over<'a>(row: &Unsupported, entries: &'a [Entry]) -> &'a [Entry] {
    let empty = |entry: &Entry| entry.value.text.is_empty();
    if row.same == Same::List {
        let first = entries.iter().rposition(empty).map_or(0, |reset| reset + 1);
        return &entries[first..];
    }
    let last = &entries[entries.len().saturating_sub(1)..];
    let text = last.first().map_or("", |entry| entry.value.text.as_str());
    let said = match row.same {
        Same::Empty | Same::List => text.is_empty(),
        Same::No => text.is_empty() || truth(text) == Some(false),
        Same::Yes => text.is_empty() || truth(text) == Some(true),
        Same::Words(words) => text.is_empty() || words.contains(&text),
        Same::Exactly(words) => words.contains(&text),
    };
    if said { &[] } else { last }
}

fn lost(row: &Unsupported, entry: &Entry) -> Diagnostic {
    let (name, instead) = (row.name, row.instead);
    let (code, words) = match row.loss {
        Loss::Cosmetic => (codes::COSMETIC_KEY, "ignored here"),
        Loss::Behaviour => (codes::UNSUPPORTED_KEY, "not supported here"),
    };
    let message = format!("`{name}=` is known to systemd, {words}");
    let value = match row.same {
        Same::No => Some("no"),
        Same::Yes => Some("yes"),
        Same::Words(words) | Same::Exactly(words) => words.first().copied(),
        Same::List => Some(""),
        Same::Empty => None,
    };
    let hint = match (row.loss, value) {
        (Loss::Behaviour, Some("")) => {
            format!("{instead}; an empty `{name}=` in a drop-in takes it back")
        }
        (Loss::Behaviour, Some(value)) => {
            format!("{instead}; `{name}={value}`, perhaps in a drop-in, says what happens here")
        }
        (Loss::Behaviour, None) | (Loss::Cosmetic, _) => instead.to_string(),
    };
    Diagnostic::new(code, message, &entry.key_span, "").hint(hint)
}
