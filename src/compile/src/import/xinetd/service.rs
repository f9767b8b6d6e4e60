//! One block of xinetd.conf as an entry.

use super::super::access::Access;
use super::super::entry::{Entry, Flow, Half, Program, Reader, Word};
use super::super::units::assignment;
use super::{Settings, address, name_of};
use crate::codes;

/// True if xinetd would not listen for it either.
pub fn is_disabled(name: &Word, settings: &Settings, defaults: &Settings) -> bool {
    let id = settings.one("id").unwrap_or(name);
    let named = |key: &str| defaults.list(key).iter().any(|each| each.text == id.text);
    let enabled = defaults.get("enabled").is_none() || named("enabled");
    settings.has("disable", "yes")
        || settings.has("flags", "DISABLE")
        || named("disabled")
        || !enabled
}

/// What the block makes; `None` if it cannot be a unit, and the report says why.
pub fn entry(name: &Word, settings: &Settings, reader: &mut Reader<'_>) -> Option<Entry> {
    refuse_kinds(name, settings, reader)?;
    let flow = flow(name, settings, reader)?;
    let id = settings.one("id").unwrap_or(name);
    let mut entry = Entry {
        name: name_of(id),
        kind: if flow == Flow::Datagram { "udp".into() } else { "tcp".into() },
        place: name.span.clone(),
        flow,
        addresses: Vec::new(),
        ipv6_only: None,
        wait: wait(name, settings, flow, reader)?,
        program: Program { path: String::new(), args: Vec::new() },
        unwrapped: false,
        wishes: Vec::new(),
        access: Access::default(),
    };
    listen(&mut entry, name, settings, reader)?;
    program(&mut entry, name, settings, reader)?;
    access(&mut entry, settings, reader);
    limits(&mut entry, settings, reader);
    process(&mut entry, settings, reader);
    without_counterpart(settings, reader);
    Some(entry)
}

/// Kinds of service that have no counterpart.
fn refuse_kinds(name: &Word, settings: &Settings, reader: &mut Reader<'_>) -> Option<()> {
    for (key, word, why) in [
        ("type", "RPC", "there is no port mapper here: give it a port of its own"),
        ("type", "TCPMUX", "there is no tcpmux here: give it a port of its own"),
        ("type", "TCPMUXPLUS", "there is no tcpmux here: give it a port of its own"),
        ("flags", "SENSOR", "nothing is listened to here only to see who comes"),
        ("flags", "LABELED", "security labels are not supported"),
    ] {
        if settings.has(key, word) {
            let message = format!("`{}` is a service of kind {word}", name.text);
            reader.say(codes::NO_COUNTERPART, &name.span, message, why);
            return None;
        }
    }
    Some(())
}

fn missing<T>(name: &Word, what: &str, reader: &mut Reader<'_>) -> Option<T> {
    let message = format!("the service `{}` has no `{what}`", name.text);
    reader.say(codes::IMPORT_SYNTAX, &name.span, message, "xinetd leaves it out, too");
    None
}

fn wrong<T>(word: &Word, expected: &str, reader: &mut Reader<'_>) -> Option<T> {
    let message = format!("`{}` is not {expected}", word.text);
    reader.say(codes::IMPORT_SYNTAX, &word.span, message, "");
    None
}

fn flow(name: &Word, settings: &Settings, reader: &mut Reader<'_>) -> Option<Flow> {
    let Some(word) = settings.one("socket_type") else {
        return missing(name, "socket_type", reader);
    };
    match word.text.as_str() {
        "stream" => Some(Flow::Stream),
        "dgram" => Some(Flow::Datagram),
        "raw" | "seqpacket" => {
            let message = format!("pilot has no listeners of type `{}` with a port", word.text);
            reader.say(codes::NO_COUNTERPART, &word.span, message, "");
            None
        }
        _ => wrong(word, "stream, dgram, seqpacket or raw", reader),
    }
}

