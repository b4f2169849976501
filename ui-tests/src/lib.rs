//! The crate for the tests of compile errors; see `README.md` and `tests/ui.rs`.
