//! Files to drafts: which file a name leads to, and what its lines mean one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::codes;
use crate::draft::{self, Body, Draft, ROWS, SECTIONS};
use crate::grammar::{Context, Instance, Specifiers};
use crate::names::{self, Kind, Name, NameError};
use crate::report::{Diagnostic, File, Report, Span, did_you_mean};
use crate::targets;
use crate::text::{self, Document, Entry, Section};

/// `board.conf` as drafts.
#[derive(Debug)]
pub struct BoardDraft {
    /// The file.
    pub file: Arc<File>,
    /// `[Board]`.
    pub board: draft::Board,
    /// `[Manager]`.
    pub manager: draft::Manager,
}

impl BoardDraft {
    /// A board that says nothing yet.
    pub fn fresh(file: &Arc<File>) -> Self {
        let (board, manager) = (draft::Board::fresh(), draft::Manager::fresh());
        Self { file: file.clone(), board, manager }
    }

    /// Adds what a `board.conf` says to what those before it said.
    pub fn read(&mut self, document: &Document, report: &mut Report) {
        let specifiers =
            Specifiers { name: None, instance: Instance::None, hostname: String::new() };
        for section in &document.sections {
            let mut spend = |entry: &Entry, cx: &mut Context<'_>| match section.name.as_str() {
                draft::Board::NAME => self.board.assign(entry, cx),
                _ => self.manager.assign(entry, cx),
            };
            let known = [draft::Board::NAME, draft::Manager::NAME];
            assign(section, &known, &specifiers, report, &mut spend);
        }
        self.file = document.file.clone();
    }
}

/// Goes through one section: `spend` takes what it knows, the rest is explained.
fn assign(
    section: &Section,
    known: &[&'static str],
    specifiers: &Specifiers,
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
        if !entry.key.starts_with("X-") && !spend(entry, &mut cx) {
            report.push(unknown_key(&section.name, entry, known));
        }
    }
}

