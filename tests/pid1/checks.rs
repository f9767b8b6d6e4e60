//! The units of `tests/checks`, each of which checks itself.

use std::path::Path;
use std::time::Instant;

use crate::try_cases;
use crate::world::{PATIENCE, World};

#[path = "../checks/verdict.rs"]
mod verdict;

pub fn all(world: &mut World) {
    try_cases(world, &[("units_see_what_they_expect", units_see_what_they_expect)]);
}

fn units_see_what_they_expect(world: &mut World) {
    let checks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checks");
    world.control(&["start", "checks.target"]);
    let begin = Instant::now();
    loop {
        let verdict = verdict::judge(&checks, &world.control(&verdict::QUESTION));
        let is_over = verdict.waiting.is_empty() || begin.elapsed() > PATIENCE;
        if !verdict.wrong.is_empty() || is_over {
            world.hear();
            let said = &world.said;
            assert!(verdict.wrong.is_empty(), "{}\n{said}", verdict.wrong.join("\n"));
            assert!(verdict.waiting.is_empty(), "never ran: {:?}\n{said}", verdict.waiting);
            return;
        }
    }
}
