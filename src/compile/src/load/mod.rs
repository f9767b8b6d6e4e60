//! Files to drafts: which file a name leads to, and what its lines mean one by one.

mod duties;
mod enabled;
mod fstab;
mod library;
mod preset;
mod section;
mod tmpfiles;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) use fstab::NAME as FSTAB;
pub use library::{Library, Link, PULLS, Pull};
use section::{Foreign, assign};

use crate::codes;
use crate::draft::{self, Body, Draft};
use crate::grammar::{Context, Instance, Specifiers};
use crate::names::{self, Kind, Name};
use crate::pilot_log;
use crate::report::{Diagnostic, File, Report, Span};
use crate::slices;
use crate::targets;
use crate::text::{self, Document, Entry};

/// What the files are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// A board: every name must lead to a unit.
    Board,
    /// Some files: names may lead to units that stand elsewhere.
    Loose,
}

/// `board.conf` as drafts.
#[derive(Debug)]
pub struct BoardDraft {
    /// The file.
    pub file: Arc<File>,
    /// `[Board]`.
    pub board: draft::Board,
    /// `[Lint]`.
    pub lint: draft::Lint,
    /// `[Manager]`.
    pub manager: draft::Manager,
}

impl BoardDraft {
    /// A board that says nothing yet.
    pub fn fresh(file: &Arc<File>) -> Self {
        let (board, manager) = (draft::Board::fresh(), draft::Manager::fresh());
        Self { file: file.clone(), board, lint: draft::Lint::fresh(), manager }
    }

    /// Adds what a `board.conf` says to what those before it said.
    pub fn read(&mut self, document: &Document, report: &mut Report) {
        let specifiers = Specifiers::none();
        let mut foreign = Foreign::default();
        for section in &document.sections {
            let mut spend = |entry: &Entry, cx: &mut Context<'_>| match section.name.as_str() {
                draft::Board::NAME => self.board.assign(entry, cx),
                draft::Lint::NAME => self.lint.assign(entry, cx),
                _ => self.manager.assign(entry, cx),
            };
            let known = [draft::Board::NAME, draft::Lint::NAME, draft::Manager::NAME];
            assign(section, &known, &specifiers, &mut foreign, report, &mut spend);
        }
        foreign.tell(report);
        self.file = document.file.clone();
    }

    /// All rows of its sections, with what it has by each.
    pub fn settings(&self) -> Vec<draft::Setting> {
        [self.board.settings(), self.lint.settings(), self.manager.settings()].concat()
    }
}

/// Directives of [Unit] that older unit files have in [Service]: systemd.unit(5).
pub(crate) const MOVED_TO_UNIT: &[&str] =
    &["StartLimitInterval", "StartLimitIntervalSec", "StartLimitBurst", "StartLimitAction"];

/// The unit that a file's name says.
pub(crate) fn unit_name_of(path: &str, report: &mut Report) -> Option<Name> {
    let file_name = path.rsplit('/').next().unwrap_or(path);
    match Name::parse(file_name) {
        Ok(name) => Some(name),
        Err(error) => {
            let hint = names::nearest(file_name, &error);
            let message = format!("{path} is not a unit file: {error}");
            report.push(Diagnostic::without_place(codes::NOT_A_UNIT, message).hint_if(hint));
            None
        }
    }
}

/// Refuses a unit of a kind that is not supported, and tells what nobody knows in it.
fn refuse_foreign(name: &Name, document: &Document, instead: &str, report: &mut Report) {
    let suffix = name.kind.suffix();
    let message = format!("systemd knows .{suffix} units, they are not supported here");
    let head = document
        .sections
        .first()
        .map_or_else(|| Span::head(&document.file), |section| section.span.clone());
    report.push(Diagnostic::new(codes::UNSUPPORTED_UNIT, message, &head, "").hint(instead));
    let own = unit::unsupported::SECTIONS.iter().find(|own| own.eq_ignore_ascii_case(suffix));
    let known: Vec<&str> =
        own.copied().into_iter().chain([draft::Unit::NAME, draft::Install::NAME]).collect();
    let instance = match &name.instance {
        None => Instance::None,
        Some(instance) if instance.is_empty() => Instance::Of("instance".into()),
        Some(instance) => Instance::Of(instance.clone()),
    };
    let specifiers = Specifiers { name: Some(name.clone()), instance, ..Specifiers::none() };
    let (mut unit, mut install) = (draft::Unit::fresh(), draft::Install::fresh());
    for section in &document.sections {
        // What systemd knows is told by the first complaint.
        let mut foreign = Foreign::default();
        let mut spend = |entry: &Entry, cx: &mut Context<'_>| match section.name.as_str() {
            draft::Unit::NAME => unit.assign(entry, cx),
            draft::Install::NAME => install.assign(entry, cx),
            _ => false,
        };
        assign(section, &known, &specifiers, &mut foreign, report, &mut spend);
    }
}