fn unknown_section(section: &Section, known: &[&'static str]) -> Diagnostic {
    let name = &section.name;
    if unit::unsupported::SECTIONS.contains(&name.as_str()) {
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
    let reasons = unit::unsupported::UNSUPPORTED;
    if let Some(reason) = reasons.iter().find(|reason| reason.covers(section, key)) {
        let (code, words) = match reason.loss {
            unit::unsupported::Loss::Cosmetic => (codes::COSMETIC_KEY, "ignored here"),
            unit::unsupported::Loss::Behaviour => (codes::UNSUPPORTED_KEY, "not supported here"),
        };
        let message = format!("`{key}=` is known to systemd, {words}");
        return Diagnostic::new(code, message, &entry.key_span, "").hint(reason.instead);
    }
    let names = |section: &'static str| {
        let rows = ROWS.iter().filter(move |row| row.section == section);
        rows.flat_map(|row| row.names.iter().copied())
    };
    let mut here = ROWS.iter().filter(|row| sections.contains(&row.section));
    let home = here.find(|row| row.names.contains(&key.as_str()));
    let own = SECTIONS.iter().find(|(name, _)| *name == section);
    let hint = match (home, own) {
        (Some(row), _) => Some(format!("it belongs into [{}]", row.section)),
        (None, Some((own, _))) => {
            let known = reasons.iter().filter(|reason| reason.sections.contains(own));
            let known = known.flat_map(|reason| reason.names.iter().copied());
            did_you_mean(key, names(own).chain(known.filter(|name| !name.ends_with('*'))))
        }
        (None, None) => None,
    };
    let message = format!("there is no `{key}=` in [{section}]");
    Diagnostic::new(codes::UNKNOWN_KEY, message, &entry.key_span, "").hint_if(hint)
}

/// Directives of [Unit] that older unit files have in [Service]: systemd.unit(5).
const MOVED_TO_UNIT: &[&str] =
    &["StartLimitInterval", "StartLimitIntervalSec", "StartLimitBurst", "StartLimitAction"];

/// All unit files of a board, one to a name. An empty file masks its name: systemd.unit(5).
#[derive(Default, Debug)]
pub struct Library {
    documents: BTreeMap<Name, Option<Document>>,
}

impl Library {
    /// Adds a file, unless one of its name is there: the first folder wins.
    pub fn add(&mut self, name: Name, file: &Arc<File>, report: &mut Report) {
        if let std::collections::btree_map::Entry::Vacant(place) = self.documents.entry(name) {
            let masked = file.text.is_empty();
            place.insert((!masked).then(|| text::parse(file, report)));
        }
    }

    /// True if there is a file of that name.
    pub fn has(&self, name: &Name) -> bool {
        self.documents.contains_key(name)
    }

    /// True if the name, or its template's, is masked.
    pub fn is_masked(&self, name: &Name) -> bool {
        let masked = |name: &Name| matches!(self.documents.get(name), Some(None));
        masked(name) || (!self.has(name) && name.template().is_some_and(|name| masked(&name)))
    }

    fn document(&self, name: &Name) -> Option<&Document> {
        self.documents.get(name)?.as_ref()
    }

    fn documents(&self) -> impl Iterator<Item = (&Name, &Document)> {
        self.documents.iter().filter_map(|(name, document)| Some((name, document.as_ref()?)))
    }
}

/// The unit that a file's name says.
pub fn unit_name_of(path: &str, report: &mut Report) -> Option<Name> {
    let file_name = path.rsplit('/').next().unwrap_or(path);
    let error = match Name::parse(file_name) {
        Ok(name) => return Some(name),
        Err(error) => error,
    };
    let code = match error {
        NameError::Unsupported(_) => codes::UNSUPPORTED_UNIT,
        NameError::Long | NameError::Suffix | NameError::Character(_) | NameError::Empty => {
            codes::NOT_A_UNIT
        }
    };
    let hint = names::nearest(file_name, &error);
    let message = format!("{path} is not a unit file: {error}");
    report.push(Diagnostic::without_place(code, message).hint_if(hint));
    None
}

/// Everything that goes into the table, by name: what is present, and what that leads to.
pub fn drafts(library: &Library, board: &BoardDraft, report: &mut Report) -> BTreeMap<Name, Draft> {
    let mut loader = Loader { library, board, report, drafts: BTreeMap::new() };
    let mut queue: BTreeSet<Name> = library
        .documents()
        .map(|(name, _)| name.clone())
        .filter(|name| !name.is_template())
        .collect();
    queue.insert(board.board.default_target.value.clone());
    while let Some(name) = queue.pop_first() {
        let Some(draft) = loader.draft(&name) else { continue };
        let found = references(&draft).into_iter().map(|name| canonical(name, library, board));
        let fresh = found.filter(|name| !loader.drafts.contains_key(name));
        queue.extend(fresh.collect::<Vec<_>>());
        loader.drafts.insert(name, draft);
    }
    loader.read_idle_templates();
    loader.drafts
}

/// `default.target` is another name for the board's default, unless there is such a file.
pub fn canonical(name: Name, library: &Library, board: &BoardDraft) -> Name {
    let alias = name.prefix == "default" && name.kind == Kind::Target && name.instance.is_none();
    match alias && !library.has(&name) {
        true => board.board.default_target.value.clone(),
        false => name,
    }
}

/// The names that a draft mentions, written or implied.
fn references(draft: &Draft) -> Vec<Name> {
    let draft::Unit { after, before, requires, wants, conflicts, .. } = &draft.unit;
    let draft::Install { wanted_by, required_by } = &draft.install;
    let lists = [after, before, requires, wants, conflicts, wanted_by, required_by];
    let mut names: Vec<Name> = lists
        .into_iter()
        .flat_map(|list| list.items.iter().map(|item| item.value.clone()))
        .collect();
    if draft.unit.default_dependencies.value {
        let implied = ["sysinit.target", "basic.target", "sockets.target"];
        names.extend(implied.iter().filter_map(|name| Name::parse(name).ok()));
    }
    names.extend(draft.socket().map(|socket| service_of(&draft.name, socket)));
    names
}

/// The service that a socket starts, or the template of its instances.
pub fn service_of(name: &Name, socket: &draft::Socket) -> Name {
    if socket.accept.value {
        return Name { instance: Some(String::new()), ..name.with_kind(Kind::Service) };
    }
    socket.service.value().cloned().unwrap_or_else(|| name.with_kind(Kind::Service))
}

struct Loader<'a> {
    library: &'a Library,
    board: &'a BoardDraft,
    report: &'a mut Report,
    drafts: BTreeMap<Name, Draft>,
}

