//! Compiles the board into the binary.
fn main() {}
