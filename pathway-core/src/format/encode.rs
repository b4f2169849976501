//! The trait of encoders: rows become messages.

use crate::data::{EncodeError, Schema};

/// Encodes changes of rows as payloads: for `nats::write(..).encode(..)` and
/// [`Table::message_sink`](crate::plan::Table::message_sink). Some [formats](super::values) are there already; this trait is
/// for those of your own.
///
/// A function or closure is an encoder, and so is a type that implements this trait, which can have settings, such as
/// [`Dsv`](super::Dsv). A row that cannot be encoded is an [`EncodeError`]: it is counted and reported, it goes to the
/// dead-letter subject as JSON if there is one, and the pipeline continues.
///
/// ```
/// use pathway::format::ChangeInfo;
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Reading { sensor: String, value: f64 }
///
/// let broker = pathway::testing::Broker::new();
/// let pipeline = Pipeline::new();
/// let readings = pipeline.rows([Reading { sensor: "roof".into(), value: 21.5 }]);
/// nats::write(&readings, &broker, "readings").encode(|row: &Reading, _: ChangeInfo, payload: &mut Vec<u8>| {
///     payload.extend_from_slice(format!("{}={}", row.sensor, row.value).as_bytes());
///     Ok(())
/// });
/// pipeline.run()?;
/// assert_eq!(broker.published("readings")[0].text(), "roof=21.5");
/// # Ok::<(), pathway::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot encode rows of `{R}`",
    label = "not an encoder of these rows",
    note = "an encoder is a `fn(&{R}, ChangeInfo, &mut Vec<u8>) -> Result<(), EncodeError>`, a closure like it, \
            or a type that implements `Encode<{R}>`"
)]
pub trait Encode<R>: Send + Sync + 'static {
    /// Appends the payload of one message to `payload`, which may have content already.
    ///
    /// # Errors
    /// The row cannot be encoded: why. What was appended is discarded.
    fn encode(&self, row: &R, change: ChangeInfo, payload: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Appends a row as the value of a key in a bucket, where there is no `diff` and no `time`.
    ///
    /// Default: [`encode`](Encode::encode) with `diff` 1 and `time` 0.
    ///
    /// # Errors
    /// Those of [`encode`](Encode::encode).
    fn encode_value(&self, row: &R, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encode(row, ChangeInfo::new(1, 0), payload)
    }

    /// Checks the settings once, when the sink is declared. Default: they are valid.
    ///
    /// # Errors
    /// Why the settings are invalid, as a sentence for people. The pipeline does not start.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// What becomes of the removal of a row. Default: it is written, as an insertion is.
    fn removals(&self) -> Removals {
        Removals::Written
    }

    /// The payload of a message before the first row, such as a line of column names. Default: none.
    fn preamble(&self) -> Option<Vec<u8>> {
        None
    }
}

/// What becomes of the removal of a row in a sink; see [`Encode::removals`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removals {
    /// It is a message, as an insertion is.
    #[default]
    Written,
    /// It is no message. The sink writes insertions only.
    LeftOut,
    /// There must not be any: a pipeline in which rows of the table can be removed does not start.
    Refused,
}

/// The `diff` and the `time` of a change, which a sink writes beside its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeInfo {
    /// 1 for an insertion, -1 for a removal.
    pub diff: i64,
    /// The time of the commit, in unix milliseconds.
    pub time: u64,
}

impl ChangeInfo {
    /// The `diff` and `time` of a change, for tests of an encoder.
    pub const fn new(diff: i64, time: u64) -> Self {
        ChangeInfo { diff, time }
    }
}

#[diagnostic::do_not_recommend]
impl<R: Schema, F> Encode<R> for F
where
    F: Fn(&R, ChangeInfo, &mut Vec<u8>) -> Result<(), EncodeError> + Send + Sync + 'static,
{
    fn encode(&self, row: &R, change: ChangeInfo, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        self(row, change, payload)
    }
}
