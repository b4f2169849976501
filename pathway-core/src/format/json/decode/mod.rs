//! JSON documents become rows, column by column.
//!
//! [`decode`] checks the payload, the schema's `decode_row` walks it with [`object`] and [`array()`], and a
//! [`Slot`] keeps what was found for each column until the row is put together.
//! A document is read once: fields that no column asks for are skipped where they stand, nothing is copied
//! but what the row keeps, and each value knows its place in the payload, for the reports.

mod changes;
mod document;
mod scan;
mod slot;
mod walk;

mod container;
mod scalar;
mod text;
mod time;

pub use super::decode::changes::decode_change;
pub use super::decode::document::{decode, decode_message};
pub use super::decode::slot::Slot;
pub use super::decode::walk::{array, object};
