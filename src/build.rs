//! Compiles the board's units into the program, and tells the linker what a program without a
//! C library needs.

use std::env;
use std::path::PathBuf;

mod pairs;

/// Names the board's folder; without it the one for this machine is taken.
const BOARD: &str = "PILOT_BOARD";

/// Where texts may be packed.
const SOURCES: &str = "src";

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    write_pairs();
    println!("cargo::rerun-if-env-changed={BOARD}");
    println!("cargo::rustc-check-cfg=cfg(without, values(any()))");
    #[cfg(feature = "pid1")]
    {
        compile_units();
        link_freestanding();
    }
}

fn write_pairs() {
    for source in ["src/pairs.rs", SOURCES] {
        println!("cargo::rerun-if-changed={source}");
    }
    write("pairs.rs", pairs::rust(SOURCES.as_ref()).as_bytes());
}

fn write(name: &str, bytes: &[u8]) {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    std::fs::write(out.join(name), bytes).expect("OUT_DIR can be written");
}

#[cfg(feature = "pid1")]
fn compile_units() {
    let folder = env::var_os(BOARD).map_or_else(|| "board/host-x86_64".into(), PathBuf::from);
    for input in compile::inputs(&folder) {
        println!("cargo::rerun-if-changed={}", input.display());
    }
    let image = match compile::compile_board(&folder) {
        Ok((image, warnings)) => {
            for warning in warnings {
                let text = warning.to_string();
                text.lines().for_each(|line| println!("cargo::warning={line}"));
            }
            image
        }
        Err(failure) => {
            eprintln!("{failure}");
            std::process::exit(1);
        }
    };
    for feature in image.plan.without() {
        println!("cargo::rustc-cfg=without={feature:?}");
    }
    write("table.bin", &image.table);
    write("limits.rs", image.limits_rs.as_bytes());
}

/// For the binary only: a library with these could not be linked into a test.
#[cfg(feature = "pid1")]
fn link_freestanding() {
    let arguments = [
        "-nostartfiles",
        "-nostdlib",
        "-static",
        "-no-pie",
        // A page that would be made read-only after a relocation that never comes.
        "-Wl,-z,norelro",
        // Data begins in the file where constants end, not at the next page.
        "-Wl,-z,common-page-size=64",
        // `pilotctl --version` tells which image it is.
        "-Wl,--build-id=none",
    ];
    for argument in arguments {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    let sections = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sys/sections.ld");
    println!("cargo::rerun-if-changed={sections}");
    println!("cargo::rustc-link-arg-bins=-Wl,--script={sections}");
}
