//! The proof that a linked `pilot` cannot allocate: nothing of an allocator, of a libc or of std
//! is in it, and no system call that gets memory is made anywhere. Nor can what it writes be
//! executed.
//!
//! A system call is an instruction whose number was put into a register shortly before. That is
//! looked for in the machine code; so that the search itself can be trusted, it must find the
//! calls that every `pilot` makes, too.

use object::elf::{FileHeader32, FileHeader64, PF_W, PF_X, PT_GNU_STACK, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Architecture, Endianness, Object, ObjectSection, SectionKind};

use crate::arch::Arch;

/// Numbers of the calls that matter, one set an architecture: syscalls(2).
struct Calls {
    machine: Architecture,
    /// brk, mmap (and mmap2), mremap.
    forbidden: &'static [(&'static str, u32)],
    /// Calls without which PID 1 is none: the search must find them.
    expected: &'static [(&'static str, u32)],
    /// Puts the numbers that may be in the call's register at each system call in the code.
    numbers: fn(&[u8], &mut dyn FnMut(u32)),
}

/// How far before a system call its number is looked for, in bytes.
const WINDOW_BYTES: usize = 32;

/// What text a library leaves in a program that it is linked into.
const TRACES: [(&str, &[u8]); 5] = [
    ("an allocator", b"memory allocation of "),
    ("the alloc crate", b"library/alloc/src"),
    ("the standard library", b"library/std/src"),
    ("glibc", b"GLIBC_"),
    ("a dynamic linker", b"/lib/ld-"),
];

/// Says everything that is wrong with a linked `pilot`; empty is well.
pub fn complaints(elf: &[u8], arch: Arch) -> Vec<String> {
    let file = match object::File::parse(elf) {
        Ok(file) => file,
        Err(error) => return vec![format!("it is no ELF file: {error}")],
    };
    let calls = calls(arch);
    let mut complaints = Vec::new();
    if file.architecture() != calls.machine {
        complaints.push(format!("it is for {:?}", file.architecture()));
    }
    if file.endianness() != Endianness::Little {
        complaints.push("it is big-endian".into());
    }
    if file.section_by_name(".interp").is_some() || file.section_by_name(".dynamic").is_some() {
        complaints.push("it asks for a dynamic linker".into());
    }
    for (what, text) in TRACES {
        if elf.windows(text.len()).any(|window| window == text) {
            complaints.push(format!("{what} is linked into it"));
        }
    }
    if file.is_64() {
        complain_of_segments::<FileHeader64<Endianness>>(elf, &mut complaints);
    } else {
        complain_of_segments::<FileHeader32<Endianness>>(elf, &mut complaints);
    }
    let mut found = Vec::new();
    for section in file.sections().filter(|section| section.kind() == SectionKind::Text) {
        (calls.numbers)(section.data().unwrap_or_default(), &mut |number| found.push(number));
    }
    for (name, number) in calls.forbidden {
        if found.contains(number) {
            complaints.push(format!("it calls {name}"));
        }
    }
    for (name, number) in calls.expected {
        if !found.contains(number) {
            complaints.push(format!("its call of {name} is not found: this search is blind"));
        }
    }
    complaints
}

/// What is written is never executed: neither the program's own pages nor its stack, of which
/// the kernel assumes the worst if nothing is said, elf(5).
fn complain_of_segments<Header: FileHeader<Endian = Endianness>>(
    elf: &[u8],
    complaints: &mut Vec<String>,
) {
    let headers = Header::parse(elf)
        .and_then(|header| Ok((header.endian()?, header.program_headers(header.endian()?, elf)?)));
    let Ok((endian, headers)) = headers else {
        complaints.push("it cannot be loaded".into());
        return;
    };
    let flags_of = |kind| {
        headers
            .iter()
            .filter(move |header| header.p_type(endian) == kind)
            .map(move |header| header.p_flags(endian).0)
    };
    if flags_of(PT_LOAD).any(|flags| flags & PF_W.0 != 0 && flags & PF_X.0 != 0) {
        complaints.push("a part of it is both writable and executable".into());
    }
    if flags_of(PT_GNU_STACK).next().is_none_or(|flags| flags & PF_X.0 != 0) {
        complaints.push("its stack is executable".into());
    }
}

