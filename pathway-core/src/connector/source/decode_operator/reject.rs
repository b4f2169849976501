//! What becomes of a message that cannot be decoded, or of a part of it.

use super::super::decode_settings::OnDecodeError;
use super::super::message_place::Place;
use super::DecodeOperator;
use crate::connector::sink::EncodedBatch;
use crate::data::{DecodeError, Error, ErrorKind, Message, Schema};
use crate::format::RejectedPart;
use crate::plan::SourceArrivals;
use crate::telemetry::Level;

impl<R: Schema> DecodeOperator<R> {
    /// Rejects a message, or parts of it. Where the pipeline stops at the first, that is all there is to say.
    pub(super) fn reject_all(
        &mut self,
        message: &Message<'_>,
        place: &Place<'_>,
        error: Option<DecodeError>,
        dead_letters: &mut Option<EncodedBatch>,
    ) {
        let parts = std::mem::take(&mut self.decoded.rejected).into_iter().map(Rejected::Part);
        for rejected in parts.chain(error.map(Rejected::Message)) {
            self.reject(message, place, rejected, dead_letters);
            if self.is_stopped {
                return;
            }
        }
    }

    fn reject(
        &mut self,
        message: &Message<'_>,
        place: &Place<'_>,
        rejected: Rejected,
        dead_letters: &mut Option<EncodedBatch>,
    ) {
        self.link.counters.rejected.add(1);
        if self.settings.on_error == OnDecodeError::Skip
            && self.arrivals.as_ref().is_some_and(SourceArrivals::is_confirmed)
        {
            // An earlier run has reported it.
            return;
        }
        let output = self.settings.dead_letters.as_ref();
        let is_own = output.is_some_and(|output| output.is_own(message));
        if let Some(output) = output.filter(|_| !is_own) {
            let batch = dead_letters.get_or_insert_with(|| output.batch(self.commit));
            match &rejected {
                Rejected::Message(error) => output.add(batch, message, error),
                Rejected::Part(part) => {
                    let (part, error) = part.as_message(message);
                    output.add(batch, &part, &error);
                }
            }
            self.link.counters.dead_letters.add(1);
        }
        let (what, error) = match &rejected {
            Rejected::Message(error) => ("a message", error),
            Rejected::Part(part) => ("a row of a message", &part.error),
        };
        match self.settings.on_error {
            OnDecodeError::Skip => {
                let note =
                    if is_own { "; it is a dead letter of this pipeline, and does not become one again" } else { "" };
                self.errors.report(Level::Error, 1, format_args!("{what} {place} is skipped: {error}{note}"));
            }
            OnDecodeError::Stop => {
                let message = format!(
                    "source `{}`: {what} {place} cannot be decoded, and the source stops at decode \
                     errors: {error}",
                    self.link.name
                );
                self.link.control.stop_with(Error::new(ErrorKind::Decode, message));
                self.is_stopped = true;
            }
        }
    }
}

/// What could not be decoded.
enum Rejected {
    Message(DecodeError),
    Part(RejectedPart),
}
