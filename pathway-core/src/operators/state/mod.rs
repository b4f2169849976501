//! What operators keep from one commit to the next.

pub(crate) mod event_time;
pub(crate) mod in_order;
pub(crate) mod keyed;
