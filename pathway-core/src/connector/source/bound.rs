//! How much a queue holds.

/// How much an [`InputQueue`](super::InputQueue) holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// How many messages or rows. Default: 65 536, a few milliseconds of a flood.
    pub messages: usize,
    /// How many bytes, headers included. Default: 8 MiB.
    pub bytes: usize,
}

impl Default for Bound {
    fn default() -> Self {
        Bound { messages: 64 * 1024, bytes: 8 << 20 }
    }
}

/// The worker takes no more: the pipeline has ended.
#[derive(Clone, Copy, Debug)]
pub struct Closed;