/// Everything that goes into the table, by name: what is present, and what that leads to. The
/// library learns the other names that `Alias=` gives.
pub fn drafts(
    library: &mut Library,
    board: &BoardDraft,
    scope: Scope,
    report: &mut Report,
) -> BTreeMap<Name, Draft> {
    let enabled = enabled::enabled(library, board, report);
    let mut loader = Loader { library, board, report, has_slices: false };
    let mut drafts: BTreeMap<Name, Draft> = BTreeMap::new();
    let mut queue: BTreeSet<Name> = loader.seeds();
    queue.extend(enabled.iter().cloned());
    loop {
        while let Some(name) = queue.pop_first() {
            let Some(mut draft) = loader.draft(&name) else { continue };
            if !enabled.contains(&name) {
                draft.install = draft::Install::fresh();
            }
            let wanted = pilot_log::wanted(&draft, board);
            let wanted = wanted.iter().map(|name| Name::known(name));
            let found = references(&draft).into_iter().chain(wanted);
            let found = found.map(|name| canonical(name, library, board));
            queue.extend(found.filter(|name| !drafts.contains_key(name)).collect::<Vec<_>>());
            drafts.insert(name, draft);
        }
        // What is wanted at any end needs the targets of all.
        let ends = targets::ENDS.iter().map(|name| Name::known(name));
        let ends = ends.filter(|name| !drafts.contains_key(name));
        if wanted_at_shutdown(drafts.values(), library) {
            queue.extend(ends.filter(|name| library.mask(name).is_none()));
        }
        // What lies in no slice yet needs system.slice as soon as there is any.
        loader.has_slices |= slices::are_there(&drafts, library);
        if loader.has_slices {
            let missing = slices::missing(&drafts).into_iter();
            queue.extend(missing.filter(|name| library.mask(name).is_none()));
        }
        if queue.is_empty() {
            break;
        }
    }
    loader.read_idle_templates(&drafts);
    loader.read_idle_drop_ins(&drafts, scope);
    for (name, document) in library.documents() {
        if let Some(instead) = name.kind.instead() {
            refuse_foreign(name, document, instead, report);
        }
    }
    drafts
}

/// Whether something is to start on the way down.
pub fn wanted_at_shutdown<'d>(
    mut drafts: impl Iterator<Item = &'d Draft>,
    library: &Library,
) -> bool {
    let is_then = |name: &Name| targets::AT_SHUTDOWN.contains(&name.to_string().as_str());
    drafts.any(|draft| {
        let draft::Install { wanted_by, required_by, upheld_by, .. } = &draft.install;
        let mut lists = [wanted_by, required_by, upheld_by].into_iter();
        lists.any(|list| list.items.iter().any(|item| is_then(&item.value)))
    }) || library.pulls().any(|pull| is_then(&pull.by))
}

/// The unit that a boot starts: `DefaultTarget=`, or what `default.target` is or leads to.
pub fn default_target(library: &Library, board: &BoardDraft) -> Name {
    let given = &board.board.default_target;
    let own = Name { prefix: "default".into(), instance: None, kind: Kind::Target };
    let name = if given.given.is_none() && library.has(&own) { own } else { given.value.clone() };
    library.follow(&name)
}

/// The unit that a name stands for. `default.target` is another name for the board's default,
/// unless there is such a file.
pub fn canonical(name: Name, library: &Library, board: &BoardDraft) -> Name {
    let name = library.follow(&name);
    if library.has(&name) || name.kind != Kind::Target {
        return name;
    }
    let text = name.to_string();
    if text == "default.target" {
        return default_target(library, board);
    }
    let alias = targets::ALIASES.iter().find(|(alias, _)| *alias == text);
    alias.map_or(name, |(_, target)| Name::known(target))
}

