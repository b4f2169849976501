//! Everything that a pipeline needs: `use pathway::prelude::*;`.

pub use std::time::Duration;

pub use crate::bytes::Bytes;
pub use crate::jiff::{SignedDuration, ToSpan};
pub use crate::nats;
pub use crate::reducers::{Accumulator, Reducer};
pub use crate::{
    Change, ColumnType, DateTimeNaive, DateTimeUtc, Json, OnDecodeError, Pipeline, Schema, Table, filter, join, reduce,
    select,
};
