//! inetd.conf(5), as BSD, Debian and BusyBox have it: one line a service.
//!
//! `[address:]service type protocol[,option…] wait|nowait[.max] user[.group] program [argument…]`.
//! `tcp` and `udp` alone are IPv4, as BusyBox has it; `tcp46` is both.

use std::sync::Arc;

use super::entry::{Entry, Flow, Half, Program, Reader, Word, lines, words};
use super::units::unit_name;
use crate::Source;
use crate::codes;
use crate::report::{File, Span, did_you_mean};
use crate::text;

/// Reads all entries.
pub fn read(sources: &[Source], reader: &mut Reader<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for source in sources {
        let Some(file) = text::open(&source.path, &source.text, reader.report) else {
            reader.left_out += 1;
            continue;
        };
        let mut host = None;
        for fields in lines_of_fields(&file, reader) {
            let [first] = fields.as_slice() else {
                match entry(&fields, host.as_ref(), reader) {
                    Some(entry) => entries.push(entry),
                    None => reader.left_out += 1,
                }
                continue;
            };
            match first.text.strip_suffix(':') {
                Some(name) => host = Some(Word { text: name.into(), span: first.span.clone() }),
                None => {
                    entry(&fields, None, reader);
                    reader.left_out += 1;
                }
            }
        }
    }
    entries
}

/// Lines as words. One that begins with a blank continues that above it.
fn lines_of_fields(file: &Arc<File>, reader: &mut Reader<'_>) -> Vec<Vec<Word>> {
    let mut found: Vec<Vec<Word>> = Vec::new();
    for line in lines(&file.text) {
        let text = &file.text[line.clone()];
        let fields = words(file, line);
        if fields.is_empty() || fields[0].text.starts_with('#') {
            continue;
        }
        let continues = text.starts_with([' ', '\t']);
        let looks_whole = fields.get(1).is_some_and(|word| flow(&word.text).is_some());
        match found.last_mut() {
            Some(last) if continues && !looks_whole => last.extend(fields),
            _ if continues => {
                let message = "a line that begins with a blank continues the line above";
                let hint = "BusyBox takes it for a line of its own: take the blank away";
                reader.say(codes::IMPORT_SYNTAX, &fields[0].span, message, hint);
                reader.left_out += 1;
            }
            _ => found.push(fields),
        }
    }
    found
}

fn flow(text: &str) -> Option<Flow> {
    match text {
        "stream" => Some(Flow::Stream),
        "dgram" => Some(Flow::Datagram),
        "seqpacket" => Some(Flow::SequentialPacket),
        _ => None,
    }
}

/// What stands in for `internal` and for names of protocols.
const PROTOCOLS: &[&str] =
    &["tcp", "tcp4", "tcp6", "tcp46", "udp", "udp4", "udp6", "udp46", "unix"];

fn entry(fields: &[Word], host: Option<&Word>, reader: &mut Reader<'_>) -> Option<Entry> {
    let [name, kind, protocol, wait, user, program, args @ ..] = fields else {
        let last = fields.last()?;
        let message = format!("an entry has 6 fields or more, this one has {}", fields.len());
        let hint = "service, type, protocol, wait or nowait, user, program, arguments";
        reader.say(codes::IMPORT_SYNTAX, &last.span, message, hint);
        return None;
    };
    let Some(flow) = flow(&kind.text) else {
        return refuse_type(kind, reader);
    };
    let (family, options) = match protocol.text.split_once(',') {
        Some((family, options)) => (family, Some(options)),
        None => (protocol.text.as_str(), None),
    };
    if family.starts_with("rpc/") || name.text.starts_with("tcpmux/") {
        let message = format!("`{}` is found by a port mapper or by tcpmux", name.text);
        let hint = "there is neither here: give it a port of its own";
        reader.say(codes::NO_COUNTERPART, &name.span, message, hint);
        return None;
    }
    if !PROTOCOLS.contains(&family) {
        let message = format!("there is no protocol `{family}`");
        let near = did_you_mean(family, PROTOCOLS.iter().copied());
        let hint = near.unwrap_or_else(|| PROTOCOLS.join(", "));
        reader.say(codes::IMPORT_SYNTAX, &protocol.span, message, &hint);
        return None;
    }
    let mut entry = Entry {
        name: String::new(),
        kind: family.into(),
        place: name.span.clone(),
        flow,
        addresses: Vec::new(),
        ipv6_only: None,
        wait: true,
        program: Program { path: String::new(), args: Vec::new() },
        unwrapped: false,
        wishes: Vec::new(),
        access: super::access::Access::default(),
    };
    listen(&mut entry, name, host, family, reader)?;
    buffers(&mut entry, options, &protocol.span, reader);
    self::wait(&mut entry, wait, reader)?;
    self::program(&mut entry, name, program, args, reader)?;
    account(&mut entry, user, program.text == "internal", reader);
    Some(entry)
}

