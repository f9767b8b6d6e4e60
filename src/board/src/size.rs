//! `cargo board size`: what PID 1 of a board costs.

use std::fs;

use object::{Object, ObjectSection, SectionKind};

use crate::conf::Board;
use crate::fail::{Failure, OrFail, Result};
use crate::state::State;
use crate::{image, say};

/// Builds the board's `pilot` and prints its sizes.
///
/// # Errors
/// If it does not build.
pub fn size(name: &str) -> Result<()> {
    let board = Board::find(name)?;
    let state = State::take()?;
    image::provide(&board, false)?;
    let pilot = image::pilot(&state, &board)?;
    let bytes = fs::read(&pilot).or_file("read", &pilot)?;
    let (built, _) = compile::compile_board(&board.dir).or_fail(
        || format!("the units of {} do not compile", board.name),
        "mend the lines above",
    )?;
    let elf = Elf::read(&bytes).ok_or_else(|| {
        Failure::new(
            format!("{} is no ELF file", pilot.display()),
            "take target/board away and try again",
        )
    })?;
    print!("{}", report(&elf, bytes.len() as u64, &built));
    Ok(())
}

/// Bytes by what they are.
#[derive(Default, PartialEq, Eq, Debug)]
struct Elf {
    code: u64,
    constants: u64,
    data: u64,
    zeroed: u64,
}

impl Elf {
    fn read(bytes: &[u8]) -> Option<Self> {
        let file = object::File::parse(bytes).ok()?;
        let mut elf = Self::default();
        for section in file.sections() {
            let kind = section.kind();
            let sum = if kind == SectionKind::Text {
                &mut elf.code
            } else if matches!(kind, SectionKind::ReadOnlyData | SectionKind::ReadOnlyString) {
                &mut elf.constants
            } else if kind == SectionKind::Data {
                &mut elf.data
            } else if kind == SectionKind::UninitializedData {
                &mut elf.zeroed
            } else {
                continue;
            };
            *sum += section.size();
        }
        Some(elf)
    }
}

fn report(elf: &Elf, file_bytes: u64, built: &compile::Image) -> String {
    let limits = &built.limits;
    let slots = built.plan.manager.spawn_slots;
    let mut text = String::new();
    let mut row = |name: &str, value: String, note: &str| {
        text += format!("{name:<16}{value:>12}  {note}").trim_end();
        text.push('\n');
    };
    row("program", say::bytes(file_bytes), "the stripped file, every role in it");
    row("  code", say::bytes(elf.code), "");
    row("  constants", say::bytes(elf.constants), "with the table");
    row("table", say::bytes(limits.table_bytes as u64), "read where it lies, never copied");
    row("static RAM", say::bytes(elf.data + elf.zeroed), ".data and .bss: all PID 1 ever has");
    row("  .data", say::bytes(elf.data), "");
    row("  .bss", say::bytes(elf.zeroed), &format!("with the stacks of {slots} spawns at once"));
    row("stack", "8.0 MiB".to_owned(), "the kernel's limit; pages come as they are touched");
    row("descriptors", limits.fds_at_rest.to_string(), "open when nothing happens");
    row("units", limits.units.to_string(), "");
    row("listeners", limits.listeners.to_string(), "");
    row("instances", limits.instances.to_string(), "connections that have a process, at most");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sections_of_this_test_are_told_apart() {
        let elf = Elf::read(&fs::read("/proc/self/exe").unwrap()).unwrap();
        assert!(elf.code > 0 && elf.constants > 0 && elf.data > 0 && elf.zeroed > 0, "{elf:?}");
    }

    #[test]
    fn text_has_no_sections() {
        assert_eq!(Elf::read(b"#!/bin/sh\n"), None);
    }
}
