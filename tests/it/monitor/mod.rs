//! The monitor of a pipeline, as a client over TCP sees it; and its picture.

mod answers;
mod graph;
mod health;
mod hostile;
mod starts;
pub(crate) mod support;
