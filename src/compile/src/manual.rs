//! The directive manual, made of the rows: `src/MANUAL.md`.

use std::fmt::Write;

use unit::unsupported::{self, Loss, SUFFIXES, Same, TABLES, Unsupported};

use crate::check::REFUSED_FOR_CONNECTIONS as REFUSED;
use crate::codes;
use crate::draft::{ROWS, Row, SECTIONS};
use crate::grammar;
use crate::report::{Severity, did_you_mean};
use crate::targets;

const HEAD: &str = "\
# Directives

Made by `pilotc manual` out of `src/unit/src/directives.rs`; a test says when it is stale.

Units are systemd's files: systemd.syntax(7). The last assignment of a directive wins, unless it
adds up; an empty assignment restores the default, and unlike in systemd that of a dependency takes
back what was said before. Lines are at most 64 KiB with all that continues them, files 1 MiB.
Sections and directives whose names begin with `X-` are passed over.

# Files

Units stand in the `units` folder of a board, then in those of the boards it includes, then in
`etc/systemd/system`, `usr/local/lib/systemd/system`, `usr/lib/systemd/system` and
`lib/systemd/system` of the folders that `Files=` names; presets there in `system-preset`, too.
What an earlier folder has hides what a later one has by the same name. Beside units there can be:

- an empty file, or a link to /dev/null: the unit is masked, nothing starts it;
- a link to another unit's file: another name for it; a link to a template: an instance of it;
- `NAME.d/*.conf`: drop-ins, read after the unit in the order of their names. NAME is that of the
  unit, of its template, a part of it that ends with a dash (`web-.service.d`), or `service`,
  `socket` and so on for all of a kind;
- `NAME.wants/`, `NAME.requires/` and `NAME.upholds/` with links to what that unit pulls in;
- `fstab`, and `*.conf` in `modules-load.d/`, `sysctl.d/` and `tmpfiles.d/`: they become mount and
  swap units, and services that do it at boot. Those in `etc` of a folder that `Files=` names are
  read, too, and but for fstab those in `usr/lib`;
- `*.preset`: systemd.preset(5). Without a line in one of them a unit is enabled, as in systemd.

A template becomes units by the names that others give its instances, by `DefaultInstance=`, by a
preset, or by the connections of an Accept=yes socket.

# Specifiers

";

/// How a board begins in an initramfs.
const INITRAMFS: &str = "
# From an initramfs into the real root

The board of an initramfs says DefaultTarget=initrd-switch-root.target, and its services are wanted
by that. It requires `/sysroot`, which `sysroot.mount` mounts: a file of the board's, or the
built-in one, which takes root= of the kernel's command line. root=, rootfstype=, rootflags=, ro and
rw count for more than what the unit says. The device is waited for; a root is named by its device,
not by UUID= or the like.

When all that the target needs is up, what runs is stopped, as before a power-off. Mounts at and
below /sysroot stay; /dev, /proc, /run and /sys move along; the initramfs is removed, and its memory
free. PID 1 becomes the program that init= names, or /sbin/init of the real root, which may be
`pilot` again, compiled from the units of another board. Listeners are closed with all else: their
clients are refused until the real root listens, so sockets belong there. If the root has no such
program CrashAction= says what follows.

Of the kernel's command line an initramfs heeds what has the prefix rd., such as rd.emergency and
rd.pilot.mask=, and the levels of what is told; the rest is for the real root.
";

