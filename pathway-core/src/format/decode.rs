//! The trait of decoders: messages become rows.

use super::DecodedRows;
use crate::data::{Change, DecodeError, Message, Metadata, Schema};

/// Decodes messages into rows: for `nats::read(..).decode(..)` and
/// [`Pipeline::message_source`](crate::plan::Pipeline::message_source). Some [formats](super::values) are there already; this
/// trait is for those of your own.
///
/// A function or closure is a decoder, and so is a type that implements this trait, which can have settings. A message that
/// cannot be decoded is a [`DecodeError`]: it is counted and reported, it goes to the dead-letter subject if there is one,
/// and the pipeline continues. A decoder must not panic, whatever a payload contains.
///
/// ```
/// use pathway::prelude::*;
/// use pathway::format::{Message, DecodeError};
///
/// #[derive(Schema, Debug, PartialEq)]
/// struct Reading { sensor: String, value: f64 }
///
/// /// `sensor=value`
/// fn reading(message: &Message<'_>) -> Result<Reading, DecodeError> {
///     let text = std::str::from_utf8(message.payload).map_err(|error| DecodeError::payload("not UTF-8", error.valid_up_to()))?;
///     let (sensor, value) = text.split_once('=').ok_or_else(|| DecodeError::payload("there is no `=`", text.len()))?;
///     let value = value.parse().map_err(|_| DecodeError::payload("not a number", sensor.len() + 1))?;
///     Ok(Reading { sensor: sensor.to_owned(), value })
/// }
///
/// let broker = pathway::testing::Broker::new();
/// let pipeline = Pipeline::new();
/// let readings = nats::read(&pipeline, &broker, "readings").decode(reading);
/// let seen = readings.collect();
/// broker.publish("readings", "roof=21.5");
/// broker.commit();
/// broker.close();
/// pipeline.run()?;
/// assert_eq!(seen.rows(), [Reading { sensor: "roof".into(), value: 21.5 }]);
/// # Ok::<(), pathway::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot decode messages",
    label = "not a decoder",
    note = "a decoder is a `fn(&Message<'_>) -> Result<Row, DecodeError>`, a closure like it, or a type that implements `Decode`"
)]
pub trait Decode: Send + Sync + 'static {
    /// The row that a message is decoded into.
    type Row: Schema;

    /// Decodes a message.
    ///
    /// # Errors
    /// The message cannot be decoded: why, and where in the payload.
    fn decode(&self, message: &Message<'_>) -> Result<Self::Row, DecodeError>;

    /// Decodes a message into a change: a row that is inserted or removed. Default: it inserts the row of
    /// [`decode`](Decode::decode).
    ///
    /// # Errors
    /// Those of [`decode`](Decode::decode).
    fn decode_change(&self, message: &Message<'_>) -> Result<Change<Self::Row>, DecodeError> {
        self.decode(message).map(Change::insert)
    }

    /// Decodes a message that may hold several rows, all of which take effect in one commit. Default: the one change of
    /// [`decode_change`](Decode::decode_change).
    ///
    /// A part of the message that is not a row is [rejected](DecodedRows::reject) by itself.
    ///
    /// ```
    /// use pathway::format::{Decode, DecodeError, DecodedRows, Message};
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Word { word: String }
    ///
    /// struct Words;
    ///
    /// impl Decode for Words {
    ///     type Row = Word;
    ///
    ///     fn decode(&self, _: &Message<'_>) -> Result<Word, DecodeError> {
    ///         Err(DecodeError::message("a text has many words"))
    ///     }
    ///
    ///     fn decode_rows(&self, message: &Message<'_>, rows: &mut DecodedRows<Word>) -> Result<(), DecodeError> {
    ///         let text = std::str::from_utf8(message.payload).map_err(|error| DecodeError::payload("not UTF-8", error.valid_up_to()))?;
    ///         text.split_whitespace().for_each(|word| rows.insert(Word { word: word.into() }));
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let broker = pathway::testing::Broker::new();
    /// let pipeline = Pipeline::new();
    /// let words = nats::read(&pipeline, &broker, "texts").decode(Words).collect();
    /// broker.publish("texts", "so far");
    /// broker.commit();
    /// broker.close();
    /// pipeline.run()?;
    /// assert_eq!(words.rows(), ["far", "so"].map(|word| Word { word: word.into() }));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    ///
    /// # Errors
    /// Nothing of the message can be decoded.
    fn decode_rows(&self, message: &Message<'_>, rows: &mut DecodedRows<Self::Row>) -> Result<(), DecodeError> {
        rows.change(self.decode_change(message)?);
        Ok(())
    }

    /// Whether [`decode_change`](Decode::decode_change) may remove rows. A primary key then does not replace rows: whoever
    /// writes the changes removes the old row. Default: no.
    fn has_changes(&self) -> bool {
        false
    }

    /// The metadata that the decoder reads; sources keep no other metadata. Default: what the row's columns need.
    fn metadata(&self) -> Metadata {
        <Self::Row as Schema>::METADATA
    }
}

#[diagnostic::do_not_recommend]
impl<R: Schema, F> Decode for F
where
    F: Fn(&Message<'_>) -> Result<R, DecodeError> + Send + Sync + 'static,
{
    type Row = R;

    fn decode(&self, message: &Message<'_>) -> Result<R, DecodeError> {
        self(message)
    }
}
