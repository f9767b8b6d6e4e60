//! Diagnostics, plans and manual entries for machines: the shapes of `pilotc --format json`.
//!
//! Names of fields are stable: fields may be added, none is renamed or removed.

use serde_json::{Value, json};

use crate::coverage::Coverage;
use crate::diff::{Change, Difference};
use crate::draft::Row;
use crate::emit;
use crate::graph::Picture;
use crate::lint::{Hardening, POINTS_MAX};
use crate::plan::{GroupSettingPlan, KindPlan, Plan, UnitPlan};
use crate::report::{Diagnostic, Severity, Span};
use crate::{Image, show};

/// A diagnostic. `path` to `span` are null if it has no place; lines and columns count from 1,
/// columns in characters; `span` counts bytes from 0, its end is behind the last one.
pub fn diagnostic(diagnostic: &Diagnostic) -> Value {
    let severity = match diagnostic.code.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut value = json!({
        "code": diagnostic.code.id,
        "name": diagnostic.code.name,
        "severity": severity,
        "message": diagnostic.message,
        "hints": diagnostic.hint.iter().collect::<Vec<_>>(),
    });
    let places: Vec<Value> =
        diagnostic.places.iter().map(|(span, label)| place(span, label)).collect();
    let nowhere = json!({ "path": null, "line": null, "column": null, "span": null });
    let first = places.first().unwrap_or(&nowhere);
    for key in ["path", "line", "column", "span"] {
        value[key] = first[key].clone();
    }
    value["places"] = places.into();
    value
}

fn place(span: &Span, label: &str) -> Value {
    let (line, column) = span.line_and_column();
    json!({
        "path": span.file.path,
        "line": line,
        "column": column,
        "span": { "start": span.range.start, "end": span.range.end },
        "label": label,
    })
}

/// A board's plan: units in start order, edges by name, sizes.
pub fn plan(image: &Image) -> Value {
    let plan = &image.plan;
    let units: Vec<Value> = plan.units.iter().map(|each| unit(each, plan)).collect();
    let limits = emit::fields(&image.limits).into_iter();
    let limits: serde_json::Map<String, Value> =
        limits.map(|(name, value)| (name.to_string(), value.into())).collect();
    json!({
        "default_target": plan.units[usize::from(plan.manager.default_target)].name,
        "units": units,
        "limits": limits,
    })
}

fn unit(unit: &UnitPlan, plan: &Plan) -> Value {
    let names = |list: &std::collections::BTreeSet<u16>| -> Vec<&str> {
        list.iter().map(|&each| plan.units[usize::from(each)].name.as_str()).collect()
    };
    let edges = &unit.edges;
    let mut value = json!({
        "name": unit.name,
        "description": unit.description,
        "requires": names(&edges.requires),
        "wants": names(&edges.wants),
        "after": names(&edges.after),
        "conflicts": names(&edges.more.conflicts),
    });
    for (name, list) in edges.more.lists().into_iter().filter(|(_, list)| !list.is_empty()) {
        value[name.replace('-', "_")] = names(list).into();
    }
    if let Some(slice) = unit.group.slice {
        value["slice"] = plan.units[usize::from(slice)].name.as_str().into();
    }
    if !unit.group.settings.is_empty() {
        let settings = unit.group.settings.iter().map(GroupSettingPlan::text);
        value["control_group"] = settings.collect::<Vec<_>>().into();
    }
    match &unit.kind {
        KindPlan::Target | KindPlan::Slice => {}
        KindPlan::Service(service) => {
            value["started_by"] = names(&service.sockets).into();
            value["per_connection"] = service.per_connection.into();
            let commands = service.exec_start.iter().map(show::command_text);
            value["runs"] = commands.collect::<Vec<_>>().into();
        }
        KindPlan::Socket(socket) => {
            value["starts"] = plan.units[usize::from(socket.service)].name.as_str().into();
            value["accept"] = socket.accept.into();
            value["instances"] = socket.max_connections.into();
            let listeners = socket.listeners.iter().map(show::listener_text);
            value["listeners"] = listeners.collect::<Vec<_>>().into();
        }
        KindPlan::Mount(mount) => {
            let does = if unit.kind.is_swap() { "swaps_to" } else { "mounts" };
            value[does] = show::mount_text(mount).into();
        }
        KindPlan::Path(path) => {
            value["starts"] = plan.units[usize::from(path.unit)].name.as_str().into();
            value["watches"] = show::watched(path).into();
        }
        KindPlan::Timer(timer) => {
            value["starts"] = plan.units[usize::from(timer.unit)].name.as_str().into();
            value["elapses"] = show::elapses(timer).into();
        }
    }
    value
}

