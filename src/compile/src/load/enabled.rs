//! Which `[Install]` sections count, and what they say before any name is resolved.

use std::collections::BTreeSet;

use super::preset::Verdict;
use super::{BoardDraft, Library, Loader};
use crate::draft::Install;
use crate::grammar::Instance;
use crate::names::Name;
use crate::report::{Report, Spanned};

/// The units whose `[Install]` counts: those with a file of their own that no preset disables,
/// the instances that presets and `DefaultInstance=` make of templates, and what those name in
/// `Also=`. What they say in `Alias=` becomes known to the library.
pub(super) fn enabled(
    library: &mut Library,
    board: &BoardDraft,
    report: &mut Report,
) -> BTreeSet<Name> {
    let mut enabled = BTreeSet::new();
    let mut aliases = Vec::new();
    let files = library.documents().filter(|(name, _)| name.kind.instead().is_none());
    let mut queue: Vec<(Name, bool)> = files.map(|(name, _)| (name.clone(), false)).collect();
    queue.extend(library.instances().map(|name| (name.clone(), true)));
    while let Some((name, asked_for)) = queue.pop() {
        let Some(install) = install(library, board, &name) else { continue };
        let verdict = if asked_for { Verdict::Ignore } else { library.verdict(&name) };
        let instances = match (&verdict, name.is_template()) {
            (Verdict::Disable, _) => continue,
            (Verdict::Enable(instances), true) if !instances.is_empty() => instances.clone(),
            (Verdict::Enable(_) | Verdict::Ignore, true) => {
                install.default_instance.value().cloned().into_iter().collect()
            }
            (Verdict::Enable(_) | Verdict::Ignore, false) => Vec::new(),
        };
        let named = |alias: &Spanned<Name>| (alias.clone(), name.clone());
        let fits = |alias: &&Spanned<Name>| {
            alias.value != name && (!name.is_template() || alias.value.is_template())
        };
        aliases.extend(install.alias.items.iter().filter(fits).map(named));
        if name.is_template() {
            let instance = |instance| Name { instance: Some(instance), ..name.clone() };
            queue.extend(instances.into_iter().map(instance).map(|name| (name, true)));
        } else if enabled.insert(name) {
            queue.extend(install.also.items.into_iter().map(|also| (also.value, true)));
        }
    }
    aliases.sort_by(|one, other| (&one.1, &one.0.value).cmp(&(&other.1, &other.0.value)));
    for (alias, name) in aliases {
        library.add_alias(&alias.value, &name, &alias.span, report);
    }
    enabled
}

/// `[Install]` of a unit; what is wrong with it is told when the unit itself is read.
fn install(library: &Library, board: &BoardDraft, name: &Name) -> Option<Install> {
    let mut quiet = Report::default();
    let mut loader = Loader { library, board, report: &mut quiet, has_slices: false };
    if name.is_template() {
        let document = library.document(name)?;
        return Some(loader.read(name, document, Instance::Connection).install);
    }
    loader.draft(name).map(|draft| draft.install)
}
