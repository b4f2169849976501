//! JSON: documents become rows by their schema, and rows become JSON objects, byte for byte as Pathway writes them.

pub mod decode;
pub mod encode;
