//! Everything the unit folders have, by name: units, masks, other names, drop-ins, `.wants` and
//! `.requires`, presets. "Read before editing": systemd.unit(5), section "Unit File Load Path".
//!
//! Folders are added in order of importance. What an earlier one has hides what a later one has
//! by the same name, whatever of the above it is; drop-ins are hidden file by file.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::duties::{Duties, Duty};
use super::fstab;
use super::preset::{Presets, Verdict};
use super::unit_name_of;
use crate::check::EdgeKind;
use crate::codes;
use crate::names::{Kind, Name};
use crate::report::{Diagnostic, File, Report, Span};
use crate::text::{self, Document};

/// A folder with units, by its place in the order of importance.
pub type Layer = usize;

/// What a name leads to.
#[derive(Debug)]
enum Fragment {
    Unit(Document),
    /// An empty file, or a link to /dev/null: nothing starts it.
    Masked(Arc<File>),
    /// Another name for a unit.
    Alias(Name, Span),
}

#[derive(Debug)]
struct DropIn {
    layer: Layer,
    file_name: String,
    document: Document,
}

/// A link in `X.wants`, `X.requires` or `X.upholds`.
#[derive(Clone, Debug)]
pub struct Pull {
    /// X, as the folder is called.
    pub by: Name,
    /// What the folder says.
    pub kind: EdgeKind,
    /// The unit that is pulled in.
    pub unit: Name,
    /// The link.
    pub span: Span,
}

/// The folders of such links, by how their names end.
pub const PULLS: [(&str, EdgeKind); 3] = [
    (".wants", EdgeKind::Wants),
    (".requires", EdgeKind::Requires),
    (".upholds", EdgeKind::Upholds),
];

/// How a link in a units folder is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Link {
    /// To /dev/null.
    Mask,
    /// To a file of this name.
    To(String),
}

/// All unit files of a board.
#[derive(Default, Debug)]
pub struct Library {
    fragments: BTreeMap<Name, (Layer, Fragment)>,
    /// The names among them that are other names.
    aliases: BTreeSet<Name>,
    /// The same by unit, as far as somebody asked for it.
    others: OnceCell<BTreeMap<Name, Vec<Name>>>,
    /// By what stands before `.d`: `foo.service`, `foo-.service`, `service`.
    drop_ins: BTreeMap<String, Vec<DropIn>>,
    /// By link; `None` is a link to /dev/null, which hides those of less important folders.
    pulls: BTreeMap<(String, Name), Option<Pull>>,
    presets: Presets,
    duties: Duties,
    /// The services that are made of those.
    made: BTreeSet<Name>,
    /// Instances that a link in a units folder makes of its template.
    instances: BTreeSet<Name>,
    /// Which folders include which: (one, another that it includes).
    includes: BTreeSet<(Layer, Layer)>,
}

impl Library {
    /// Says that the folder `layer` hides those of `other` on purpose.
    pub fn include(&mut self, layer: Layer, other: Layer) {
        self.includes.insert((layer, other));
    }

    /// Adds a file by its path: a unit, a drop-in, a preset or an fstab.
    pub fn add_file(&mut self, layer: Layer, path: &str, bytes: &[u8], report: &mut Report) {
        let mut parts = path.rsplit('/');
        let file_name = parts.next().unwrap_or(path);
        if file_name == fstab::NAME {
            if let Some(file) = text::open(path, bytes, report) {
                fstab::add(layer, &file, self, report);
            }
            return;
        }
        let folder = parts.next().unwrap_or_default();
        if let Some(duty) = Duty::of(folder) {
            self.add_duty(layer, duty, path, bytes, report);
            return;
        }
        let drop_in = folder.strip_suffix(".d").filter(|_| file_name.ends_with(".conf"));
        let preset = file_name.ends_with(".preset");
        let name = match (drop_in, preset) {
            (None, false) => match unit_name_of(path, report) {
                Some(name) => Some(name),
                None => return,
            },
            _ => None,
        };
        let Some(file) = text::open(path, bytes, report) else { return };
        match (name, drop_in) {
            (Some(name), _) => self.add_unit(layer, name, &file, report),
            (None, Some(owner)) => self.add_drop_in(layer, owner, file_name, &file, report),
            (None, None) => self.presets.add(file_name, &file, report),
        }
    }

    fn add_unit(&mut self, layer: Layer, name: Name, file: &Arc<File>, report: &mut Report) {
        if !self.is_free(layer, &name, &Span::head(file), report) {
            return;
        }
        let fragment = match file.text.is_empty() {
            true => Fragment::Masked(file.clone()),
            false => Fragment::Unit(text::parse(file, report)),
        };
        self.insert(name, (layer, fragment));
    }

