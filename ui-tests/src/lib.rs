//! Holds the compile errors of `pathway`; see `README.md` and `tests/ui.rs`.
