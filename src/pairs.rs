//! Which pairs of bytes stand most often in the texts that `src/packed.rs` packs: a part of the
//! build script. Sources are searched for texts here, not read as the compiler does; what is
//! missed, or taken for one by mistake, makes packed texts longer and never wrong.

use std::path::Path;

/// Bytes that stand for a pair: those that are not ASCII, then control characters but for a
/// newline and the mark of a value.
const CODES: [std::ops::RangeInclusive<u8>; 3] = [128..=255, 1..=9, 11..=31];
/// Room for as many, from byte 128 on and round to byte 31.
const PLACES: usize = 160;

/// The pairs for the sources below a folder, as Rust. A later pair may have earlier ones in it.
pub(crate) fn rust(sources: &Path) -> String {
    let mut texts = Vec::new();
    collect(sources, &mut texts);
    let mut codes = vec![0; 1 << 16];
    let mut pairs = [[0; 2]; PLACES];
    for code in CODES.into_iter().flatten() {
        let mut counts = vec![0_u32; 1 << 16];
        for text in &texts {
            for pair in packed(text, &codes).windows(2) {
                counts[index(pair[0], pair[1])] += 1;
            }
        }
        let best = (0..counts.len()).max_by_key(|&pair| counts[pair]).unwrap_or_default();
        codes[best] = code;
        pairs[usize::from(code.wrapping_sub(128))] = [(best >> 8) as u8, best as u8];
    }
    format!("const PAIRS: [[u8; 2]; {PLACES}] = {pairs:?};\n")
}

fn index(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

/// As `packed::Draft` does it.
fn packed(text: &[u8], codes: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for &byte in text {
        bytes.push(byte);
        while let [.., first, second] = bytes[..]
            && codes[index(first, second)] != 0
        {
            bytes.truncate(bytes.len() - 2);
            bytes.push(codes[index(first, second)]);
        }
    }
    bytes
}

/// All literals in calls of `packed!` and its kin.
fn collect(path: &Path, texts: &mut Vec<Vec<u8>>) {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).expect("sources can be read");
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        return paths.iter().for_each(|path| collect(path, texts));
    }
    let source = std::fs::read_to_string(path).unwrap_or_default();
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    for call in source.split("packed").skip(1) {
        let arguments = call.trim_start_matches(|character: char| {
            character == '_' || character.is_ascii_lowercase()
        });
        if let Some(arguments) = arguments.strip_prefix("!(") {
            literals(arguments, call.starts_with("_names"), texts);
        }
    }
}

/// The literals up to the parenthesis that ends a call; names, too, where they are texts.
fn literals(call: &str, has_names: bool, texts: &mut Vec<Vec<u8>>) {
    let mut depth = 1;
    let mut rest = call.chars();
    while depth > 0
        && let Some(character) = rest.next()
    {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            '"' => texts.push(literal(&mut rest)),
            'A'..='Z' if has_names => texts.push(name(character, &mut rest)),
            _ => {}
        }
    }
}

fn name(first: char, rest: &mut std::str::Chars<'_>) -> Vec<u8> {
    let tail = rest.as_str();
    let end = tail.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(tail.len());
    *rest = tail[end..].chars();
    format!("{first}{}", &tail[..end]).into_bytes()
}

fn literal(rest: &mut std::str::Chars<'_>) -> Vec<u8> {
    let mut text = String::new();
    while let Some(character) = rest.next() {
        match character {
            '"' => break,
            '\\' => match rest.next() {
                Some('n') => text.push('\n'),
                Some('\n') => {
                    let next = rest.as_str().trim_start();
                    *rest = next.chars();
                }
                other => text.extend(other),
            },
            other => text.push(other),
        }
    }
    text.retain(|character| character.is_ascii());
    text.replace("{}", "\0").into_bytes()
}
