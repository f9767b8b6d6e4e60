//! Replays what the fuzz target (tests/fuzz) has found, and what leads it far into the compiler.

#[path = "common/answer.rs"]
mod answer;

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn the_corpus_is_answered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus/units");
    let entries = fs::read_dir(folder).expect("the corpus");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    assert!(paths.len() >= 20, "where is the corpus?");
    for path in paths {
        println!("{}", path.display());
        answer::holds(&fs::read(path).expect("a file"));
    }
}

#[test]
fn an_input_is_cut_into_files() {
    let files = answer::files(b"[Unit]\n=== b.socket\n[Socket]\n=== c.conf\n");
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|file| (file.path.as_str(), file.text.as_slice())).collect();
    let expected: [(&str, &[u8]); 3] =
        [("a.service", b"[Unit]\n"), ("b.socket", b"[Socket]\n"), ("c.conf", b"")];
    assert_eq!(files, expected);
}
