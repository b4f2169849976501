//! `#[derive(Schema)]` and `#[derive(ColumnType)]`, from JSON to a row and back.

mod column_types;
mod data;
mod decoding;
mod flatten;
mod names;
mod pointers;
mod support;
mod unix_time;
