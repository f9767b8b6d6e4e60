//! An entry as the text of two units.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Choices;
use super::entry::{Entry, Flow, Half, Program, Wish};
use crate::Source;
use crate::codes;
use crate::draft::ROWS;
use crate::report::{Diagnostic, Report};

/// True if the compiler knows the directive: what is imported grows with it.
fn is_known(half: Half, key: &str) -> bool {
    let section = section(half);
    ROWS.iter().any(|row| row.is_of(section) && row.names.contains(&key))
}

fn section(half: Half) -> &'static str {
    match half {
        Half::Socket => "Socket",
        Half::Service => "Service",
    }
}

/// True if `pilot` can keep the lists of who may connect: it looks at addresses when it accepts.
fn checks_addresses(entry: &Entry) -> bool {
    !entry.wait && is_known(Half::Socket, "IPAddressAllow")
}

/// Whether the entry may be imported: its access control is kept, or the caller gives it up.
pub fn keeps_access(entry: &Entry, choices: Choices, report: &mut Report) -> bool {
    let accept_open = choices.accept_open;
    let access = &entry.access;
    let mut lost = access.lost.clone();
    let closed = !access.deny.is_empty();
    if let (true, false, Some(span)) = (closed, checks_addresses(entry), &access.span) {
        let why =
            if entry.wait { "its program accepts by itself" } else { "addresses are not checked" };
        lost.push((format!("who may connect ({why})"), span.clone()));
    }
    for (what, span) in &lost {
        let (code, verdict) = match accept_open {
            true => (codes::LEFT_OPEN, "it is open to more than before"),
            false => (codes::ACCESS_LOST, "it is left out"),
        };
        let message = format!("`{}` would lose {what}: {verdict}", entry.name);
        let hint = match accept_open {
            true => "let the program itself ask who it is, or a packet filter",
            false if entry.unwrapped => {
                "--keep-tcpd leaves that to tcpd, if the board has it; --accept-open opens it"
            }
            false => "--accept-open imports it without; better bind it to an inner address",
        };
        report.push(Diagnostic::new(code, message, span, "").and(&entry.place, "").hint(hint));
    }
    for (name, span) in &access.shut_out {
        let message =
            format!("`{}` knows clients by address only: `{name}` is shut out", entry.name);
        let hint = "name the address or the network instead";
        report.push(Diagnostic::new(codes::MAPPED_OTHERWISE, message, span, "").hint(hint));
    }
    lost.is_empty() || accept_open
}

/// Gives every entry a name of its own.
pub fn name_apart(entries: &mut [Entry]) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for entry in entries.iter() {
        *counts.entry(entry.name.clone()).or_default() += 1;
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for entry in entries {
        if counts[&entry.name] > 1 {
            entry.name = format!("{}-{}", entry.name, entry.kind);
        }
        let times = taken.entry(entry.name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            entry.name = format!("{}-{times}", entry.name);
        }
    }
}

/// A name with only such characters as a unit's name has.
pub fn unit_name(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let name: String = text.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    let name = name.trim_start_matches(['.', '-']);
    match name.get(..name.len().min(200)) {
        None | Some("") => "service".into(),
        Some(name) => name.into(),
    }
}

/// The socket and the service of an entry.
pub fn write(entry: &Entry, report: &mut Report) -> Vec<Source> {
    let (line, _) = entry.place.line_and_column();
    let from = format!("# Imported from {}, line {line}.\n", entry.place.file.path);
    let service = if entry.wait { entry.name.clone() } else { format!("{}@", entry.name) };
    let socket = Source {
        path: format!("{}.socket", entry.name),
        text: format!("{from}{}", socket_text(entry, report)).into_bytes(),
    };
    let service = Source {
        path: format!("{service}.service"),
        text: format!("{from}{}", service_text(entry, report)).into_bytes(),
    };
    vec![socket, service]
}

fn put(text: &mut String, key: &str, value: &str) {
    writeln!(text, "{key}={value}").expect("a String takes whatever it is given");
}

fn socket_text(entry: &Entry, report: &mut Report) -> String {
    let mut text = String::from("[Unit]\n");
    put(&mut text, "Description", &format!("Listener of {}", entry.name));
    text.push_str("\n[Socket]\n");
    let key = match entry.flow {
        Flow::Stream => "ListenStream",
        Flow::Datagram => "ListenDatagram",
        Flow::SequentialPacket => "ListenSequentialPacket",
    };
    for address in &entry.addresses {
        put(&mut text, key, &address.replace('%', "%%"));
    }
    if let Some(only) = entry.ipv6_only {
        put(&mut text, "BindIPv6Only", if only { "ipv6-only" } else { "both" });
    }
    if !entry.wait {
        put(&mut text, "Accept", "yes");
    }
    put_wishes(&mut text, entry, Half::Socket, report);
    if checks_addresses(entry) && !entry.access.deny.is_empty() {
        for (key, list) in
            [("IPAddressAllow", &entry.access.allow), ("IPAddressDeny", &entry.access.deny)]
        {
            if !list.is_empty() {
                put(&mut text, key, &list.join(" "));
            }
        }
    }
    text.push_str("\n[Install]\nWantedBy=sockets.target\n");
    text
}

fn service_text(entry: &Entry, report: &mut Report) -> String {
    let mut text = String::from("[Unit]\n");
    let what = if entry.wait { "Server" } else { "One connection" };
    put(&mut text, "Description", &format!("{what} of {}", entry.name));
    text.push_str("\n[Service]\n");
    put(&mut text, "ExecStart", &command(&entry.program));
    put(&mut text, "StandardInput", "socket");
    put_wishes(&mut text, entry, Half::Service, report);
    text
}

fn put_wishes(text: &mut String, entry: &Entry, half: Half, report: &mut Report) {
    for Wish { half: _, key, value, span } in entry.wishes.iter().filter(|wish| wish.half == half) {
        if is_known(half, key) {
            put(text, key, value);
            continue;
        }
        let message = format!("it would be `{key}={value}`, which pilot does not have: left out");
        report.push(Diagnostic::new(codes::NOT_MAPPED, message, span, ""));
    }
}

/// `ExecStart=` with every word quoted as needed.
fn command(program: &Program) -> String {
    let argv0 = program.args.first().map_or("", String::as_str);
    let own = argv0 == program.path || Some(argv0) == program.path.rsplit('/').next();
    let mut words = vec![word(&program.path)];
    if !own {
        words[0].insert(0, '@');
        words.push(word(argv0));
    }
    words.extend(program.args.iter().skip(1).map(|arg| word(arg)));
    words.join(" ")
}

/// A word of a command line, so that it means itself.
fn word(text: &str) -> String {
    let text = text.replace('%', "%%").replace('$', "$$");
    match text.as_str() {
        ";" => "\\;".into(),
        _ if text.is_empty() || text.contains([' ', '\t', '"', '\'', '\\']) => quoted(&text),
        _ => text,
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `NAME=value` as `Environment=` has it.
pub fn assignment(text: &str) -> String {
    let text = text.replace('%', "%%");
    match text.contains([' ', '\t', '"', '\'', '\\']) {
        true => quoted(&text),
        false => text,
    }
}
