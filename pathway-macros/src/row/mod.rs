//! What `filter!`, `select!` and `reduce!` share: how a row is named, used and built.
//!
//! Parsing: [`head`] (`o in orders`), [`output`] (`{ id: o.id }`) and [`rest`] (`..o` in it).
//! Rewriting: [`walk`] goes through the user's expressions, [`place`] says what the row's columns become in them.
//! Tokens: [`expand`] builds the row, [`extent`] keeps errors under the user's words.

pub(crate) mod check;
pub(crate) mod expand;
pub(crate) mod extent;
pub(crate) mod head;
pub(crate) mod output;
pub(crate) mod place;
pub(crate) mod rest;
pub(crate) mod tokens;
pub(crate) mod walk;