impl Loader<'_> {
    /// The unit of that name: its own file, its template's, or a built-in target.
    fn draft(&mut self, name: &Name) -> Option<Draft> {
        let library = self.library;
        if library.is_masked(name) {
            return None;
        }
        if let Some(document) = library.document(name) {
            let instance = match &name.instance {
                None => Instance::None,
                Some(instance) if instance.is_empty() => Instance::Connection,
                Some(instance) => Instance::Of(instance.clone()),
            };
            return Some(self.read(name, document, instance));
        }
        if let Some(template) = name.template().and_then(|name| library.document(&name)) {
            let instance = Instance::Of(name.instance.clone().unwrap_or_default());
            return Some(self.read(name, template, instance));
        }
        let text = targets::text(&name.to_string())?;
        let file = Arc::new(File { path: format!("built-in/{name}"), text: text.into() });
        let document = text::parse(&file, self.report);
        Some(self.read(name, &document, Instance::None))
    }

    /// Templates that nothing leads to are read for their errors and left out.
    fn read_idle_templates(&mut self) {
        let library = self.library;
        for (name, document) in library.documents().filter(|(name, _)| name.is_template()) {
            let used = |each: &Name| each == name || each.template().as_ref() == Some(name);
            if !self.drafts.keys().any(used) {
                self.read(name, document, Instance::None);
            }
        }
    }

    fn read(&mut self, name: &Name, document: &Document, instance: Instance) -> Draft {
        let hostname = self.board.board.hostname.value.clone();
        let specifiers = Specifiers { name: Some(name.clone()), instance, hostname };
        let mut unit = draft::Unit::fresh();
        let mut install = draft::Install::fresh();
        let mut body = match name.kind {
            Kind::Target => Body::Target,
            Kind::Service => Body::Service(Box::new(draft::Service::fresh())),
            Kind::Socket => Body::Socket(Box::new(draft::Socket::fresh())),
        };
        let own = match name.kind {
            Kind::Target => draft::Unit::NAME,
            Kind::Service => draft::Service::NAME,
            Kind::Socket => draft::Socket::NAME,
        };
        let known = match name.kind {
            Kind::Target => vec![draft::Unit::NAME, draft::Install::NAME],
            Kind::Service | Kind::Socket => vec![draft::Unit::NAME, own, draft::Install::NAME],
        };
        for section in &document.sections {
            let mut spend = |entry: &Entry, cx: &mut Context<'_>| match section.name.as_str() {
                draft::Unit::NAME => unit.assign(entry, cx),
                draft::Install::NAME => install.assign(entry, cx),
                _ => match &mut body {
                    Body::Target => false,
                    Body::Service(service) => {
                        let moved = MOVED_TO_UNIT.contains(&entry.key.as_str());
                        if moved { unit.assign(entry, cx) } else { service.assign(entry, cx) }
                    }
                    Body::Socket(socket) => {
                        let known = socket.assign(entry, cx);
                        if !known && entry.key.starts_with("Listen") {
                            // It listens to something, if to nothing that is understood.
                            socket.listeners.given = Some(entry.key_span.clone());
                        }
                        known
                    }
                },
            };
            assign(section, &known, &specifiers, self.report, &mut spend);
        }
        let file = document.file.clone();
        let head = document.sections.iter().find(|section| section.name == own);
        let head = head.map_or_else(|| Span::head(&file), |section| section.span.clone());
        Draft { name: name.clone(), file, head, unit, install, body }
    }
}
