//! The directive manual, made of the rows: `src/MANUAL.md`.

use std::fmt::Write;

use unit::unsupported::{Loss, UNSUPPORTED};

use crate::codes;
use crate::draft::{ROWS, Row, SECTIONS};
use crate::report::Severity;
use crate::targets;

const HEAD: &str = "\
# Directives

Made by `pilotc manual` out of `src/unit/src/directives.rs`; a test says when it is stale.

Units are systemd's files: systemd.syntax(7). The last assignment of a directive wins, unless it
adds up; an empty assignment restores the default. Lines are at most 64 KiB, files 1 MiB.
Sections and directives whose names begin with `X-` are passed over.
";

/// The whole manual as Markdown.
pub fn manual() -> String {
    let mut text = String::from(HEAD);
    for (section, about) in SECTIONS {
        put(&mut text, format_args!("\n## [{section}]\n\n{}\n", about.trim()));
        for row in ROWS.iter().filter(|row| row.section == *section) {
            put_row(&mut text, row);
        }
    }
    put_targets(&mut text);
    put_unsupported(&mut text);
    put_codes(&mut text);
    text
}

fn put(text: &mut String, words: std::fmt::Arguments<'_>) {
    text.write_fmt(words).expect("a String takes whatever it is given");
}

fn put_row(text: &mut String, row: &Row) {
    let names = row.names.iter().map(|name| format!("`{name}=`")).collect::<Vec<_>>();
    let doc = row.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    put(text, format_args!("\n### {}\n\n{doc}\n\n", names.join(", ")));
    put(
        text,
        format_args!(
            "- form: {}{}\n",
            row.form.trim(),
            match row.arity {
                "Many" => "; adds up",
                _ => "",
            }
        ),
    );
    match (row.arity, row.default) {
        (_, "") => {}
        ("One", default) => put(text, format_args!("- default: `{default}`\n")),
        (_, default) => put(text, format_args!("- default: {default}\n")),
    }
    if !row.needs.is_empty() {
        put(text, format_args!("- kernel: {}\n", row.needs));
    }
}

fn put_targets(text: &mut String) {
    put(text, format_args!("\n# Targets that need no file\n\n"));
    for (name, _) in targets::BUILT_IN {
        put(text, format_args!("- `{name}`\n"));
    }
    put(text, format_args!("- `default.target`: another name for `DefaultTarget=`\n"));
}

fn put_unsupported(text: &mut String) {
    put(text, format_args!("\n# Known to systemd, not supported here\n\n"));
    put(text, format_args!("An error, unless marked as a warning. `*` stands for the rest.\n"));
    for reason in UNSUPPORTED {
        let sections = reason.sections.iter().map(|name| format!("[{name}]"));
        let names = reason.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let warning = match reason.loss {
            Loss::Cosmetic => " (warning)",
            Loss::Behaviour => "",
        };
        let sections = sections.collect::<Vec<_>>().join(", ");
        put(
            text,
            format_args!("\n- {sections} {}{warning}: {}\n", names.join(" "), reason.instead),
        );
    }
}

fn put_codes(text: &mut String) {
    put(text, format_args!("\n# Diagnostics\n\n"));
    for code in codes::ALL {
        let kind = match code.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        put(text, format_args!("- {kind} {} {}: {}\n", code.id, code.name, code.meaning));
    }
}
