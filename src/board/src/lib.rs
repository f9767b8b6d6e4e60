//! `cargo board`: builds, boots and tests boards.
//!
//! A board is a folder with units and a board.conf ([`conf`]). Each step from there to a running
//! machine is a module: the host's packages ([`provision`]), the compiler ([`toolchain`], whose
//! work is looked into, [`inspect`]), foreign
//! packages ([`apt`]), the kernel ([`kernel`]), the root file system ([`rootfs`], of programs and
//! their libraries, [`library`], in a [`tree`]), all of them together ([`image`]), and the machine
//! ([`machine`]: [`qemu`], or a [`namespace`] with a [`cgroup`] and a [`relay`] into it). What a
//! step makes is kept under `target/board/` ([`state`]). [`bench`] measures what
//! comes of it.
//!
//! The verbs: [`mod@run`], [`mod@test`] (with [`lints`]), [`new`], [`mod@place`], [`size`].
#![forbid(unsafe_code)]

pub mod apt;
pub mod arch;
pub mod bench;
pub mod cgroup;
pub mod conf;
pub mod fail;
pub mod image;
pub mod inspect;
pub mod kernel;
pub mod library;
pub mod lints;
pub mod machine;
pub mod namespace;
pub mod new;
pub mod place;
pub mod ports;
pub mod provision;
pub mod qemu;
pub mod relay;
pub mod rootfs;
pub mod run;
pub mod say;
pub mod size;
pub mod state;
pub mod test;
pub mod toolchain;
pub mod tree;
