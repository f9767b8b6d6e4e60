//! The board's units, compiled into the program, and the sizes that follow from them.

use unit::{Table, TableError};

/// How many of everything this board has.
pub mod limits {
    include!(concat!(env!("OUT_DIR"), "/limits.rs"));
}

static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/table.bin"));

/// The table, checked.
///
/// # Errors
/// The program is damaged.
pub fn open() -> Result<Table<'static>, TableError> {
    Table::open(BYTES)
}
