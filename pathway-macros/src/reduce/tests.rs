//! What `reduce!` makes of its input.
