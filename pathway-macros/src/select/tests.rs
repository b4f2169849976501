//! What `select!` makes of its input.
