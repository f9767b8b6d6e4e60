//! House rules, as a test: what a reviewer would otherwise have to say again and again.

use std::fs;
use std::path::{Path, PathBuf};

/// Longest line of source, in columns.
const COLUMNS_MAX: usize = 100;
/// Longest file of product code, in lines above its tests. Down is free, up is argued for here:
/// every arm of the engine's machines is written out.
const FILE_LINES_MAX: usize = 560;
/// Tables as files: as long as there are rows.
const TABLES: [&str; 1] = ["src/unit/src/directives.rs"];
/// Longest function, in lines.
const FUNCTION_LINES_MAX: usize = 100;
/// Folders with code of ours.
const FOLDERS: [&str; 4] = ["src", "tests", "buildroot", "board"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            // What it leads to is read where it stands, if it stands in the repository.
            continue;
        }
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn sources(extension: &str) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    for folder in FOLDERS {
        files_below(&root().join(folder), &mut paths);
    }
    paths.sort();
    let wanted = paths.into_iter().filter(|path| path.extension().is_some_and(|e| e == extension));
    wanted
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            (name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned())
        })
        .collect()
}

/// A file's lines above its inline tests.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text)
}

fn complain(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn lines_are_short_and_finished() {
    // In pieces, so that this file keeps its own rule.
    let unfinished = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X"].concat()];
    let mut complaints = Vec::new();
    for (name, text) in sources("rs") {
        for (number, line) in text.lines().enumerate() {
            let place = format!("{name}:{}", number + 1);
            if line.chars().count() > COLUMNS_MAX {
                complaints.push(format!("{place}: longer than {COLUMNS_MAX} columns"));
            }
            if let Some(word) = unfinished.iter().find(|word| line.contains(word.as_str())) {
                complaints.push(format!("{place}: {word}: finish it or file an issue"));
            }
        }
    }
    complain(complaints);
}

#[test]
fn every_file_says_first_what_it_is() {
    let silent = |(name, text): (String, String)| {
        let first = text.lines().find(|line| !line.starts_with("#!"));
        (!first.is_some_and(|line| line.starts_with("//!")))
            .then(|| format!("{name}: begin with //! and what the file is for"))
    };
    complain(sources("rs").into_iter().filter_map(silent).collect());
}

#[test]
fn files_and_functions_stay_small() {
    let mut complaints = Vec::new();
    for (name, text) in sources("rs") {
        let text = product(&text);
        let lines = text.lines().count();
        let is_table = TABLES.contains(&name.as_str());
        if lines > FILE_LINES_MAX && !name.starts_with("tests/") && !is_table {
            complaints.push(format!("{name}: {lines} lines, {FILE_LINES_MAX} are enough"));
        }
        let mut function: Option<(usize, usize, String)> = None;
        for (number, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let code = line.trim_start();
            if function.is_none() && is_function(code) {
                function = Some((number, indent, code.to_owned()));
            }
            if let Some((begin, depth, head)) = &function
                && indent == *depth
                && code.starts_with('}')
            {
                let length = number - begin;
                if length > FUNCTION_LINES_MAX {
                    complaints.push(format!("{name}:{}: {head}: {length} lines", begin + 1));
                }
                function = None;
            }
        }
    }
    complain(complaints);
}

fn is_function(code: &str) -> bool {
    let code = code.trim_start_matches("pub ").trim_start_matches("pub(super) ");
    let code = code.trim_start_matches("pub(crate) ").trim_start_matches("const ");
    code.starts_with("fn ") && !code.ends_with(';')
}

#[test]
fn unsafe_stays_in_its_ring() {
    // In pieces, so that this file keeps its own rule.
    let word = ["un", "safe"].concat();
    let mut complaints = Vec::new();
    for (name, text) in sources("rs") {
        let ring = ["src/sys/", "src/board/", "tests/pid1/"];
        if ring.iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let block =
                code.contains(&format!("{word} {{")) || code.contains(&format!("{word} fn"));
            if block {
                complaints.push(format!("{name}:{}: {word} belongs into src/sys", number + 1));
            }
        }
    }
    complain(complaints);
}

#[test]
fn the_engine_is_pure_and_total() {
    let mut complaints = Vec::new();
    for (name, text) in sources("rs") {
        if !name.starts_with("src/engine/") {
            continue;
        }
        for (number, line) in product(&text).lines().enumerate() {
            let place = format!("{name}:{}", number + 1);
            let code = line.trim_start();
            if code.starts_with("_ =>") {
                complaints.push(format!("{place}: name every variant"));
            }
            for foreign in ["crate::sys", "crate::run", "rustix", ".unwrap()"] {
                if code.contains(foreign) {
                    complaints.push(format!("{place}: {foreign} has no place in the engine"));
                }
            }
        }
    }
    complain(complaints);
}