/// The whole manual as Markdown.
pub fn manual() -> String {
    let mut text = String::from(HEAD);
    text += &grammar::specifier_manual();
    text += "\n\n# Sections\n";
    for (number, (section, about)) in SECTIONS.iter().enumerate() {
        if SECTIONS[..number].iter().any(|(each, _)| each == section) {
            continue;
        }
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
    for (word, instead) in row.refused {
        put(text, format_args!("- refused: `{word}` ({instead})\n"));
    }
    match (row.arity, row.default) {
        (_, "") => {}
        ("One", default) => put(text, format_args!("- default: `{default}`\n")),
        (_, default) => put(text, format_args!("- default: {default}\n")),
    }
    if !row.needs.is_empty() {
        put(text, format_args!("- kernel: {}\n", row.needs));
    }
}

/// What is known of a name: rows that have it, and reasons why it is not supported.
#[derive(Debug)]
pub struct Found {
    /// Its rows, one a section.
    pub rows: Vec<&'static Row>,
    /// Where it is not supported: the sections, and why.
    pub reasons: Vec<(Vec<&'static str>, Unsupported)>,
}

/// Looks a directive up, in any case and with or without its `=`.
pub fn find(name: &str) -> Found {
    let name = name.trim().trim_end_matches('=');
    let same = |each: &&str| each.eq_ignore_ascii_case(name);
    let rows: Vec<&Row> = ROWS.iter().filter(|row| row.names.iter().any(same)).collect();
    let mut reasons: Vec<(Vec<&'static str>, Unsupported)> = Vec::new();
    let mut sections: Vec<&'static str> = Vec::new();
    for section in TABLES.iter().flat_map(|table| table.sections.iter().copied()) {
        let is_new = !sections.contains(&section);
        sections.push(section);
        if !is_new || rows.iter().any(|row| row.is_of(section)) {
            continue;
        }
        let Some(row) = unsupported::rows(section).find(|row| same(&row.name)) else { continue };
        match reasons.iter_mut().find(|(_, each)| *each == row) {
            Some((sections, _)) => sections.push(section),
            None => reasons.push((vec![section], row)),
        }
    }
    Found { rows, reasons }
}

/// The directive that was probably meant.
pub fn nearest(name: &str) -> Option<String> {
    let rows = ROWS.iter().flat_map(|row| row.names.iter().copied());
    let known = TABLES.iter().flat_map(|table| table.rows.iter().map(|row| row.name));
    did_you_mean(name, rows.chain(known))
}

/// The manual's entry of a directive; empty if nobody knows it.
pub fn entry(found: &Found) -> String {
    let mut text = String::new();
    let put_sections = |text: &mut String, sections: &[&str]| {
        let gap = if text.is_empty() { "" } else { "\n" };
        let sections = sections.iter().map(|name| format!("[{name}]")).collect::<Vec<_>>();
        put(text, format_args!("{gap}{}\n", sections.join(" ")));
    };
    for row in &found.rows {
        let sections = SECTIONS.iter().map(|(name, _)| *name).filter(|name| row.is_of(name));
        let mut sections: Vec<&str> = sections.collect();
        // Rows of one section may stand in several groups.
        sections.dedup();
        put_sections(&mut text, &sections);
        put_row(&mut text, row);
    }
    for (sections, row) in &found.reasons {
        put_sections(&mut text, sections);
        let fate = match row.loss {
            Loss::Cosmetic => "ignored with a warning",
            Loss::Behaviour => "refused",
        };
        let Unsupported { name, instead, .. } = row;
        put(&mut text, format_args!("\n### `{name}=`\n\n"));
        put(&mut text, format_args!("Known to systemd, not supported here: {fate}.\n\n"));
        put(&mut text, format_args!("- instead: {instead}\n"));
        let taken = taken(row.same);
        if !taken.is_empty() {
            put(&mut text, format_args!("- taken without a word: {taken}\n"));
        }
    }
    text
}

fn put_targets(text: &mut String) {
    put(text, format_args!("\n# Targets that need no file\n\n"));
    for (name, _) in targets::BUILT_IN {
        put(text, format_args!("- `{name}`\n"));
    }
    put(text, format_args!("- `default.target`: another name for `DefaultTarget=`\n"));
    let down = targets::AT_SHUTDOWN.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    put(
        text,
        format_args!(
            "\n`pilot-log.socket`, `pilot-log-dev-log.socket` (which may be masked, as where \
             another program listens at /dev/log) and `pilot-log.service` are there as soon as a \
             unit says StandardOutput=log. A line of /dev/log is its sender's unit's, as the \
             kernel says, and has its LogLevelMax= and LogRateLimit…=. Whoever writes outlives a \
             stop of pilot-log.service, and waits if it writes much meanwhile.\n\n\
             On the way down {} start what is wanted by them, \
             which needs DefaultDependencies=no. With EmergencyShell= there are rescue.target and \
             emergency.target, too.\n",
            down.join(", ")
        ),
    );
    put(text, format_args!("{INITRAMFS}"));
}

fn put_unsupported(text: &mut String) {
    put(text, format_args!("\n# Known to systemd, not supported here\n\n"));
    put(
        text,
        format_args!(
            "What is refused is an error, what is ignored a warning. A value that says what \
             happens here anyway is taken without a word, and so is what an empty assignment \
             takes back, in the file or in a drop-in.\n"
        ),
    );
    for (section, rows) in sections() {
        put(text, format_args!("\n## {section}\n\n| directive | | taken | instead |\n"));
        put(text, format_args!("|---|---|---|---|\n"));
        for row in rows {
            let fate = match row.loss {
                Loss::Cosmetic => "ignored",
                Loss::Behaviour => "refused",
            };
            let (name, taken, instead) = (row.name, taken(row.same), row.instead);
            put(text, format_args!("| `{name}=` | {fate} | {taken} | {instead} |\n"));
        }
    }
    put(text, format_args!("\n## Kinds of unit\n\n"));
    for (suffix, instead) in SUFFIXES {
        put(text, format_args!("- `.{suffix}`: {instead}\n"));
    }
    put(text, format_args!("\n## Templates of Accept=yes sockets\n\n"));
    put(
        text,
        format_args!(
            "An instance for one connection is a slot in PID 1 with a process and a peer, not a \
             unit. Its template cannot have (E311):\n\n"
        ),
    );
    for (what, instead) in REFUSED {
        put(text, format_args!("- {what} ({instead})\n"));
    }
}

/// The tables, one for what may stand in several sections.
fn sections() -> Vec<(String, Vec<Unsupported>)> {
    let mut found: Vec<(String, Vec<Unsupported>)> = Vec::new();
    for table in TABLES.iter().filter(|table| table.instead.is_none()) {
        let sections = table.sections.iter().map(|name| format!("[{name}]"));
        let sections = sections.collect::<Vec<_>>().join(", ");
        let missing = |row: &&Unsupported| {
            let rows = ROWS.iter().filter(|each| table.sections.iter().any(|own| each.is_of(own)));
            !rows.clone().any(|each| each.names.contains(&row.name))
        };
        let rows = table.rows.iter().filter(missing).copied();
        match found.iter_mut().find(|(name, _)| *name == sections) {
            Some((_, all)) => all.extend(rows),
            None => found.push((sections, rows.collect())),
        }
    }
    found
}

fn taken(same: Same) -> String {
    match same {
        Same::Empty | Same::List => String::new(),
        Same::No => "`no`".into(),
        Same::Yes => "`yes`".into(),
        Same::Words(words) | Same::Exactly(words) => {
            words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ")
        }
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