fn wait(name: &Word, settings: &Settings, flow: Flow, reader: &mut Reader<'_>) -> Option<bool> {
    let Some(word) = settings.one("wait") else { return missing(name, "wait", reader) };
    match (word.text.as_str(), flow) {
        ("yes", _) => Some(true),
        ("no", Flow::Datagram) => {
            let message =
                "datagrams are not waited for there; here one process at a time gets them";
            reader.say(codes::MAPPED_OTHERWISE, &word.span, message, "");
            Some(true)
        }
        ("no", _) => Some(false),
        _ => wrong(word, "yes or no", reader),
    }
}

fn listen(
    entry: &mut Entry,
    name: &Word,
    settings: &Settings,
    reader: &mut Reader<'_>,
) -> Option<()> {
    let base = if entry.flow == Flow::Datagram { "udp" } else { "tcp" };
    if let Some(word) = settings.one("protocol") {
        let family = word.text.trim_end_matches(['4', '6']);
        if family != base {
            let expected = format!("{base}, which its socket_type carries");
            return wrong(word, &expected, reader);
        }
    }
    let port = reader.port(settings.one("port").unwrap_or(name), base)?;
    let both = !settings.has("v6only", "yes");
    let host = settings.one("bind");
    let text = host.map_or("*", |word| word.text.as_str());
    let family = match (settings.has("flags", "IPv6"), settings.has("flags", "IPv4")) {
        _ if text.contains(':') => "6",
        (true, false) if both => "46",
        (true, false) => "6",
        _ => "4",
    };
    let Some((address, ipv6_only)) = address(text, family, port) else {
        let word = host?;
        let message = format!("`{}` is no address to listen on", word.text);
        let hint = "names are not looked up here: write an address";
        reader.say(codes::IMPORT_SYNTAX, &word.span, message, hint);
        return None;
    };
    entry.addresses.push(address);
    entry.ipv6_only = ipv6_only;
    for (flag, key) in [("NODELAY", "NoDelay"), ("KEEPALIVE", "KeepAlive")] {
        if settings.has("flags", flag) && entry.flow == Flow::Stream {
            let (place, _) = settings.get("flags")?;
            entry.wish(Half::Socket, key, "yes", &place.span);
        }
    }
    Some(())
}

/// What is run, and as whom.
fn program(
    entry: &mut Entry,
    name: &Word,
    settings: &Settings,
    reader: &mut Reader<'_>,
) -> Option<()> {
    let mut nobody = true;
    if let Some((place, target)) = settings.get("redirect") {
        let [host, port] = target else { return wrong(place, "a host and a port", reader) };
        let port = reader.port(port, "tcp")?;
        let host = match host.text.contains(':') {
            true => format!("[{}]", host.text.trim_matches(['[', ']'])),
            false => host.text.clone(),
        };
        let args = ["socat", "-", &format!("TCP:{host}:{port}")].map(String::from);
        entry.program = Program { path: "/usr/bin/socat".into(), args: args.into() };
        let message = "the connection was handed on by xinetd, here by /usr/bin/socat";
        let hint = "the program must be on the board; one runs for each connection";
        reader.say(codes::MAPPED_OTHERWISE, &place.span, message, hint);
    } else if settings.has("type", "INTERNAL") {
        let internal = reader.internal(name, entry.flow)?;
        let path = internal.path.to_string();
        entry.program = Program { args: vec![path.clone()], path };
        if let Some(output) = internal.standard_output {
            entry.wish(Half::Service, "StandardOutput", output, &name.span);
        }
    } else {
        let Some(server) = settings.one("server") else { return missing(name, "server", reader) };
        if !server.text.starts_with('/') {
            return wrong(server, "an absolute path of a program", reader);
        }
        let words = settings.list("server_args").iter().map(|word| word.text.clone());
        let in_args = settings.has("flags", "NAMEINARGS");
        let argv0 = Some(server.text.clone()).filter(|_| !in_args);
        let args: Vec<String> = argv0.into_iter().chain(words).collect();
        let wrapped = is_tcpd(server) && in_args && !reader.around.choices.keep_tcpd;
        entry.unwrapped = wrapped;
        entry.program = match wrapped {
            true => unwrap_tcpd(server, args, reader)?,
            false => Program { path: server.text.clone(), args },
        };
        nobody = false;
    }
    account(entry, name, settings, nobody, reader)
}

