//! Unit text to table: the host half of Pilotlight.
//!
//! ```text
//! text   lines, sections, assignments            nothing understood yet
//! load   drafts, one field per directive         spelling and grammar known
//! check  names resolved, rules between units     nothing contradicts
//! plan   numbers, order, edges, sizes            nothing left to decide
//! emit   table bytes and limits.rs               decoded again, compared
//! ```
//! Each stage has a type of its own; all complain into one [`report::Report`], and nobody stops
//! at the first complaint. "Read before editing": systemd.syntax(7), systemd.unit(5).
#![forbid(unsafe_code)]

mod board;
pub mod check;
pub mod codes;
#[cfg(feature = "cli")]
pub mod coverage;
#[cfg(feature = "cli")]
pub mod diff;
pub mod draft;
pub mod emit;
pub mod explain;
mod folders;
pub mod grammar;
#[cfg(feature = "cli")]
pub mod graph;
#[cfg(feature = "cli")]
pub mod import;
#[cfg(feature = "cli")]
pub mod json;
pub mod lint;
pub mod load;
pub mod manual;
pub mod names;
pub mod pilot_log;
pub mod plan;
pub mod report;
pub mod show;
pub mod slices;
pub mod targets;
pub mod text;

pub use board::{
    BOARD_CONF, BoardConf, Image, Settings, Source, UNITS, check_paths, check_sources,
    compile_board, compile_sources, inputs, lint_board, read_board_conf, settings,
};
pub use grammar::{Architecture, Forward, Protocol};
pub use report::{Diagnostic, Failure, Severity};

#[cfg(test)]
mod tests;
