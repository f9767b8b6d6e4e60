//! `cargo board`: builds, boots and tests boards.
//!
//! A board is a folder with units and a board.conf ([`conf`]). Each step from there to a running
//! machine is a module: the host's packages ([`provision`]), the compiler ([`toolchain`]), foreign
//! packages ([`apt`]), the kernel ([`kernel`]), the root file system ([`rootfs`], of programs and
//! their libraries, [`library`], in a [`tree`]), all of them together ([`image`]), and the machine
//! ([`qemu`]). What a step makes is kept under `target/board/` ([`state`]). [`bench`] measures what
//! comes of it.
#![forbid(unsafe_code)]

pub mod apt;
pub mod arch;
pub mod bench;
pub mod conf;
pub mod fail;
pub mod image;
pub mod kernel;
pub mod library;
pub mod ports;
pub mod provision;
pub mod qemu;
pub mod rootfs;
pub mod say;
pub mod state;
pub mod toolchain;
pub mod tree;