fn is_tcpd(server: &Word) -> bool {
    server.text.rsplit('/').next() == Some("tcpd")
}

/// tcpd is told the real program by argv\[0\].
fn unwrap_tcpd(server: &Word, args: Vec<String>, reader: &mut Reader<'_>) -> Option<Program> {
    let Some(real) = args.first() else {
        return wrong(server, "told in server_args what to start", reader);
    };
    let path = if real.starts_with('/') { real.clone() } else { format!("/usr/sbin/{real}") };
    let message = format!("tcpd is left out: {path} is started at once");
    let hint = "what hosts.allow and hosts.deny say of it is kept by the socket";
    reader.say(codes::MAPPED_OTHERWISE, &server.span, message, hint);
    Some(Program { path, args })
}

fn account(
    entry: &mut Entry,
    name: &Word,
    settings: &Settings,
    nobody: bool,
    reader: &mut Reader<'_>,
) -> Option<()> {
    match settings.one("user") {
        Some(user) if !nobody || user.text != "root" => {
            if user.text != "root" {
                let value = user.text.replace('%', "%%");
                entry.wish(Half::Service, "User", value, &user.span);
            }
        }
        None if !nobody => return missing(name, "user", reader),
        Some(_) | None => entry.wish(Half::Service, "User", "nobody", &name.span),
    }
    if let Some(group) = settings.one("group") {
        entry.wish(Half::Service, "Group", group.text.replace('%', "%%"), &group.span);
    }
    Some(())
}

/// Who may connect, and when.
fn access(entry: &mut Entry, settings: &Settings, reader: &mut Reader<'_>) {
    let only_from = settings.get("only_from");
    let place = only_from.map_or(&entry.place, |(place, _)| &place.span).clone();
    let no_access = settings.list("no_access");
    entry.access.xinetd(only_from.map(|(_, list)| list), no_access, &place);
    if let Some((place, times)) = settings.get("access_times") {
        let whole_day =
            |word: &Word| ["0:00-23:59", "00:00-23:59", "0:0-23:59"].contains(&word.text.as_str());
        if !times.iter().any(whole_day) {
            entry.access.lose("the hours at which it may be used", &place.span);
        }
    }
    for (flag, what) in [
        ("IDONLY", "the identification that it asks of clients"),
        ("INTERCEPT", "the check of every datagram"),
    ] {
        if let (true, Some((place, _))) = (settings.has("flags", flag), settings.get("flags")) {
            entry.access.lose(what, &place.span);
        }
    }
    if !settings.has("flags", "NOLIBWRAP") || entry.unwrapped {
        let own = entry.program.path.rsplit('/').next().unwrap_or_default();
        let daemon = settings.one("libwrap").map_or(own, |word| word.text.as_str()).to_string();
        let mut wrapped = Access::default();
        reader.around.hosts.apply(&daemon, &mut wrapped, reader.report);
        join(entry, wrapped);
    }
}

/// Both must let a client in: xinetd's own lists and those of libwrap.
fn join(entry: &mut Entry, wrapped: Access) {
    let own = &mut entry.access;
    own.lost.extend(wrapped.lost);
    own.shut_out.extend(wrapped.shut_out);
    if own.deny.is_empty() {
        (own.allow, own.deny) = (wrapped.allow, wrapped.deny);
        own.span = wrapped.span;
    } else if !wrapped.deny.is_empty() {
        let span = wrapped.span.unwrap_or_else(|| entry.place.clone());
        own.lose("what hosts.deny adds to only_from and no_access", &span);
    }
}

