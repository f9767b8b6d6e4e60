//! Which parts of `pilot` the units of a board use: the other half of `src/features.rs`.

use unit::ListenKind;

use super::{KindPlan, Plan, SocketPlan, UnitPlan};
use crate::grammar::Listener;

/// A part of `pilot` that only some boards need.
type Feature = (&'static str, fn(&Plan) -> bool);

/// All of them: the name, and whether a plan has a unit that uses it.
const FEATURES: &[Feature] = &[
    ("access-lists", |plan| {
        sockets(plan).any(|socket| !socket.allow.is_empty() || !socket.deny.is_empty())
    }),
    ("flush-pending", |plan| sockets(plan).any(|socket| socket.flush_pending)),
    ("isolate", |plan| {
        let is_isolated = |unit: &UnitPlan| unit.edges.more.allow_isolate;
        plan.units.iter().filter(|unit| is_isolated(unit)).count() > 1
    }),
    ("job-timeouts", |plan| plan.units.iter().any(|unit| unit.edges.more.has_job_timeout())),
    ("message-queues", |plan| {
        listeners(plan).any(|listener| listener.kind == ListenKind::MessageQueue)
    }),
    ("relations", |plan| plan.units.iter().any(|unit| unit.edges.more.has_edges())),
    ("shutdown-units", |plan| {
        let pulls =
            |unit: &UnitPlan| !unit.edges.requires.is_empty() || !unit.edges.wants.is_empty();
        plan.units.iter().any(|unit| unit.edges.more.ends.is_some() && pulls(unit))
    }),
    ("symlinks", |plan| sockets(plan).any(|socket| !socket.symlinks.is_empty())),
    ("vsock", |plan| listeners(plan).any(|listener| listener.is_vsock())),
    ("timers", |plan| plan.units.iter().any(|unit| matches!(unit.kind, KindPlan::Timer(_)))),
];

fn sockets(plan: &Plan) -> impl Iterator<Item = &SocketPlan> {
    plan.units.iter().filter_map(|unit| match &unit.kind {
        KindPlan::Socket(socket) => Some(&**socket),
        KindPlan::Target | KindPlan::Service(_) | KindPlan::Timer(_) => None,
    })
}

fn listeners(plan: &Plan) -> impl Iterator<Item = &Listener> {
    sockets(plan).flat_map(|socket| &socket.listeners)
}

/// The names of all features.
pub fn names() -> impl Iterator<Item = &'static str> {
    FEATURES.iter().copied().map(|(name, _)| name)
}

impl Plan {
    /// The features that no unit uses: `cfg(without = "…")` for the build of `pilot`.
    pub fn without(&self) -> impl Iterator<Item = &'static str> {
        FEATURES.iter().copied().filter(|(_, is_used)| !is_used(self)).map(|(name, _)| name)
    }
}