#[test]
fn arrows_do_not_turn_back() {
    let mut complaints = Vec::new();
    let rules = [
        ("src/sys/", ["crate::engine", "crate::run", "crate::ctl"]),
        ("src/ctl", ["crate::engine", "crate::run", "crate::log"]),
        ("src/journal", ["crate::engine", "crate::run", "crate::sys"]),
        ("src/logger", ["crate::run", "crate::ctl", "crate::log"]),
        ("src/unit/", ["pilotlight", "compile::", "rustix"]),
        ("src/compile/", ["pilotlight", "rustix", "board::"]),
    ];
    for (name, text) in sources("rs") {
        for (folder, foreign) in rules {
            for word in foreign {
                let used = text
                    .lines()
                    .any(|line| line.trim_start().starts_with("use ") && line.contains(word));
                if name.starts_with(folder) && used {
                    complaints.push(format!("{name}: must not use {word}"));
                }
            }
        }
    }
    complain(complaints);
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let foreign = [["/wo", "rk/"].concat(), ["/ro", "ot/."].concat()];
    let mut complaints = Vec::new();
    for extension in ["rs", "toml", "md", "service", "socket", "conf", "mk", "in", "txt", "snap"] {
        for (name, text) in sources(extension) {
            for word in &foreign {
                if text.contains(word.as_str()) && !name.contains("passwd") {
                    complaints.push(format!("{name}: names {word}"));
                }
            }
        }
    }
    complain(complaints);
}

#[test]
fn a_reason_costs_the_board_no_bytes() {
    let folders = ["src/engine/", "src/run", "src/sys/"];
    let spellings = [".expect(", "unreachable!(", "panic!(", " assert!(", " assert_eq!("];
    let mut complaints = Vec::new();
    for (name, text) in sources("rs") {
        if !folders.iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        for (number, line) in product(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            // What the compiler checks is not in the program; what tells a value is no mere reason.
            let tells = code.contains("!(\"{") || code.contains("{error}");
            let found = spellings.iter().find(|&&spelling| code.contains(spelling));
            if let (Some(spelling), false) = (found, tells || code.starts_with("const _")) {
                let place = format!("{name}:{}", number + 1);
                complaints.push(format!("{place}: {spelling}: write bug! or ensure!, src/bug.rs"));
            }
        }
    }
    complain(complaints);
}

#[test]
fn the_map_leads_to_what_is_there() {
    let map = fs::read_to_string(root().join("src/ARCHITECTURE.md")).unwrap();
    let files: Vec<String> =
        sources("rs").into_iter().map(|(name, _)| format!("/{name}")).collect();
    let words = map.split('`').skip(1).step_by(2);
    let is_path = |word: &&str| {
        word.ends_with(".rs")
            || FOLDERS.iter().any(|folder| word.starts_with(&format!("{folder}/")))
    };
    let is_there = |word: &str| {
        // A file may be called by the end of its path.
        root().join(word).exists() || files.iter().any(|file| file.ends_with(&format!("/{word}")))
    };
    let paths: Vec<&str> = words.filter(|word| is_path(word) && !word.contains('*')).collect();
    assert!(paths.len() >= 50, "they are found: {paths:?}");
    let lost = paths.into_iter().filter(|word| !is_there(word));
    complain(lost.map(|word| format!("src/ARCHITECTURE.md: there is no {word}")).collect());
}

/// A change of a file that the schema knows nothing of would let another build's table be read.
#[test]
fn the_schema_knows_every_file_of_the_model() {
    let wire = fs::read_to_string(root().join("src/unit/src/wire.rs")).unwrap();
    let files = sources("rs").into_iter().map(|(name, _)| name);
    let model = files.filter_map(|name| Some(name.strip_prefix("src/unit/src/model/")?.to_owned()));
    let missing = model.filter(|name| !wire.contains(&format!("include_str!(\"model/{name}\")")));
    complain(missing.map(|name| format!("{name}: add it to SHAPE in wire.rs")).collect());
}

/// A second static of the same number would be refused at run time only.
#[test]
fn statics_that_are_handed_out_once_have_numbers_of_their_own() {
    let mut numbers = Vec::new();
    for (name, text) in sources("rs") {
        for piece in text.split("static ").skip(1) {
            let Some((_, type_)) = piece.split_once(": ") else { continue };
            if !(type_.starts_with("Once<") || type_.starts_with("Array<")) {
                continue;
            }
            let (type_, _) = type_.split_once(" =").expect("a static has a value");
            let number = type_.trim_end_matches('>').rsplit(", ").next().unwrap_or_default();
            let number: u8 = number.trim().parse().expect("the number comes last");
            assert!(number < 32, "{name}: {number}: there are 32 bits");
            numbers.push((number, name.clone()));
        }
    }
    assert!(numbers.len() >= 10, "they are found: {numbers:?}");
    numbers.sort();
    let twice = |pair: &[(u8, String)]| {
        let [(number, first), (other, second)] = pair else { return None };
        (number == other).then(|| format!("{first}, {second}: {number} is taken"))
    };
    complain(numbers.windows(2).filter_map(twice).collect());
}
