//! xinetd.conf(5): blocks of attributes, defaults, and files that are included.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::entry::{Entry, Reader, Word, lines, words};
use super::units::unit_name;
use crate::Source;
use crate::codes;
use crate::report::{File, Span, did_you_mean};
use crate::text;

mod service;

/// Every attribute that xinetd knows.
const ATTRIBUTES: &[&str] = &[
    "id",
    "type",
    "flags",
    "disable",
    "socket_type",
    "protocol",
    "wait",
    "user",
    "group",
    "instances",
    "nice",
    "server",
    "server_args",
    "libwrap",
    "only_from",
    "no_access",
    "access_times",
    "log_type",
    "log_on_success",
    "log_on_failure",
    "rpc_version",
    "rpc_number",
    "env",
    "passenv",
    "port",
    "redirect",
    "bind",
    "interface",
    "banner",
    "banner_success",
    "banner_fail",
    "per_source",
    "cps",
    "max_load",
    "groups",
    "mdns",
    "umask",
    "enabled",
    "disabled",
    "v6only",
    "rlimit_as",
    "rlimit_files",
    "rlimit_cpu",
    "rlimit_data",
    "rlimit_rss",
    "rlimit_stack",
    "deny_time",
];

/// How deep files may include each other.
const DEPTH_MAX: usize = 8;
/// How many files an import reads at most.
const FILES_MAX: usize = 4096;

/// An attribute's line.
struct Attribute {
    operator: Operator,
    key: Word,
    values: Vec<Word>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Set,
    Add,
    Remove,
}

/// `service NAME { … }` or `defaults { … }`.
struct Block {
    name: Word,
    attributes: Vec<Attribute>,
    /// A line of it was not understood: it might have been the one that closes the service.
    is_broken: bool,
}

/// Everything that was read.
#[derive(Default)]
struct Blocks {
    defaults: Vec<Block>,
    services: Vec<Block>,
    files: usize,
}

/// Reads all entries.
pub fn read(sources: &[Source], reader: &mut Reader<'_>) -> Vec<Entry> {
    let mut blocks = Blocks::default();
    for source in sources {
        read_file(source, 0, &mut blocks, reader);
    }
    let no_defaults = blocks.defaults.iter().any(|block| block.is_broken);
    let defaults: Vec<&Attribute> =
        blocks.defaults.iter().flat_map(|block| &block.attributes).collect();
    let defaults = Settings::new(&defaults, None);
    let mut entries = Vec::new();
    for block in &blocks.services {
        let own: Vec<&Attribute> = block.attributes.iter().collect();
        let settings = Settings::new(&own, Some(&defaults));
        if service::is_disabled(&block.name, &settings, &defaults) {
            continue;
        }
        let whole = !block.is_broken && !no_defaults;
        match service::entry(&block.name, &settings, reader).filter(|_| whole) {
            Some(entry) => entries.push(entry),
            None => reader.left_out += 1,
        }
    }
    entries
}

fn read_file(source: &Source, depth: usize, blocks: &mut Blocks, reader: &mut Reader<'_>) {
    blocks.files += 1;
    let Some(file) = text::open(&source.path, &source.text, reader.report) else {
        reader.left_out += 1;
        return;
    };
    let mut block: Option<(Block, bool)> = None;
    let mut is_open = false;
    for line in lines(&file.text) {
        let fields = words(&file, line);
        let Some(first) = fields.first() else { continue };
        if first.text.starts_with('#') {
            continue;
        }
        match (&mut block, first.text.as_str()) {
            (Some(_), "{") if !is_open => is_open = true,
            (Some(_), "}") if is_open => {
                let (block, is_service) = block.take().expect("it was just seen");
                if is_service { &mut blocks.services } else { &mut blocks.defaults }.push(block);
                is_open = false;
            }
            (Some((block, _)), _) if is_open => {
                let attribute = attribute(&file, &fields, reader);
                block.is_broken |= attribute.is_none();
                block.attributes.extend(attribute);
            }
            (None, "service" | "defaults") => {
                let brace = fields.last().is_some_and(|word| word.text == "{");
                let names = fields.len() - 1 - usize::from(brace);
                let is_service = first.text == "service";
                if names != usize::from(is_service) {
                    syntax(first, "`service` takes one name, `defaults` none", reader);
                }
                let name = if names > 0 { &fields[1] } else { first };
                block = Some((
                    Block { name: name.clone(), attributes: Vec::new(), is_broken: false },
                    is_service,
                ));
                is_open = brace;
            }
            (None, "include" | "includedir") => include(&fields, depth, blocks, reader),
            (Some(_), _) => syntax(first, "`{` opens a block, on a line of its own", reader),
            (None, _) => {
                syntax(
                    first,
                    "outside of blocks are service, defaults, include, includedir",
                    reader,
                );
            }
        }
    }
    if let Some((block, _)) = block {
        syntax(&block.name, "the block is not closed: `}` is missing", reader);
        reader.left_out += 1;
    }
}

fn syntax(word: &Word, message: &str, reader: &mut Reader<'_>) {
    reader.say(codes::IMPORT_SYNTAX, &word.span, message, "");
}

