//! Connections between the processes of one pipeline.
//!
//! A process knows its [`ClusterSettings`]. A [`Cluster`] listens for the others, and forms: afterwards each process has a [`Link`] to
//! each other one, by which they exchange data and control messages. When one link is lost, all are, in all processes; what used
//! them ends, and the cluster forms again.
//!
//! ```text
//! listener ──► handshake ──► reception ─┐
//!              (who is it?)             ├─► forming ──► links: link, link, … ──► pipe
//!              handshake ◄── connect ───┘                (heartbeat)            (bytes, control)
//! ```

mod conversation;
mod digest;
mod follow;
mod forming;
mod frame;
mod handshake;
mod lead;
mod link;
mod links;
mod listener;
mod pipe;
mod reception;
mod settings;

#[cfg(test)]
mod tests;

pub(crate) use digest::program_digest;
pub(crate) use forming::{Cluster, PATIENCE, Progress};
pub(crate) use frame::Kind;
pub(crate) use link::Link;
pub(crate) use links::Links;
pub(crate) use pipe::{OnControl, Pipe};
pub(crate) use settings::ClusterSettings;