fn calls(arch: Arch) -> Calls {
    /// aarch64 and riscv64 share the kernel's generic numbers.
    const GENERIC_FORBIDDEN: &[(&str, u32)] = &[("brk", 214), ("mremap", 216), ("mmap", 222)];
    const GENERIC_EXPECTED: &[(&str, u32)] = &[("execve", 221), ("clone3", 435)];
    match arch {
        Arch::X86_64 => Calls {
            machine: Architecture::X86_64,
            forbidden: &[("mmap", 9), ("brk", 12), ("mremap", 25)],
            expected: &[("execve", 59), ("clone3", 435)],
            numbers: x86_64,
        },
        Arch::Aarch64 => Calls {
            machine: Architecture::Aarch64,
            forbidden: GENERIC_FORBIDDEN,
            expected: GENERIC_EXPECTED,
            numbers: aarch64,
        },
        Arch::Riscv64 => Calls {
            machine: Architecture::Riscv64,
            forbidden: GENERIC_FORBIDDEN,
            expected: GENERIC_EXPECTED,
            numbers: riscv64,
        },
        Arch::Armv7 => Calls {
            machine: Architecture::Arm,
            forbidden: &[("brk", 45), ("mremap", 163), ("mmap2", 192)],
            expected: &[("execve", 11), ("clone3", 435)],
            numbers: armv7,
        },
    }
}

/// The code before each place at which `call` stands, of which every `step`th byte can be the
/// start of an instruction.
fn before_calls<'c>(
    code: &'c [u8],
    call: &'static [u8],
    step: usize,
) -> impl Iterator<Item = &'c [u8]> {
    (0..code.len())
        .step_by(step)
        .filter(move |&at| code[at..].starts_with(call))
        .map(|at| &code[at.saturating_sub(WINDOW_BYTES)..at])
}

fn half(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 2)?;
    Some(u32::from(u16::from_le_bytes([bytes[0], bytes[1]])))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// `mov eax, N` and `push N; pop rax` before `syscall`.
fn x86_64(code: &[u8], found: &mut dyn FnMut(u32)) {
    for before in before_calls(code, &[0x0f, 0x05], 1) {
        for at in 0..before.len() {
            match before[at..] {
                [0xb8, a, b, c, d, ..] => found(u32::from_le_bytes([a, b, c, d])),
                [0x6a, number, 0x58, ..] => found(u32::from(number)),
                _ => {}
            }
        }
    }
}

/// `mov x8, N` and `mov w8, N` before `svc 0`.
fn aarch64(code: &[u8], found: &mut dyn FnMut(u32)) {
    for before in before_calls(code, &[0x01, 0x00, 0x00, 0xd4], 4) {
        for instruction in (0..before.len()).step_by(4).filter_map(|at| word(before, at)) {
            if instruction & 0x7fe0_001f == 0x5280_0008 {
                found((instruction >> 5) & 0xffff);
            }
        }
    }
}

/// `li a7, N` before `ecall`.
fn riscv64(code: &[u8], found: &mut dyn FnMut(u32)) {
    for before in before_calls(code, &[0x73, 0x00, 0x00, 0x00], 2) {
        for at in (0..before.len()).step_by(2) {
            if let Some(instruction) = word(before, at)
                && instruction & 0xf_ffff == 0x0_0893
            {
                found(instruction >> 20);
            }
        }
    }
}