fn refuse_type<T>(kind: &Word, reader: &mut Reader<'_>) -> Option<T> {
    let known = ["raw", "rdm"].contains(&kind.text.as_str());
    if known {
        let message = format!("pilot has no listeners of type `{}`", kind.text);
        let hint = "let the program open the socket itself, in a service that a boot starts";
        reader.say(codes::NO_COUNTERPART, &kind.span, message, hint);
    } else {
        let message = format!("`{}` is no type of socket", kind.text);
        reader.say(codes::IMPORT_SYNTAX, &kind.span, message, "stream, dgram or seqpacket");
    }
    None
}

/// Name and addresses.
fn listen(
    entry: &mut Entry,
    name: &Word,
    host: Option<&Word>,
    family: &str,
    reader: &mut Reader<'_>,
) -> Option<()> {
    if family == "unix" {
        entry.addresses.push(name.text.clone());
        let stem = name.text.rsplit('/').next().unwrap_or_default();
        entry.name = unit_name(stem.strip_suffix(".sock").unwrap_or(stem));
        return Some(());
    }
    // `address:service`; the address may have colons of its own, in brackets or without.
    let (hosts, service) = match name.text.rsplit_once(':') {
        Some((hosts, service)) => (hosts.to_string(), service),
        None => (host.map_or("*".into(), |host| host.text.clone()), name.text.as_str()),
    };
    let datagram = entry.flow == Flow::Datagram;
    if datagram != family.starts_with("udp") {
        let message = format!("`{family}` does not carry what its type says");
        reader.say(codes::IMPORT_SYNTAX, &name.span, message, "stream is tcp, dgram is udp");
        return None;
    }
    let base = if datagram { "udp" } else { "tcp" };
    let word = Word { text: service.into(), span: name.span.clone() };
    let port = reader.port(&word, base)?;
    entry.name = unit_name(service);
    for host in hosts.split(',') {
        let Some((address, only)) = super::xinetd::address(host, family, port) else {
            let message = format!("`{host}` is no address of the family `{family}`");
            let hint = "names are not looked up here: write an address";
            reader.say(codes::IMPORT_SYNTAX, &name.span, message, hint);
            return None;
        };
        entry.addresses.push(address);
        entry.ipv6_only = entry.ipv6_only.or(only);
    }
    Some(())
}

/// `sndbuf=size`, `rcvbuf=size`.
fn buffers(entry: &mut Entry, options: Option<&str>, span: &Span, reader: &mut Reader<'_>) {
    for option in options.into_iter().flat_map(|options| options.split(',')) {
        let size = |text: &str| {
            let number = text.trim_end_matches(['k', 'm']);
            let unit = text[number.len()..].to_uppercase();
            number.parse::<u32>().ok().map(|number| format!("{number}{unit}"))
        };
        let found = match option.split_once('=') {
            Some(("sndbuf", value)) => size(value).map(|size| ("SendBuffer", size)),
            Some(("rcvbuf", value)) => size(value).map(|size| ("ReceiveBuffer", size)),
            _ => None,
        };
        match found {
            Some((key, size)) => entry.wish(Half::Socket, key, size, span),
            None => reader.not_mapped(span, &format!("`{option}`"), ""),
        }
    }
}

/// `wait` or `nowait`, `.max` a minute; or FreeBSD's `/children/per-minute/children-per-address`.
fn wait(entry: &mut Entry, word: &Word, reader: &mut Reader<'_>) -> Option<()> {
    let at = word.text.find(['.', '/', ':']).unwrap_or(word.text.len());
    let (head, limits) = word.text.split_at(at);
    entry.wait = match head {
        "wait" => true,
        "nowait" => false,
        _ => {
            let message = format!("`{}` is neither wait nor nowait", word.text);
            reader.say(codes::IMPORT_SYNTAX, &word.span, message, "");
            return None;
        }
    };
    let mut numbers = limits.split(['.', '/', ':']).skip(1).map(str::parse::<u32>);
    let bad = numbers.clone().any(|number| number.is_err());
    if bad || (limits.starts_with(['.', ':']) && numbers.clone().count() > 1) {
        let message = format!("`{limits}` is no limit");
        reader.say(codes::IMPORT_SYNTAX, &word.span, message, "a number of starts in a minute");
        return None;
    }
    if limits.starts_with('/') {
        let mut next = || numbers.next().and_then(Result::ok).filter(|number| *number > 0);
        let (children, rate, per_source) = (next(), next(), next());
        let keys = [("MaxConnections", children), ("MaxConnectionsPerSource", per_source)];
        for (key, number) in keys {
            if let (Some(number), false) = (number, entry.wait) {
                entry.wish(Half::Socket, key, number.to_string(), &word.span);
            }
        }
        if rate.is_some() {
            reader.not_mapped(&word.span, "a rate for each address", "MaxConnectionsPerSource=");
        }
    } else if let Some(Ok(most)) = numbers.next() {
        entry.wish(Half::Socket, "TriggerLimitIntervalSec", "60s", &word.span);
        entry.wish(Half::Socket, "TriggerLimitBurst", most.to_string(), &word.span);
    }
    if !entry.wait && entry.flow == Flow::Datagram {
        entry.wait = true;
        let message = "datagrams are `nowait` there; here one process at a time gets them";
        let hint = "what arrives while it runs waits in the socket, and starts the next one";
        reader.say(codes::MAPPED_OTHERWISE, &word.span, message, hint);
    }
    Some(())
}

