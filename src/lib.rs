//! Pilotlight: PID 1 for small Linux boards.
#![no_std]
#![deny(unsafe_code)]
#![doc = include_str!("ARCHITECTURE.md")]

#[cfg(test)]
extern crate std;

#[macro_use]
mod bug;
#[macro_use]
mod packed;

mod address;
pub mod command_line;
pub mod ctl;
pub mod engine;
pub mod features;
pub mod journal;
#[cfg(feature = "pid1")]
pub mod log;
#[cfg(feature = "pid1")]
pub mod logger;
mod reason;
#[cfg(feature = "pid1")]
pub mod run;
#[cfg(feature = "pid1")]
pub mod sys;
#[cfg(feature = "pid1")]
pub mod table;
mod text;
