//! A format that a program brings along.

use crate::data::{DecodeError, Message, Metadata, Schema};

/// Makes rows of messages, for formats that the crate does not know; see `nats::read(..).decode(..)`.
///
/// A closure will do, or a type with settings of its own. What can't be read is a [`DecodeError`]: it is counted,
/// reported and sent to the dead-letter subject, and the pipeline goes on. A decoder must not panic, whatever a payload
/// says.
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
    /// The row that a message becomes.
    type Row: Schema;

    /// Makes a row of a message.
    ///
    /// # Errors
    /// The message can't be read: why, and where in the payload.
    fn decode(&self, message: &Message<'_>) -> Result<Self::Row, DecodeError>;

    /// What the decoder looks at beside subject and payload: only that is kept. By default what the row's columns want.
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
