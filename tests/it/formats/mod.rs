//! Formats other than plain JSON rows, metadata columns, headers, subjects and dead letters.

mod dead_letters;
mod input;
mod metadata;
mod output;
mod random;

mod support;
