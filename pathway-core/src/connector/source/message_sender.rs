//! The methods that only a sender of rows has, refused for a sender of messages with an error that says what to do instead.

use super::{MessageSender, Stopped};

/// What a sender of messages takes: nothing, because only a batch can hold messages. No type implements it.
#[diagnostic::on_unimplemented(
    message = "a sender of messages takes no `{Self}`",
    label = "put messages and positions into a `MessageBatch`",
    note = "fill a batch with `batch.push(subject, payload)` and `batch.set_position(position)`, and hand it over with \
            `sender.send(&mut batch)`"
)]
pub trait SentAlone {}

#[doc(hidden)]
impl MessageSender {
    pub fn insert<T: SentAlone>(&self, _row: T) -> Result<(), Stopped> {
        Err(Stopped)
    }

    pub fn remove<T: SentAlone>(&self, _row: T) -> Result<(), Stopped> {
        Err(Stopped)
    }

    pub fn set_position<T: SentAlone>(&self, _position: T) -> Result<(), Stopped> {
        Err(Stopped)
    }
}
