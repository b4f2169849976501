//! Batches of items of any type, as they travel through timely. A batch also costs timely less than its items one by one.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::dataflow::batch::Batch;

/// Items that were sent together, for one worker.
pub(super) struct ErasedBatch {
    /// The worker that they are for.
    pub(super) worker: u64,
    pub(super) items: Box<dyn Batch>,
}

impl Clone for ErasedBatch {
    fn clone(&self) -> Self {
        ErasedBatch { worker: self.worker, items: self.items.clone_batch() }
    }
}

/// Why it is not serialized. Timely asks for serde's traits because of workers in other processes, and a pipeline is one process.
/// The serialization of each type of item would be a good part of what is compiled of a user's pipeline.
const ONE_PROCESS: &str = "a batch does not leave its process";

impl Serialize for ErasedBatch {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom(ONE_PROCESS))
    }
}

impl<'de> Deserialize<'de> for ErasedBatch {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(de::Error::custom(ONE_PROCESS))
    }
}
