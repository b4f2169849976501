//! A format that rows are written in.

use crate::data::{EncodeError, Schema};

/// Makes the payload of a row's change; see `nats::write(..).encode(..)`.
///
/// A closure will do, or a type with settings of its own, such as [`Dsv`](super::Dsv). A row that can't be written is a
/// [`EncodeError`]: it is counted, reported and sent to the dead-letter subject as JSON, and the pipeline goes on.
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
    /// Appends the payload of one message.
    ///
    /// # Errors
    /// The row can't be written in this format: why. What was appended is thrown away.
    fn encode(&self, row: &R, stamp: ChangeInfo, payload: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Appends a row as the value of a key in a bucket, where nothing is said of coming and going.
    ///
    /// By default it is what [`encode`](Encode::encode) makes of a row that comes, at the time 0.
    ///
    /// # Errors
    /// Those of [`encode`](Encode::encode).
    fn encode_value(&self, row: &R, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encode(row, ChangeInfo::new(1, 0), payload)
    }

    /// Whether its settings make sense; asked once, when the sink is declared. By default they do.
    ///
    /// # Errors
    /// What is wrong with them, in words: the pipeline does not start.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// The payload of a message of its own before the first row, such as a line of column names. By default none.
    fn preamble(&self) -> Option<Vec<u8>> {
        None
    }
}

/// What a sink says of a change beside its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeInfo {
    /// 1 for a row that comes, -1 for one that goes.
    pub diff: i64,
    /// The time of the commit: unix milliseconds.
    pub time: u64,
}

impl ChangeInfo {
    /// The stamp of a change.
    pub const fn new(diff: i64, time: u64) -> Self {
        ChangeInfo { diff, time }
    }
}

#[diagnostic::do_not_recommend]
impl<R: Schema, F> Encode<R> for F
where
    F: Fn(&R, ChangeInfo, &mut Vec<u8>) -> Result<(), EncodeError> + Send + Sync + 'static,
{
    fn encode(&self, row: &R, stamp: ChangeInfo, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        self(row, stamp, payload)
    }
}
