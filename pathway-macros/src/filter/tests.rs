//! What `filter!` makes of its input.
