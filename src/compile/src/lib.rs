//! Unit text to table.