    /// Adds a file that says what is to be done at boot, for the service that does it.
    fn add_duty(
        &mut self,
        layer: Layer,
        duty: Duty,
        path: &str,
        bytes: &[u8],
        report: &mut Report,
    ) {
        let Some(file) = text::open(path, bytes, report) else { return };
        let file_name = path.rsplit('/').next().unwrap_or(path);
        let Some((name, document)) = self.duties.add(duty, file_name, &file, report) else {
            return;
        };
        let (by, unit, span) = (Name::known("sysinit.target"), name.clone(), Span::head(&file));
        self.add_pull_of(Pull { by, kind: EdgeKind::Wants, unit, span });
        let own =
            self.made.contains(&name) || self.is_free(layer, &name, &Span::head(&file), report);
        if own {
            self.made.insert(name.clone());
            self.insert(name, (layer, Fragment::Unit(document)));
        }
    }

    /// Adds a unit that something else than a file of its own says.
    pub(super) fn add_document(
        &mut self,
        layer: Layer,
        name: Name,
        document: Document,
        report: &mut Report,
    ) {
        let place = document
            .sections
            .first()
            .map_or(Span::head(&document.file), |first| first.span.clone());
        if self.is_free(layer, &name, &place, report) {
            self.insert(name, (layer, Fragment::Unit(document)));
        }
    }

    fn insert(&mut self, name: Name, fragment: (Layer, Fragment)) {
        self.others.take();
        self.fragments.insert(name, fragment);
    }

    /// True if nothing is there by that name yet. Two files of one name are told, unless the
    /// folder of one includes that of the other.
    fn is_free(&self, layer: Layer, name: &Name, span: &Span, report: &mut Report) -> bool {
        let Some((other, fragment)) = self.fragments.get(name) else { return true };
        if !self.includes.contains(&(*other, layer)) {
            let message = format!("`{name}` is there twice, and only the first counts");
            let diagnostic = Diagnostic::new(codes::AMBIGUOUS_NAME, message, span, "the second");
            let hint = "rename one of them, or let the folder of one include the other's";
            report.push(diagnostic.and(&fragment.span(), "the first").hint(hint));
        }
        false
    }

    fn add_drop_in(
        &mut self,
        layer: Layer,
        owner: &str,
        file_name: &str,
        file: &Arc<File>,
        report: &mut Report,
    ) {
        let kind = Kind::OURS.iter().any(|kind| kind.suffix() == owner);
        if !kind && let Err(error) = Name::parse(owner) {
            let message = format!("{} is a drop-in for no unit: {error}", file.path);
            report.push(Diagnostic::without_place(codes::NOT_A_UNIT, message));
            return;
        }
        let document = text::parse(file, report);
        let drop_in = DropIn { layer, file_name: file_name.into(), document };
        self.drop_ins.entry(owner.into()).or_default().push(drop_in);
    }

    /// Adds a link that is called `path` in a units folder.
    pub fn add_link(&mut self, layer: Layer, path: &str, link: &Link, report: &mut Report) {
        let Some(name) = unit_name_of(path, report) else { return };
        let file = Arc::new(File { path: path.into(), text: String::new() });
        let span = Span::head(&file);
        if !self.is_free(layer, &name, &span, report) {
            return;
        }
        let Link::To(target) = link else {
            self.insert(name, (layer, Fragment::Masked(file)));
            return;
        };
        match Name::parse(target) {
            // The file itself stands in a less important folder.
            Ok(target) if target == name => {}
            Ok(target) if name.template().as_ref() == Some(&target) => {
                self.instances.insert(name);
            }
            Ok(target) => {
                if let Some(target) = check_alias(&name, target, &span, report) {
                    self.aliases.insert(name.clone());
                    self.insert(name, (layer, Fragment::Alias(target, span)));
                }
            }
            Err(error) => {
                let message = format!("the link leads to `{target}`, which is no unit: {error}");
                report.push(Diagnostic::new(codes::BAD_ALIAS, message, &span, ""));
            }
        }
    }

    /// Adds a link that is called `path` in a folder `X.wants`, `X.requires` or `X.upholds`.
    pub fn add_pull(&mut self, path: &str, is_mask: bool, report: &mut Report) {
        let folder = path.rsplit('/').nth(1).unwrap_or_default();
        let (owner, kind) = PULLS
            .iter()
            .find_map(|(suffix, kind)| Some((folder.strip_suffix(suffix)?, *kind)))
            .unwrap_or((folder, EdgeKind::Wants));
        let by = match Name::parse(owner) {
            Ok(by) => by,
            Err(error) => {
                let message = format!("{path} belongs to no unit: {error}");
                report.push(Diagnostic::without_place(codes::NOT_A_UNIT, message));
                return;
            }
        };
        let Some(unit) = unit_name_of(path, report) else { return };
        let file = Arc::new(File { path: path.into(), text: String::new() });
        let pull = Pull { by, kind, unit: unit.clone(), span: Span::head(&file) };
        let place = self.pulls.entry((folder.into(), unit));
        place.or_insert((!is_mask).then_some(pull));
    }