/// The names that a draft mentions, written or implied.
fn references(draft: &Draft) -> Vec<Name> {
    let own = &draft.unit;
    let draft::Install {
        wanted_by,
        required_by,
        upheld_by,
        alias: _,
        also: _,
        default_instance: _,
    } = &draft.install;
    let lists = [
        &own.after,
        &own.before,
        &own.requires,
        &own.wants,
        &own.conflicts,
        &own.requisite,
        &own.binds_to,
        &own.part_of,
        &own.upholds,
        &own.on_failure,
        &own.on_success,
        &own.stop_to,
        &own.stop_from,
        &own.reload_to,
        &own.reload_from,
        wanted_by,
        required_by,
        upheld_by,
    ];
    let mut names: Vec<Name> = lists
        .into_iter()
        .flat_map(|list| list.items.iter().map(|item| item.value.clone()))
        .collect();
    if draft.unit.default_dependencies.value {
        let implied = ["sysinit.target", "basic.target", "sockets.target"];
        names.extend(implied.map(Name::known));
    }
    if draft.trigger().is_some() && draft.unit.default_dependencies.value {
        let target = if draft.timer().is_some() { "timers.target" } else { "paths.target" };
        names.push(Name::known(target));
    }
    names.extend(draft.socket().map(|socket| service_of(&draft.name, socket)));
    names.extend(triggered_by(draft));
    names
}

/// The unit that a timer or a path unit starts.
pub fn triggered_by(draft: &Draft) -> Option<Name> {
    let given = draft.trigger()?.value().cloned();
    Some(given.unwrap_or_else(|| draft.name.with_kind(Kind::Service)))
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
    /// Somebody says something of slices: those that need no file are there, too.
    has_slices: bool,
}

