//! What comes in and goes out besides JSON: text, bytes, changes, metadata, headers, subjects, dead letters.

mod dead_letters;
mod input;
mod metadata;
mod output;
mod random;

mod support;