/// How many at once, and how fast.
fn limits(entry: &mut Entry, settings: &Settings, reader: &mut Reader<'_>) {
    for (attribute, key) in
        [("instances", "MaxConnections"), ("per_source", "MaxConnectionsPerSource")]
    {
        let Some(word) = settings.one(attribute) else { continue };
        match (word.text.as_str(), word.text.parse::<u32>()) {
            // One process serves all connections: there is nothing to count.
            _ if entry.wait => {}
            ("UNLIMITED", _) if attribute == "instances" => {
                let message = "instances are counted here: there will be 64 at most";
                let hint = "MaxConnections= in the socket raises it; each is a slot in PID 1";
                reader.say(codes::MAPPED_OTHERWISE, &word.span, message, hint);
            }
            ("UNLIMITED", _) => {}
            (_, Ok(number)) => entry.wish(Half::Socket, key, number.to_string(), &word.span),
            (_, Err(_)) => {
                wrong::<()>(word, "a number or UNLIMITED", reader);
            }
        }
    }
    let Some((place, cps)) = settings.get("cps") else { return };
    let numbers: Vec<u32> = cps.iter().filter_map(|word| word.text.parse().ok()).collect();
    let [rate, pause] = numbers[..] else {
        wrong::<()>(place, "a number of connections a second and a number of seconds", reader);
        return;
    };
    entry.wish(Half::Socket, "TriggerLimitIntervalSec", "1s", &place.span);
    entry.wish(Half::Socket, "TriggerLimitBurst", rate.to_string(), &place.span);
    let message = format!("more than {rate} a second are held back here, not for {pause} seconds");
    let hint = "the listener rests until the second is over; its queue is kept";
    reader.say(codes::MAPPED_OTHERWISE, &place.span, message, hint);
}

/// What the process is given.
fn process(entry: &mut Entry, settings: &Settings, reader: &mut Reader<'_>) {
    for (attribute, key) in [
        ("nice", "Nice"),
        ("umask", "UMask"),
        ("rlimit_as", "LimitAS"),
        ("rlimit_files", "LimitNOFILE"),
        ("rlimit_cpu", "LimitCPU"),
        ("rlimit_data", "LimitDATA"),
        ("rlimit_rss", "LimitRSS"),
        ("rlimit_stack", "LimitSTACK"),
    ] {
        let Some(word) = settings.one(attribute) else { continue };
        let value = match word.text.as_str() {
            "UNLIMITED" => "infinity".into(),
            text => text.to_uppercase().replace('%', "%%"),
        };
        entry.wish(Half::Service, key, value, &word.span);
    }
    for word in settings.list("env") {
        entry.wish(Half::Service, "Environment", assignment(&word.text), &word.span);
    }
    let passed: Vec<&str> =
        settings.list("passenv").iter().map(|word| word.text.as_str()).collect();
    if let (false, Some((place, _))) = (passed.is_empty(), settings.get("passenv")) {
        let what = format!("the environment of xinetd ({})", passed.join(" "));
        reader.not_mapped(&place.span, &what, "Environment= says what a service gets");
    }
    if let (true, Some((place, _))) = (settings.has("groups", "no"), settings.get("groups")) {
        let message = "a service has the supplementary groups of its user";
        reader.say(codes::MAPPED_OTHERWISE, &place.span, message, "");
    }
}

/// Attributes that say something no unit can say.
fn without_counterpart(settings: &Settings, reader: &mut Reader<'_>) {
    for (key, hint) in [
        ("log_type", "PID 1 keeps its own record: `pilotctl status`"),
        ("log_on_success", "PID 1 keeps its own record: `pilotctl status`"),
        ("log_on_failure", "PID 1 keeps its own record: `pilotctl status`"),
        ("banner", "let the program greet"),
        ("banner_success", "let the program greet"),
        ("banner_fail", "who is refused is told nothing"),
        ("max_load", "MaxConnections= and TriggerLimitBurst= keep the load down"),
        ("deny_time", "nobody is shut out for a time"),
    ] {
        if let Some((place, values)) = settings.get(key)
            && !values.is_empty()
        {
            reader.not_mapped(&place.span, &format!("`{key}`"), hint);
        }
    }
}
