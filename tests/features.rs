//! The two halves of what a board may do without name the same features.

use std::collections::BTreeSet;

#[test]
fn the_compiler_and_pilot_know_the_same_features() {
    let asked: BTreeSet<&str> = compile::plan::features::names().collect();
    let known: BTreeSet<&str> = pilotlight::features::NAMES.iter().copied().collect();
    assert_eq!(asked, known);
}