    /// Adds what a link would say.
    pub(super) fn add_pull_of(&mut self, pull: Pull) {
        let suffix = PULLS.iter().find(|(_, kind)| *kind == pull.kind).map_or("", |(end, _)| end);
        let place = (format!("{}{suffix}", pull.by), pull.unit.clone());
        self.pulls.entry(place).or_insert(Some(pull));
    }

    /// Gives a unit another name, as `Alias=` says.
    pub(super) fn add_alias(
        &mut self,
        name: &Name,
        target: &Name,
        span: &Span,
        report: &mut Report,
    ) {
        let Some(target) = check_alias(name, target.clone(), span, report) else { return };
        match self.fragments.get(name) {
            Some((_, Fragment::Alias(other, _))) if *other == target => {}
            Some((_, Fragment::Masked(_))) => {}
            Some((_, fragment)) => {
                let message = format!("`{name}` is the name of something else already");
                let label = format!("another name for `{target}`");
                let diagnostic = Diagnostic::new(codes::AMBIGUOUS_NAME, message, span, label);
                report.push(diagnostic.and(&fragment.span(), "has the name"));
            }
            None => {
                let alias = Fragment::Alias(target, span.clone());
                self.aliases.insert(name.clone());
                self.insert(name.clone(), (0, alias));
            }
        }
    }

    /// The unit that a name leads to when every link is followed.
    pub fn follow(&self, name: &Name) -> Name {
        let mut name = name.clone();
        // More links than units are a circle: whoever looks for its end finds nothing.
        for _ in 0..=self.fragments.len() {
            let alias = match self.fragments.get(&name) {
                Some((_, Fragment::Alias(target, _))) => Some(target.clone()),
                Some(_) => None,
                None => name.template().and_then(|template| match self.fragments.get(&template) {
                    Some((_, Fragment::Alias(target, _))) => {
                        Some(Name { instance: name.instance.clone(), ..target.clone() })
                    }
                    Some((_, Fragment::Unit(_) | Fragment::Masked(_))) | None => None,
                }),
            };
            match alias {
                Some(target) => name = target,
                None => break,
            }
        }
        name
    }

    /// True if there is a file or link of that name.
    pub fn has(&self, name: &Name) -> bool {
        self.fragments.contains_key(name)
    }

    /// What masks the name, or its template.
    pub fn mask(&self, name: &Name) -> Option<&Arc<File>> {
        let mask = |name: &Name| match self.fragments.get(name) {
            Some((_, Fragment::Masked(file))) => Some(file),
            Some((_, Fragment::Unit(_) | Fragment::Alias(..))) | None => None,
        };
        let template = || name.template().filter(|_| !self.has(name));
        mask(name).or_else(|| template().and_then(|template| mask(&template)))
    }

    /// The names that are masked, in order.
    pub fn masked(&self) -> impl Iterator<Item = &Name> {
        let fragments = self.fragments.iter();
        let masked = fragments.filter(|(_, (_, each))| matches!(each, Fragment::Masked(_)));
        masked.map(|(name, _)| name)
    }

    /// The unit file of that very name.
    pub(super) fn document(&self, name: &Name) -> Option<&Document> {
        match self.fragments.get(name) {
            Some((_, Fragment::Unit(document))) => Some(document),
            Some((_, Fragment::Masked(_) | Fragment::Alias(..))) | None => None,
        }
    }

    /// Where a unit file begins.
    pub fn place(&self, name: &Name) -> Option<Span> {
        self.document(name).map(|document| Span::head(&document.file))
    }

    /// Every unit file.
    pub(super) fn documents(&self) -> impl Iterator<Item = (&Name, &Document)> {
        self.fragments.iter().filter_map(|(name, (_, fragment))| match fragment {
            Fragment::Unit(document) => Some((name, document)),
            Fragment::Masked(_) | Fragment::Alias(..) => None,
        })
    }

    /// Instances that links ask for.
    pub(super) fn instances(&self) -> impl Iterator<Item = &Name> {
        self.instances.iter()
    }

    /// What presets say of a unit.
    pub(super) fn verdict(&self, name: &Name) -> Verdict {
        self.presets.verdict(name)
    }