fn include(fields: &[Word], depth: usize, blocks: &mut Blocks, reader: &mut Reader<'_>) {
    let [verb, path] = fields else {
        return syntax(&fields[0], "what is included is one path", reader);
    };
    if depth >= DEPTH_MAX || blocks.files >= FILES_MAX {
        return syntax(path, "too many files include each other", reader);
    }
    match (reader.around.include)(&path.text, verb.text == "includedir") {
        Ok(sources) => {
            for source in sources {
                read_file(&source, depth + 1, blocks, reader);
            }
        }
        Err(error) => {
            let message = format!("cannot read `{}`: {error}", path.text);
            let hint = "--root names the folder that stands for / there";
            reader.say(codes::UNREADABLE, &path.span, message, hint);
        }
    }
}

/// `key op value…`; the operator may stand without blanks around it.
fn attribute(file: &Arc<File>, fields: &[Word], reader: &mut Reader<'_>) -> Option<Attribute> {
    let (start, end) = (fields[0].span.range.start, fields.last()?.span.range.end);
    let line = &file.text[start..end];
    let Some(at) = line.find('=') else {
        syntax(&fields[0], "an attribute is NAME = VALUE, NAME += VALUE or NAME -= VALUE", reader);
        return None;
    };
    let (operator, length) = match line[..at].chars().next_back() {
        Some('+') => (Operator::Add, 1),
        Some('-') => (Operator::Remove, 1),
        _ => (Operator::Set, 0),
    };
    let key = line[..at - length].trim_end();
    let span = Span { file: file.clone(), range: start..start + key.len() };
    let key = Word { text: key.to_lowercase(), span };
    if !ATTRIBUTES.contains(&key.text.as_str()) {
        let message = format!("there is no attribute `{}`", key.text);
        let near = did_you_mean(&key.text, ATTRIBUTES.iter().copied()).unwrap_or_default();
        reader.say(codes::UNKNOWN_ATTRIBUTE, &key.span, message, &near);
        return None;
    }
    Some(Attribute { operator, key, values: words(file, start + at + 1..end) })
}

/// The attributes of a service, those of `defaults` below.
struct Settings {
    /// The key as written, and its values.
    all: BTreeMap<String, (Word, Vec<Word>)>,
}

/// Attributes that `defaults` hands on, of those that can stand there.
const NOT_INHERITED: &[&str] = &["enabled", "disabled", "id", "type", "disable"];

impl Settings {
    fn new(own: &[&Attribute], defaults: Option<&Self>) -> Self {
        let mut all: BTreeMap<String, (Word, Vec<Word>)> = BTreeMap::new();
        for (key, setting) in defaults.into_iter().flat_map(|defaults| &defaults.all) {
            if !NOT_INHERITED.contains(&key.as_str()) {
                all.insert(key.clone(), setting.clone());
            }
        }
        for attribute in own {
            let Attribute { operator, key, values } = attribute;
            let name = if key.text == "interface" { "bind" } else { key.text.as_str() };
            let (place, list) = all.entry(name.into()).or_insert_with(|| (key.clone(), Vec::new()));
            *place = key.clone();
            match operator {
                Operator::Set => list.clone_from(values),
                Operator::Add => list.extend(values.iter().cloned()),
                Operator::Remove => list.retain(|each| values.iter().all(|v| v.text != each.text)),
            }
        }
        Self { all }
    }

    /// Where an attribute stands, and what it is set to.
    fn get(&self, key: &str) -> Option<(&Word, &[Word])> {
        self.all.get(key).map(|(place, values)| (place, values.as_slice()))
    }

    /// The only value of an attribute.
    fn one(&self, key: &str) -> Option<&Word> {
        self.get(key).and_then(|(_, values)| values.first())
    }

    fn list(&self, key: &str) -> &[Word] {
        self.get(key).map_or(&[], |(_, values)| values)
    }

    fn has(&self, key: &str, word: &str) -> bool {
        self.list(key).iter().any(|each| each.text.eq_ignore_ascii_case(word))
    }
}

/// An address to listen on: a wildcard, or an address of the family. With it comes whether an
/// IPv6 listener takes IPv4, where that has to be said.
pub fn address(host: &str, family: &str, port: u16) -> Option<(String, Option<bool>)> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_six = family.ends_with('6') && !family.ends_with("46");
    match (bare, family.ends_with("46")) {
        ("" | "*", true) => Some((format!("[::]:{port}"), Some(false))),
        ("" | "*", false) if is_six => Some((format!("[::]:{port}"), Some(true))),
        ("" | "*", false) => Some((format!("0.0.0.0:{port}"), None)),
        (four, _) if four.parse::<Ipv4Addr>().is_ok() => {
            (!is_six).then(|| (format!("{four}:{port}"), None))
        }
        (six, _) => {
            let six = six.parse::<Ipv6Addr>().ok()?;
            (!family.ends_with('4')).then(|| (format!("[{six}]:{port}"), Some(true)))
        }
    }
}

/// A name for the units.
fn name_of(id: &Word) -> String {
    unit_name(&id.text)
}