/// `mov r7, N` before `svc 0`, in Thumb code, whatever was copied to r7 before that; or `mov rM, N`
/// and `mov r7, rM`, for r7 is the frame pointer, too.
fn armv7(code: &[u8], found: &mut dyn FnMut(u32)) {
    for before in before_calls(code, &[0x00, 0xdf], 2) {
        let halves = || (0..before.len()).step_by(2).filter_map(|at| Some((at, half(before, at)?)));
        let copied = halves().rfind(|(_, first)| first & 0xff87 == 0x4607);
        let source = copied.map_or(7, |(_, first)| first >> 3 & 0xf);
        let is_number = |register: u32| register == 7 || register == source;
        for (at, first) in halves() {
            if first & 0xf800 == 0x2000 && is_number(first >> 8 & 7) {
                found(first & 0xff);
            }
            let Some(second) = half(before, at + 2) else { continue };
            let is_movw = first & 0xfbf0 == 0xf240 && second & 0x8000 == 0;
            if is_movw && is_number(second >> 8 & 0xf) {
                let high = (first & 0xf) << 12 | (first >> 10 & 1) << 11;
                found(high | (second >> 12 & 7) << 8 | second & 0xff);
            }
            let is_mov = first & 0xfbef == 0xf04f && second & 0xf000 == 0;
            if is_mov && is_number(second >> 8 & 0xf) {
                found(second & 0xff);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use object::elf::PF_R;

    use super::*;

    fn numbers(search: fn(&[u8], &mut dyn FnMut(u32)), code: &[u8]) -> Vec<u32> {
        let mut found = Vec::new();
        search(code, &mut |number| found.push(number));
        found
    }

    #[test]
    fn each_architecture_s_way_to_call_is_seen() {
        assert_eq!(numbers(x86_64, &[0xb8, 12, 0, 0, 0, 0x0f, 0x05]), [12]);
        assert_eq!(numbers(x86_64, &[0x6a, 9, 0x58, 0x0f, 0x05]), [9]);
        let aarch64_code = [0xc8, 0x1a, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4];
        assert_eq!(numbers(aarch64, &aarch64_code), [214]);
        let riscv64_code = [0x93, 0x08, 0x60, 0x0d, 0x73, 0x00, 0x00, 0x00];
        assert_eq!(numbers(riscv64, &riscv64_code), [214]);
        assert_eq!(numbers(armv7, &[0x2d, 0x27, 0x00, 0xdf]), [45]);
        assert_eq!(numbers(armv7, &[0x40, 0xf2, 0xb3, 0x17, 0x00, 0xdf]), [435]);
        // movs r3, 192; movs r2, 45; mov r7, r2; svc 0
        assert_eq!(numbers(armv7, &[0xc0, 0x23, 0x2d, 0x22, 0x17, 0x46, 0x00, 0xdf]), [45]);
        // mov r7, r2, of a call before; movw r7, 435; svc 0
        assert_eq!(numbers(armv7, &[0x17, 0x46, 0x40, 0xf2, 0xb3, 0x17, 0x00, 0xdf]), [435]);
    }

    #[test]
    fn a_number_far_from_a_call_is_none() {
        let mut code = vec![0xb8, 12, 0, 0, 0];
        code.extend([0x90; WINDOW_BYTES]);
        code.extend([0x0f, 0x05]);
        assert!(numbers(x86_64, &code).is_empty());
    }

    /// The offset of the first program header of that kind in a 64-bit ELF file, and its flags.
    fn header(elf: &[u8], kind: u32, flags: u32) -> usize {
        let first = word(elf, 32).unwrap() as usize;
        (first..)
            .step_by(56)
            .find(|at| word(elf, *at) == Some(kind) && word(elf, at + 4) == Some(flags))
            .unwrap()
    }

    #[test]
    fn what_is_written_must_not_be_executed() {
        const STACK: &str = "its stack is executable";
        const SEGMENT: &str = "a part of it is both writable and executable";
        let this = std::fs::read("/proc/self/exe").unwrap();
        let said = |elf: &[u8]| complaints(elf, Arch::X86_64);
        assert!(!said(&this).iter().any(|line| [STACK, SEGMENT].contains(&line.as_str())));
        let read_and_write = (PF_R | PF_W).0;
        let mut data = this.clone();
        let at = header(&this, PT_LOAD.0, read_and_write);
        data[at + 4] |= PF_X.0 as u8;
        assert!(said(&data).contains(&SEGMENT.to_owned()));
        let mut stack = this.clone();
        let at = header(&this, PT_GNU_STACK.0, read_and_write);
        stack[at + 4] |= PF_X.0 as u8;
        assert!(said(&stack).contains(&STACK.to_owned()));
        // A kind that means nothing: as if there were no such header.
        stack[at] = 0;
        assert!(said(&stack).contains(&STACK.to_owned()));
    }

    /// This very test is linked with everything that pilot must not have.
    #[test]
    fn an_ordinary_program_is_complained_of() {
        let this = std::fs::read("/proc/self/exe").unwrap();
        let complaints = complaints(&this, Arch::X86_64).join("\n");
        for what in ["a dynamic linker", "the standard library is linked", "glibc is linked"] {
            assert!(complaints.contains(what), "{what}: {complaints}");
        }
    }
}
