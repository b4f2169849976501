//! The service of a pipeline in NATS' service protocol: what `nats micro` gets to see.

mod answers;
mod life;
mod many_requests;
mod permissions;
mod support;
