//! Which pairs of bytes stand most often in the texts that `src/packed.rs` packs: a part of the
//! build script. Sources are searched for texts here, not read as the compiler does; what is
//! missed, or taken for one by mistake, makes packed texts longer and never wrong.

use std::collections::HashMap;
use std::path::Path;

/// As many as there are bytes that are not ASCII.
const COUNT: usize = 128;

/// The pairs for the sources below a folder, as Rust. A later pair may have earlier ones in it.
pub(crate) fn rust(sources: &Path) -> String {
    let mut texts = Vec::new();
    collect(sources, &mut texts);
    let mut codes = HashMap::new();
    let mut pairs = Vec::new();
    while pairs.len() < COUNT {
        let mut counts = HashMap::<[u8; 2], usize>::new();
        for text in &texts {
            for pair in packed(text, &codes).windows(2) {
                *counts.entry([pair[0], pair[1]]).or_default() += 1;
            }
        }
        let best = counts.into_iter().max_by_key(|&(pair, count)| (count, pair));
        let pair = best.map_or([0; 2], |(pair, _)| pair);
        codes.insert(pair, (COUNT + pairs.len()) as u8);
        pairs.push(pair);
    }
    format!("const PAIRS: [[u8; 2]; {COUNT}] = {pairs:?};\n")
}

/// As `packed::Draft` does it.
fn packed(text: &[u8], codes: &HashMap<[u8; 2], u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for &byte in text {
        bytes.push(byte);
        while let [.., first, second] = bytes[..]
            && let Some(&code) = codes.get(&[first, second])
        {
            bytes.truncate(bytes.len() - 2);
            bytes.push(code);
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
            literals(arguments, texts);
        }
    }
}

/// The literals up to the parenthesis that ends a call.
fn literals(call: &str, texts: &mut Vec<Vec<u8>>) {
    let mut depth = 1;
    let mut rest = call.chars();
    while depth > 0
        && let Some(character) = rest.next()
    {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            '"' => texts.push(literal(&mut rest)),
            _ => {}
        }
    }
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
