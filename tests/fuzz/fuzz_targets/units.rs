//! Searches for input that makes the compiler panic, hang or eat memory:
//!
//! ```text
//! cargo install cargo-fuzz
//! cargo +nightly fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz units -- \
//!     -dict=tests/fuzz/units.dict -timeout=5 -rss_limit_mb=1024
//! ```
//! What it finds goes to `tests/fuzz/corpus/units` under a name that says what it was, together
//! with what mends it: `src/compile/tests/corpus.rs` replays the corpus in every test run.
#![no_main]

#[path = "../../../src/compile/tests/common/answer.rs"]
mod answer;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| answer::holds(bytes));
