//! cargo board.
fn main() {}