    /// True if there is a drop-in for a unit of that kind.
    pub fn has_drop_in(&self, kind: Kind) -> bool {
        let suffix = kind.suffix();
        self.drop_ins.keys().any(|owner| owner.rsplit('.').next() == Some(suffix))
    }

    /// The links of `.wants`, `.requires` and `.upholds` folders.
    pub fn pulls(&self) -> impl Iterator<Item = &Pull> {
        self.pulls.values().flatten()
    }

    /// The drop-ins of a unit, in the order in which they are read: by the names of the files.
    /// Of two of one name that of the more important folder counts, then that of the longer name.
    pub(super) fn drop_ins(&self, name: &Name) -> Vec<&Document> {
        if self.drop_ins.is_empty() {
            return Vec::new();
        }
        let others = self.others.get_or_init(|| self.by_target());
        let aliases = others.get(name).into_iter().flatten().cloned();
        let owners = std::iter::once(name.clone()).chain(aliases).flat_map(|name| owners(&name));
        let owners = owners.map(|owner| (false, owner));
        let owners = owners.chain([(true, name.kind.suffix().to_string())]);
        let mut chosen: BTreeMap<&str, ((bool, Layer, usize), &Document)> = BTreeMap::new();
        for (place, (whole_kind, owner)) in owners.enumerate() {
            for drop_in in self.drop_ins.get(&owner).into_iter().flatten() {
                let rank = (whole_kind, drop_in.layer, place);
                let found = chosen.entry(&drop_in.file_name).or_insert((rank, &drop_in.document));
                if rank < found.0 {
                    *found = (rank, &drop_in.document);
                }
            }
        }
        chosen.into_values().map(|(_, document)| document).collect()
    }

    /// The other names of units, by unit.
    fn by_target(&self) -> BTreeMap<Name, Vec<Name>> {
        let mut others: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
        for alias in &self.aliases {
            others.entry(self.follow(alias)).or_default().push(alias.clone());
        }
        others
    }

    /// Drop-ins of no unit that is `present`, each with the name that it is for.
    pub(super) fn idle_drop_ins<'a>(
        &'a self,
        present: &BTreeSet<Name>,
    ) -> impl Iterator<Item = (Name, &'a Document)> {
        let used: BTreeSet<String> = present.iter().chain(&self.aliases).flat_map(owners).collect();
        let idle = self.drop_ins.iter().filter(move |(owner, _)| !used.contains(*owner));
        let named = idle.filter_map(|(owner, list)| Some((Name::parse(owner).ok()?, list)));
        let named = named.filter(|(name, _)| self.mask(name).is_none());
        named.flat_map(|(name, list)| list.iter().map(move |each| (name.clone(), &each.document)))
    }
}

impl Fragment {
    fn span(&self) -> Span {
        match self {
            Self::Unit(document) => Span::head(&document.file),
            Self::Masked(file) => Span::head(file),
            Self::Alias(_, span) => span.clone(),
        }
    }
}

/// A name can stand for a unit of its own kind only, and for a template if it is one.
fn check_alias(name: &Name, target: Name, span: &Span, report: &mut Report) -> Option<Name> {
    let wrong = if name.kind != target.kind {
        Some("a unit's other names have its own suffix")
    } else if name.is_template() != target.is_template() {
        Some("a template's other names are templates too, and no others")
    } else if name.instance.is_some() != target.instance.is_some() {
        Some("an instance's other names are instances too, and no others")
    } else if *name == target {
        Some("a unit need not be told its own name")
    } else {
        None
    };
    let Some(label) = wrong else { return Some(target) };
    let message = format!("`{name}` cannot be another name for `{target}`");
    report.push(Diagnostic::new(codes::BAD_ALIAS, message, span, label));
    None
}

/// Whose drop-ins a unit gets, nearest first: its own, its template's, and those of every part
/// of its name that ends with a dash. That of its whole kind is not among them.
fn owners(name: &Name) -> Vec<String> {
    let mut found = vec![name.to_string()];
    found.extend(name.template().into_iter().flat_map(|template| owners(&template)));
    let mut prefix = name.prefix.as_str();
    while let Some(dash) = prefix.trim_end_matches('-').rfind('-') {
        prefix = &prefix[..=dash];
        let shorter = Name { prefix: prefix.into(), ..name.clone() };
        found.push(shorter.to_string());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drop_ins_are_looked_for_from_the_whole_name_to_its_parts() {
        let owners = |text: &str| owners(&Name::known(text));
        assert_eq!(owners("a.service"), ["a.service"]);
        assert_eq!(owners("a-b-c.service"), ["a-b-c.service", "a-b-.service", "a-.service"]);
        assert_eq!(
            owners("a-b@x.service"),
            ["a-b@x.service", "a-b@.service", "a-@.service", "a-@x.service"]
        );
    }
}
