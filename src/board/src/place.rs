//! `cargo board place`: the source of an instruction that PID 1 gave up at.
//!
//! A board's program has no names and no lines, and its epitaph an address only. What leads from
//! there to the source is the same program built with line tables: the same bytes at the same
//! addresses, which is seen to.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian};
use addr2line::{Context, Frame};
use object::{File, Object, ObjectSection, SectionKind};

use crate::conf::Board;
use crate::fail::{Failure, OrFail, Result};
use crate::state::{State, workspace};
use crate::{image, toolchain};

type Slice<'d> = EndianSlice<'d, LittleEndian>;

/// Prints function, file and line of an address, innermost first where functions were inlined.
/// `program` is what the board has; the one that is built of its folder if none is given.
///
/// # Errors
/// If it is no address, nothing of the program's code lies there, or the program is not what the
/// source becomes.
pub fn place(name: &str, address: &str, program: Option<&Path>) -> Result<()> {
    let address = parse(address)?;
    let board = Board::find(name)?;
    let state = State::take()?;
    image::provide(&board, false)?;
    let (of_board, next) = match program {
        Some(program) => (
            program.to_owned(),
            "take the source and the units that it was built from, by `cargo board build`",
        ),
        None => (
            image::pilot(&state, &board)?,
            "this is a defect of pilot or of the compiler's flags, not of the board",
        ),
    };
    let of_board_bytes = fs::read(&of_board).or_file("read", &of_board)?;
    let with_lines = toolchain::build_with_lines(&state, board.arch, &board.dir)?;
    let bytes = fs::read(&with_lines).or_file("read", &with_lines)?;
    let elf = read(&with_lines, &bytes)?;
    if loaded(&read(&of_board, &of_board_bytes)?) != loaded(&elf) {
        return Err(Failure::new(
            format!("{} is not what was built now with line tables", of_board.display()),
            next,
        ));
    }
    if !is_code(&elf, address) {
        return Err(Failure::new(
            format!("there is no code at {address:#x} in the pilot of {name}"),
            "give the address that stands in the epitaph, and the board that it comes from",
        ));
    }
    print!("{}", report(&elf, address)?);
    Ok(())
}

/// Reads an address as the epitaph spells it, or without its 0x.
fn parse(address: &str) -> Result<u64> {
    u64::from_str_radix(address.strip_prefix("0x").unwrap_or(address), 16).or_fail(
        || format!("{address} is no address"),
        "give it as the epitaph does: 0x and hexadecimal digits",
    )
}

fn read<'d>(path: &Path, bytes: &'d [u8]) -> Result<File<'d>> {
    File::parse(bytes).or_fail(
        || format!("{} is no ELF file", path.display()),
        "name the pilot that the board has",
    )
}

/// What the kernel loads of a program, each part with its address.
fn loaded<'d>(elf: &File<'d>) -> Vec<(u64, &'d [u8])> {
    use SectionKind::{Data, ReadOnlyData, ReadOnlyString, Text};
    elf.sections()
        .filter(|section| [Text, ReadOnlyData, ReadOnlyString, Data].contains(&section.kind()))
        .filter_map(|section| Some((section.address(), section.data().ok()?)))
        .collect()
}

fn is_code(elf: &File<'_>, address: u64) -> bool {
    elf.sections()
        .filter(|section| section.kind() == SectionKind::Text)
        .any(|section| (section.address()..section.address() + section.size()).contains(&address))
}

/// The frames of an address: file, line and function, below it what the source says there.
fn report(elf: &File<'_>, address: u64) -> Result<String> {
    let unreadable = || "the line tables cannot be read".to_owned();
    let next = "take target/board away and try again";
    let sections = Dwarf::load(|id| {
        let section = elf.section_by_name(id.name());
        let data = section.map_or(Ok(&[][..]), |section| section.data())?;
        Ok::<_, object::Error>(Slice::new(data, LittleEndian))
    });
    let sections = sections.or_fail(unreadable, next)?;
    let context = Context::from_dwarf(sections).or_fail(unreadable, next)?;
    let mut frames = context.find_frames(address).skip_all_loads().or_fail(unreadable, next)?;
    let mut text = String::new();
    while let Some(frame) = frames.next().or_fail(unreadable, next)? {
        // How a panic ends is the same everywhere.
        if !file_of(&frame).ends_with("/core/src/panicking.rs") {
            describe(&mut text, &frame);
        }
    }
    if text.is_empty() {
        return Err(Failure::new(
            format!("no line of the source became the code at {address:#x}"),
            "it is the compiler's own: see what the epitaph says before it",
        ));
    }
    Ok(text)
}

fn file_of<'f>(frame: &'f Frame<'_, Slice<'_>>) -> &'f str {
    frame.location.as_ref().and_then(|location| location.file).unwrap_or("?")
}

fn describe(text: &mut String, frame: &Frame<'_, Slice<'_>>) {
    let file = file_of(frame);
    let name = frame.function.as_ref().and_then(|function| function.demangle().ok());
    let name = name.as_deref().unwrap_or("?");
    let path = Path::new(file);
    let path = path.strip_prefix(workspace()).unwrap_or(path).display();
    // Where several places became one, the compiler knows none of them.
    let line = frame.location.as_ref().and_then(|location| location.line).filter(|&line| line > 0);
    let Some(line) = line else {
        let _ = writeln!(text, "{path}  {name}");
        return;
    };
    let _ = writeln!(text, "{path}:{line}  {name}");
    let source = fs::read_to_string(file).unwrap_or_default();
    if let Some(source) = source.lines().nth(line as usize - 1) {
        let _ = writeln!(text, "    {}", source.trim());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_the_epitaph_spells_it() {
        assert_eq!(parse("0x1f3a0").unwrap(), 0x1_f3a0);
        assert_eq!(parse("1f3a0").unwrap(), 0x1_f3a0);
        for nonsense in ["", "0x", "src/main.rs:12", "-1", "0x1f3a0f3a0f3a0f3a0"] {
            let said = parse(nonsense).unwrap_err().to_string();
            assert!(said.starts_with(&format!("{nonsense} is no address")), "{said}");
        }
    }

    /// Where this test's program lies in memory.
    fn base() -> u64 {
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        u64::from_str_radix(maps.split('-').next().unwrap(), 16).unwrap()
    }

    #[test]
    fn a_function_of_this_test_is_found() {
        let bytes = fs::read("/proc/self/exe").unwrap();
        let elf = read(Path::new("this"), &bytes).unwrap();
        let address = base as fn() -> u64 as usize as u64 - base();
        assert!(is_code(&elf, address));
        let said = report(&elf, address).unwrap();
        assert!(said.contains("src/board/src/place.rs:"), "{said}");
        assert!(said.contains("  base\n    fn base() -> u64 {\n"), "{said}");
    }

    #[test]
    fn data_is_no_code() {
        let bytes = fs::read("/proc/self/exe").unwrap();
        let elf = read(Path::new("this"), &bytes).unwrap();
        let data = elf.section_by_name(".rodata").unwrap().address();
        assert!(!is_code(&elf, data));
        assert!(!is_code(&elf, u64::MAX));
    }

    #[test]
    fn what_is_loaded_is_compared() {
        let bytes = fs::read("/proc/self/exe").unwrap();
        let elf = read(Path::new("this"), &bytes).unwrap();
        let mut other = bytes.clone();
        let code = elf.section_by_name(".text").unwrap().file_range().unwrap().0 as usize;
        other[code] ^= 1;
        assert!(loaded(&elf) == loaded(&elf));
        assert!(loaded(&elf) != loaded(&read(Path::new("other"), &other).unwrap()));
    }
}
