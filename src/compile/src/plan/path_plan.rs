//! Drafts of path units to what the table holds.

use unit::{RateLimit, When};

use crate::draft;

/// [`unit::PathUnit`] and [`unit::PathSetup`] with lists of their own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::PathUnit` or `unit::PathSetup`")]
pub struct PathPlan {
    pub unit: u16,
    pub trigger_limit: RateLimit,
    pub watched: Vec<(When, String)>,
    pub make: Option<u16>,
}

pub(super) fn path(path: draft::Path, unit: u16) -> PathPlan {
    let draft::Path {
        watched,
        make_directory,
        path_directory_mode,
        path_trigger_interval,
        path_trigger_burst,
        path_trigger: _,
    } = path;
    let mut watched = watched.values();
    // Whoever hears of each write hears of each change, too, and once is enough.
    let hears = |path: &String| watched.contains(&(When::Modified, path.clone()));
    let heard: Vec<bool> =
        watched.iter().map(|(when, path)| *when == When::Changed && hears(path)).collect();
    let mut heard = heard.into_iter();
    watched.retain(|_| !heard.next().unwrap_or_default());
    let mut seen = Vec::new();
    watched.retain(|each| {
        let is_new = !seen.contains(each);
        seen.push(each.clone());
        is_new
    });
    PathPlan {
        unit,
        trigger_limit: RateLimit {
            interval: path_trigger_interval.value,
            burst: path_trigger_burst.value,
        },
        watched,
        make: make_directory.value.then_some(path_directory_mode.value),
    }
}
