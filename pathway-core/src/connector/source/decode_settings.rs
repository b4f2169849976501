//! What happens with messages that cannot be decoded.

use super::dead_letters::DeadLetterOutput;

/// What to do with a message that cannot be decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDecodeError {
    /// Count it, report it, continue. The first ones are reported one by one, later ones once a second with their number.
    #[default]
    Skip,
    /// End the pipeline with an error that says what is wrong with the message. Everything before the message is committed and
    /// written; nothing of it, and nothing after it.
    Stop,
}

/// What to do with messages that cannot be decoded.
#[derive(Clone, Default)]
pub(crate) struct DecodeSettings {
    pub(crate) on_error: OnDecodeError,
    pub(crate) dead_letters: Option<DeadLetterOutput>,
}
