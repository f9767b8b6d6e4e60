//! Which control group lies in which: systemd.slice(5), systemd.resource-control(5), "Slice=".
//!
//! A board without slices has a group for each service, and no unit more. One that has a slice,
//! or asks for one, has those that systemd would have.

use std::collections::{BTreeMap, BTreeSet};

use unit::SLICE_DEPTH_MAX;

use crate::draft::{Body, Draft};
use crate::load::Library;
use crate::names::{Kind, Name};

/// The slice that all others lie in.
const ROOT: &str = "-";
/// Most bytes of the names of slices in one another.
const PATH_MAX: usize = 512;
/// That of services and sockets.
const SYSTEM: &str = "system";

fn named(prefix: String) -> Name {
    Name { prefix, instance: None, kind: Kind::Slice }
}

/// The slice that a slice lies in; `None` for `-.slice`.
pub fn parent(slice: &Name) -> Option<Name> {
    if slice.prefix == ROOT {
        return None;
    }
    let parent = slice.prefix.rsplit_once('-').map_or(ROOT, |(parent, _)| parent);
    Some(named(parent.into()))
}

/// Bytes of the names of a slice and of those that it lies in: PID 1 reads them in
/// /proc/PID/cgroup.
fn path_length(slice: &Name) -> usize {
    let outer = parent(slice).map_or(0, |outer| path_length(&outer));
    outer + slice.to_string().len() + 1
}

/// Why a name is not that of a slice.
pub fn flaw(slice: &Name) -> Option<&'static str> {
    let prefix = slice.prefix.as_str();
    let parts = || prefix.split('-');
    if slice.instance.is_some() {
        Some("a slice has no instances")
    } else if prefix != ROOT && parts().any(str::is_empty) {
        Some("each dash leads from one slice into another: there is none without a name")
    } else if parts().count() >= SLICE_DEPTH_MAX {
        Some("it lies too deep: seven in one another are the most")
    } else if path_length(slice) > PATH_MAX {
        Some("the names of the slices that it lies in are too long together")
    } else {
        None
    }
}

/// Where a service or a socket lies that does not say so. Of a template systemd puts all instances
/// into a slice of their own.
fn default_of(name: &Name) -> Name {
    match &name.instance {
        None => named(SYSTEM.into()),
        Some(_) => named(format!("{SYSTEM}-{}", name.prefix.replace('-', "\\x2d"))),
    }
}

/// The slice that a unit lies in, on a board with slices.
pub fn of(draft: &Draft) -> Option<Name> {
    match &draft.body {
        Body::Slice => parent(&draft.name),
        Body::Service(_) | Body::Socket(_) => {
            let given = draft.slice().map(|given| given.value.clone());
            Some(given.unwrap_or_else(|| default_of(&draft.name)))
        }
        Body::Target | Body::Timer(_) | Body::Mount(_) | Body::Swap(_) | Body::Path(_) => None,
    }
}

/// Whether somebody says something of slices.
pub fn are_there(drafts: &BTreeMap<Name, Draft>, library: &Library) -> bool {
    let is_system = |name: &Name| name.prefix == SYSTEM;
    let says = |draft: &Draft| {
        let given = draft.slice().is_some_and(|given| !is_system(&given.value));
        given || draft.name.kind == Kind::Slice
    };
    drafts.values().any(says) || library.has_drop_in(Kind::Slice)
}

/// The slices that units lie in and that are not there yet.
pub fn missing(drafts: &BTreeMap<Name, Draft>) -> BTreeSet<Name> {
    let needed = drafts.values().filter_map(of);
    needed.filter(|slice| !drafts.contains_key(slice) && flaw(slice).is_none()).collect()
}

/// The text of a slice without a file.
pub fn text(slice: &Name) -> Option<String> {
    if slice.kind != Kind::Slice || flaw(slice).is_some() {
        return None;
    }
    // What systemd calls perpetual.
    const STAYS: &str = "DefaultDependencies=no\nRefuseManualStop=yes\n";
    Some(match slice.prefix.as_str() {
        ROOT => format!("[Unit]\nDescription=Root Slice\n{STAYS}"),
        SYSTEM => format!("[Unit]\nDescription=System Slice\n{STAYS}"),
        prefix => format!("[Unit]\nDescription=Slice /{}\n", prefix.replace('-', "/")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_leads_from_one_slice_into_another() {
        let parents = |text: &str| parent(&Name::known(text)).map(|parent| parent.to_string());
        assert_eq!(parents("a-b-c.slice").as_deref(), Some("a-b.slice"));
        assert_eq!(parents("a.slice").as_deref(), Some("-.slice"));
        assert_eq!(parents("-.slice"), None);
    }

    #[test]
    fn names_that_lead_nowhere_are_none() {
        for good in ["-.slice", "a.slice", "a-b.slice", "a-b-c-d-e-f-g.slice", "a\\x2db.slice"] {
            assert_eq!(flaw(&Name::known(good)), None, "{good}");
        }
        assert!(flaw(&Name::known(&format!("{}-b.slice", "a".repeat(240)))).is_none());
        assert!(flaw(&Name::known(&format!("{}-b-c.slice", "a".repeat(240)))).is_some());
        for bad in ["-a.slice", "a-.slice", "a--b.slice", "a@.slice", "a-b-c-d-e-f-g-h.slice"] {
            assert!(flaw(&Name::known(bad)).is_some(), "{bad}");
        }
    }

    #[test]
    fn instances_lie_together() {
        assert_eq!(default_of(&Name::known("web.service")).to_string(), "system.slice");
        let instance = default_of(&Name::known("serial-getty@ttyS0.service")).to_string();
        assert_eq!(instance, "system-serial\\x2dgetty.slice");
    }
}