/// A directive's row.
pub fn row(row: &Row) -> Value {
    let refused: Vec<&str> = row.refused.iter().map(|(word, _)| *word).collect();
    let doc: Vec<&str> = row.doc.iter().map(|line| line.trim()).collect();
    json!({
        "section": row.section,
        "names": row.names,
        "supported": true,
        "meaning": doc.join(" "),
        "form": row.form.trim(),
        "adds_up": row.arity == "Many",
        "default": row.default,
        "kernel": row.needs,
        "refused": refused,
    })
}

/// How well a service is confined.
pub fn rating(rating: &Hardening) -> Value {
    let missing = rating.missing.iter();
    let missing: Vec<Value> =
        missing.map(|(points, what)| json!({ "points": points, "what": what })).collect();
    json!({
        "service": rating.service,
        "points": rating.points,
        "of": POINTS_MAX,
        "missing": missing,
    })
}

/// What is different between two boards.
pub fn difference(difference: &Difference) -> Value {
    let Difference { board, removed, added, changed, moved, sizes, table } = difference;
    let changes = |list: &[Change]| -> Vec<Value> { list.iter().map(change).collect() };
    let unit =
        |(name, list): &(String, Vec<Change>)| json!({ "name": name, "changes": changes(list) });
    let changed: Vec<Value> = changed.iter().map(unit).collect();
    let sizes = sizes.iter();
    let sizes: Vec<Value> = sizes
        .map(|(name, from, to)| json!({ "name": name, "before": from, "after": to }))
        .collect();
    json!({
        "same": difference.is_none(),
        "same_table": !table,
        "board": changes(board),
        "units": { "removed": removed, "added": added, "changed": changed, "moved": moved },
        "sizes": sizes,
    })
}

fn change(change: &Change) -> Value {
    json!({ "what": change.what, "before": change.before, "after": change.after })
}

/// A picture: where everything is, and all of it as SVG.
pub fn picture(picture: &Picture, svg: &str) -> Value {
    let nodes = picture.nodes.iter().map(|node| {
        let (left, top, width, height) = node.place;
        json!({
            "name": node.name,
            "detail": node.detail,
            "at_boot": node.at_boot,
            "per_connection": node.per_connection,
            "box": { "left": left, "top": top, "width": width, "height": height },
        })
    });
    let lines = picture.lines.iter().map(|line| {
        json!({
            "first": picture.nodes[line.from].name,
            "then": picture.nodes[line.to].name,
            "says": line.tie.word(),
            "ordered": line.ordered,
        })
    });
    json!({
        "title": picture.title,
        "units": nodes.collect::<Vec<_>>(),
        "lines": lines.collect::<Vec<_>>(),
        "svg": svg,
    })
}

/// How much of a folder is understood.
pub fn coverage(coverage: &Coverage) -> Value {
    let files = coverage.files.iter().map(|file| {
        let said = file.said.iter();
        let said = said.map(|(code, key)| json!({ "code": code, "directive": key }));
        json!({
            "path": file.path,
            "verdict": file.verdict.word(),
            "said": said.collect::<Vec<_>>(),
        })
    });
    let directives = coverage.directives.iter().map(|((section, name), uses)| {
        json!({
            "section": section,
            "name": name,
            "support": uses.support.word(),
            "files": uses.files,
            "assignments": uses.assignments,
            "refused": uses.refused,
        })
    });
    let (clean, ignored) = coverage.rates();
    json!({
        "files": files.collect::<Vec<_>>(),
        "directives": directives.collect::<Vec<_>>(),
        "clean_percent": clean,
        "clean_or_ignored_percent": ignored,
    })
}
