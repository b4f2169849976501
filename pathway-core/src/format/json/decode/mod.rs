//! Decodes JSON documents into rows, column by column.
//!
//! [`decode`] checks the payload, the schema's `decode_row` walks it with [`object`] and [`array()`], and a [`Slot`] keeps
//! the value of each column until the row is complete.
//! A document is read once: members without a column are skipped, nothing is copied except what the row keeps, and each
//! value knows its position in the payload, for error messages.

mod changes;
mod document;
mod lines;
mod scan;
mod slot;
mod walk;

mod container;
mod scalar;
mod text;
mod time;

pub use super::decode::changes::decode_change;
pub use super::decode::document::{decode, decode_message};
pub use super::decode::lines::decode_lines;
pub use super::decode::slot::Slot;
pub use super::decode::walk::{array, object};