/// `user[.group]`, `user[:group]`, `/login-class` behind it.
fn account(entry: &mut Entry, word: &Word, internal: bool, reader: &mut Reader<'_>) {
    let (account, class) = match word.text.split_once('/') {
        Some((account, class)) => (account, Some(class)),
        None => (word.text.as_str(), None),
    };
    if class.is_some() {
        reader.not_mapped(&word.span, "a login class", "");
    }
    let (user, group) = match account.split_once([':', '.']) {
        Some((user, group)) => (user, Some(group)),
        None => (account, None),
    };
    let user = if internal { "nobody" } else { user };
    if user != "root" {
        entry.wish(Half::Service, "User", user.replace('%', "%%"), &word.span);
    }
    if let Some(group) = group.filter(|_| !internal) {
        entry.wish(Half::Service, "Group", group.replace('%', "%%"), &word.span);
    }
}

/// What is run: the program, behind tcpd or not, or what does the work of an internal service.
fn program(
    entry: &mut Entry,
    name: &Word,
    program: &Word,
    args: &[Word],
    reader: &mut Reader<'_>,
) -> Option<()> {
    if program.text == "internal" {
        let service = name.text.rsplit(':').next().unwrap_or_default().to_string();
        let word = Word { text: service, span: name.span.clone() };
        let internal = reader.internal(&word, entry.flow)?;
        let path = internal.path.to_string();
        entry.program = Program { args: vec![path.clone()], path };
        if let Some(output) = internal.standard_output {
            entry.wish(Half::Service, "StandardOutput", output, &program.span);
        }
        return Some(());
    }
    if !program.text.starts_with('/') {
        let message = format!("`{}` is no absolute path of a program", program.text);
        reader.say(codes::IMPORT_SYNTAX, &program.span, message, "");
        return None;
    }
    let args = arguments(args, reader)?;
    let is_tcpd = program.text.rsplit('/').next() == Some("tcpd");
    let wrapped = is_tcpd && !reader.around.choices.keep_tcpd;
    entry.program = match (wrapped, args.first()) {
        (false, _) => Program { path: program.text.clone(), args: args.clone() },
        (true, Some(real)) => {
            let path =
                if real.starts_with('/') { real.clone() } else { format!("/usr/sbin/{real}") };
            Program { path, args: args.clone() }
        }
        (true, None) => {
            let message = "tcpd is told no program to start";
            reader.say(codes::IMPORT_SYNTAX, &program.span, message, "");
            return None;
        }
    };
    entry.unwrapped = wrapped;
    if wrapped {
        let daemon = entry.program.path.rsplit('/').next().unwrap_or_default().to_string();
        reader.around.hosts.apply(&daemon, &mut entry.access, reader.report);
        let message = format!("tcpd is left out: {} is started at once", entry.program.path);
        let hint = match entry.access.span {
            Some(_) => "what hosts.allow and hosts.deny say of it is kept by the socket",
            None => "no hosts.allow or hosts.deny beside it says anything of the program",
        };
        reader.say(codes::MAPPED_OTHERWISE, &program.span, message, hint);
    }
    if entry.program.args.is_empty() {
        entry.program.args.push(entry.program.path.clone());
    }
    Some(())
}

/// Arguments, of which some inetds join those between quotes.
fn arguments(words: &[Word], reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let mut args: Vec<String> = Vec::new();
    let mut open: Option<(char, String, &Word)> = None;
    for word in words {
        match open.take() {
            Some((quote, mut text, first)) => {
                text.push(' ');
                match word.text.strip_suffix(quote) {
                    Some(end) => args.push(text + end),
                    None => open = Some((quote, text + &word.text, first)),
                }
            }
            None => match word.text.chars().next().filter(|c| ['"', '\''].contains(c)) {
                None => args.push(word.text.clone()),
                Some(quote) => match word.text[1..].strip_suffix(quote) {
                    Some(inner) => args.push(inner.into()),
                    None => open = Some((quote, word.text[1..].into(), word)),
                },
            },
        }
    }
    if let Some((_, _, first)) = open {
        reader.say(codes::IMPORT_SYNTAX, &first.span, "the quote is not closed", "");
        return None;
    }
    Some(args)
}