impl Loader<'_> {
    /// Where the search for units begins: what has a file or a link, and what a boot starts.
    fn seeds(&self) -> BTreeSet<Name> {
        let library = self.library;
        let own = library.documents().map(|(name, _)| name).filter(|name| !name.is_template());
        let mut seeds: BTreeSet<Name> = own.chain(library.instances()).cloned().collect();
        seeds.insert(default_target(library, self.board));
        if self.board.manager.emergency_shell.value().is_some() {
            seeds.extend(["rescue.target", "emergency.target"].map(Name::known));
        }
        for pull in library.pulls() {
            let names = [&pull.by, &pull.unit];
            seeds.extend(names.map(|name| canonical(name.clone(), library, self.board)));
        }
        seeds.retain(|name| !name.is_template());
        seeds
    }

    /// The unit of that name: its own file, its template's, or a built-in target.
    fn draft(&mut self, name: &Name) -> Option<Draft> {
        let library = self.library;
        if library.mask(name).is_some() || name.kind.instead().is_some() {
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
        let slice = slices::text(name).filter(|_| self.has_slices);
        let text = slice.or_else(|| self.built_in(&name.to_string()))?;
        let file = Arc::new(File { path: format!("{}{name}", targets::FOLDER), text });
        let document = text::parse(&file, self.report);
        Some(self.read(name, &document, Instance::None))
    }

    /// The text of a unit that is there without a file.
    fn built_in(&self, name: &str) -> Option<String> {
        let shell = self.board.manager.emergency_shell.value();
        match (targets::text(name), shell) {
            (Some(text), Some(_)) if targets::EARLY.contains(&name) => {
                Some(format!("{text}{}", targets::ON_EARLY_FAILURE))
            }
            (Some(text), _) => Some(text.into()),
            (None, shell) => {
                let shell = shell.and_then(|program| targets::shell(name, program));
                shell.or_else(|| pilot_log::text(name).map(String::from))
            }
        }
    }

    /// Templates that nothing leads to are read for their errors and left out.
    fn read_idle_templates(&mut self, drafts: &BTreeMap<Name, Draft>) {
        let library = self.library;
        let ours = |name: &Name| name.is_template() && name.kind.instead().is_none();
        let used: BTreeSet<Name> = drafts.keys().filter_map(Name::template).collect();
        for (name, document) in library.documents().filter(|(name, _)| ours(name)) {
            if !drafts.contains_key(name) && !used.contains(name) {
                let instance = "instance".to_string();
                let example = Name { instance: Some(instance.clone()), ..name.clone() };
                self.read(&example, document, Instance::Of(instance));
            }
        }
    }

    /// Drop-ins of units that are not there are read for their errors too. A name that ends with
    /// a dash may be there for units to come.
    fn read_idle_drop_ins(&mut self, drafts: &BTreeMap<Name, Draft>, scope: Scope) {
        let library = self.library;
        let templates = library.documents().map(|(name, _)| name).filter(|name| name.is_template());
        let present = drafts.keys().chain(templates).cloned().collect();
        for (name, document) in library.idle_drop_ins(&present) {
            if let Some(instead) = name.kind.instead() {
                refuse_foreign(&name, document, instead, self.report);
                continue;
            }
            if scope == Scope::Board && !name.prefix.ends_with('-') {
                let message = format!("there is no unit `{name}` for this drop-in");
                let span = Span::head(&document.file);
                self.report.push(Diagnostic::new(codes::IDLE_DROP_IN, message, &span, ""));
            }
            self.read(&name, document, Instance::Of("instance".into()));
        }
    }

    /// Reads a unit's file and its drop-ins.
    fn read(&mut self, name: &Name, document: &Document, instance: Instance) -> Draft {
        let hostname = self.board.board.hostname.value.clone();
        let architecture = self.board.board.architecture.value().copied();
        let specifiers = Specifiers { name: Some(name.clone()), instance, hostname, architecture };
        let mut foreign = Foreign::default();
        let mut unit = draft::Unit::fresh();
        let mut install = draft::Install::fresh();
        let mut exec = Box::new(draft::Exec::fresh());
        let mut resources = Box::new(draft::Slice::fresh());
        let (own, mut body) = match name.kind {
            Kind::Target | Kind::Foreign(_) => (draft::Unit::NAME, Body::Target),
            Kind::Service => {
                (draft::Service::NAME, Body::Service(Box::new(draft::Service::fresh())))
            }
            Kind::Socket => (draft::Socket::NAME, Body::Socket(Box::new(draft::Socket::fresh()))),
            Kind::Mount => (draft::Mount::NAME, Body::Mount(Box::new(draft::Mount::fresh()))),
            Kind::Swap => (draft::Swap::NAME, Body::Swap(Box::new(draft::Swap::fresh()))),
            Kind::Slice => (draft::Slice::NAME, Body::Slice),
            Kind::Path => (draft::Path::NAME, Body::Path(Box::new(draft::Path::fresh()))),
            Kind::Timer => (draft::Timer::NAME, Body::Timer(Box::new(draft::Timer::fresh()))),
        };
        let mut known = vec![draft::Unit::NAME, own, draft::Install::NAME];
        known.dedup();
        let drop_ins = self.library.drop_ins(name);
        let documents = std::iter::once(document).chain(drop_ins);
        for section in documents.flat_map(|document| &document.sections) {
            let mut spend = |entry: &Entry, cx: &mut Context<'_>| match section.name.as_str() {
                draft::Unit::NAME => unit.assign(entry, cx),
                draft::Install::NAME => install.assign(entry, cx),
                _ => spend_own(&mut body, &mut unit, &mut exec, &mut resources, entry, cx),
            };
            assign(section, &known, &specifiers, &mut foreign, self.report, &mut spend);
        }
        foreign.tell(self.report);
        let file = document.file.clone();
        let head = document.sections.iter().find(|section| section.name == own);
        let head = head.map_or_else(|| Span::head(&file), |section| section.span.clone());
        Draft { name: name.clone(), file, head, unit, install, body, exec, resources }
    }
}

/// Spends an assignment of the section that is named after the kind of unit.
fn spend_own(
    body: &mut Body,
    unit: &mut draft::Unit,
    exec: &mut draft::Exec,
    resources: &mut draft::Slice,
    entry: &Entry,
    cx: &mut Context<'_>,
) -> bool {
    match body {
        Body::Target => false,
        Body::Service(_) if MOVED_TO_UNIT.contains(&entry.key.as_str()) => unit.assign(entry, cx),
        Body::Service(service) => {
            service.assign(entry, cx) || exec.assign(entry, cx) || resources.assign(entry, cx)
        }
        Body::Slice => resources.assign(entry, cx),
        Body::Timer(timer) => timer.assign(entry, cx),
        Body::Mount(mount) => mount.assign(entry, cx),
        Body::Swap(swap) => swap.assign(entry, cx),
        Body::Path(path) => path.assign(entry, cx),
        Body::Socket(socket) => {
            let known = socket.assign(entry, cx);
            if !known && entry.key.starts_with("Listen") {
                // It listens to something, if to nothing that is understood.
                socket.listeners.given = Some(entry.key_span.clone());
            }
            known
        }
    }
}
