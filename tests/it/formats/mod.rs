//! Formats other than plain JSON rows, metadata columns, headers, subjects and dead letters.

mod changes;
mod dead_letters;
mod events;
mod input;
mod json_lines;
mod metadata;
mod output;
mod random;

mod support;
