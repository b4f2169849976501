//! The default of a column.

use std::fmt;
use std::sync::Arc;

use crate::data::{ColumnType, DatumRef, DynValue};

/// The default of a column, for rows that were saved before the column was added.
#[derive(Clone)]
pub struct ColumnDefault {
    /// As states encode it.
    pub(crate) encoded: Arc<[u8]>,
    pub(crate) value: Arc<dyn DynValue + Send + Sync>,
}

impl ColumnDefault {
    /// A default; `None` if it cannot be encoded.
    pub fn new<T: ColumnType>(value: T) -> Option<Self> {
        let encoded = postcard::to_stdvec(&DatumRef(&value)).ok()?;
        Some(ColumnDefault { encoded: encoded.into(), value: Arc::new(value) })
    }
}

impl fmt::Debug for ColumnDefault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ColumnDefault").field(&self.encoded).finish()
    }
}
