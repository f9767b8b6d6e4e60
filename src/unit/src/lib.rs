//! The vocabulary that the two sides of the build share.
//!
//! The host compiles unit text into these types; the board borrows them back out of the table
//! in its read-only memory. Nothing here allocates, reads a clock or calls a kernel.
#![no_std]
#![forbid(unsafe_code)]

#[macro_use]
pub mod texts;

pub mod calendar;
pub mod compare;
pub mod control;
pub mod decode;
pub mod directives;
pub mod encode;
pub mod env_file;
pub mod limits;
pub mod model;
pub mod seq;
pub mod unsupported;
pub mod wire;
mod words;

pub use limits::Limits;
pub use model::*;
pub use seq::{Args, Ids, Seq, Word, Words};
pub use wire::{Table, TableError};
