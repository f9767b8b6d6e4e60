//! Every explanation holds: its example is told with its code and no other, the mended form with
//! nothing at all.

mod common;

use std::collections::BTreeSet;

use common::{Folder, diagnostics};
use compile::{Source, codes, explain};

/// Codes whose example cannot stand in a text.
const WITHOUT_EXAMPLE: &[&str] = &["E100", "E101", "E102", "W603"];

fn told(files: &[Source], lint: bool) -> BTreeSet<&'static str> {
    let folder = Folder::with(files);
    diagnostics(&folder.0, lint).iter().map(|each| each.code.id).collect()
}

#[test]
fn every_example_is_told_and_its_mended_form_is_not() {
    let mut wrong = Vec::new();
    for code in codes::ALL.iter().filter(|code| !WITHOUT_EXAMPLE.contains(&code.id)) {
        let lint = code.id.starts_with('L');
        let (bad, good) = (told(&explain::wrong(code), lint), told(&explain::right(code), lint));
        if bad != BTreeSet::from([code.id]) {
            wrong.push(format!("explain/{}.md: `Wrong` is told with {bad:?}", code.id));
        }
        if explain::right(code).is_empty() || !good.is_empty() {
            wrong.push(format!("explain/{}.md: `Right` is told with {good:?}", code.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_explanation_has_words_of_its_own_and_short_lines() {
    for code in codes::ALL {
        let text = code.explanation;
        assert!(text.len() > 60 && text.ends_with('\n'), "explain/{}.md says too little", code.id);
        let long = text.lines().find(|line| line.chars().count() > 100);
        assert_eq!(long, None, "explain/{}.md", code.id);
    }
}
