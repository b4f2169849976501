//! Items of any type, on their way through the dataflow.
//!
//! Timely's operators and channels are long generic code: made for every type of items, they would be most of what is
//! compiled of a user's pipeline. Made for packets, they are compiled once, with this crate. A packet also costs
//! timely less than its items one by one.

use std::any::Any;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::Item;

/// Items that came together, and are for one worker.
#[derive(Clone)]
pub(super) struct ErasedBatch {
    /// Which worker they are for.
    pub(super) to: u64,
    items: Items,
}

enum Items {
    Here(Box<dyn AnyBatch>),
    /// They came from another process. Which type they are of knows who takes them.
    Bytes(Vec<u8>),
}

/// What a packet needs of a vector of items.
trait AnyBatch: Send {
    fn clone_datum(&self) -> Box<dyn AnyBatch>;
    fn to_bytes(&self) -> bincode::Result<Vec<u8>>;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<D: Item> AnyBatch for Vec<D> {
    fn clone_datum(&self) -> Box<dyn AnyBatch> {
        Box::new(self.clone())
    }

    fn to_bytes(&self) -> bincode::Result<Vec<u8>> {
        bincode::serialize(self)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl ErasedBatch {
    pub(super) fn new<D: Item>(to: u64, items: Vec<D>) -> Self {
        ErasedBatch { to, items: Items::Here(Box::new(items)) }
    }

    /// The items.
    ///
    /// # Panics
    /// If they are of another type, or were not written by [`ErasedBatch`]: each flow has packets of one type, and the
    /// processes of a pipeline run the same program.
    pub(super) fn open<D: Item>(self) -> Vec<D> {
        match self.items {
            Items::Here(items) => match items.into_any().downcast() {
                Ok(items) => *items,
                Err(_) => unreachable!("a packet of other items"),
            },
            Items::Bytes(bytes) => match bincode::deserialize(&bytes) {
                Ok(items) => items,
                Err(error) => unreachable!("a packet of other items: {error}"),
            },
        }
    }
}

impl Clone for Items {
    fn clone(&self) -> Self {
        match self {
            Items::Here(items) => Items::Here((**items).clone_datum()),
            Items::Bytes(bytes) => Items::Bytes(bytes.clone()),
        }
    }
}

impl Serialize for ErasedBatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.items {
            Items::Here(items) => (self.to, (**items).to_bytes().map_err(ser::Error::custom)?).serialize(serializer),
            Items::Bytes(bytes) => (self.to, bytes).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ErasedBatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (to, bytes) = Deserialize::deserialize(deserializer).map_err(de::Error::custom)?;
        Ok(ErasedBatch { to, items: Items::Bytes(bytes) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_out_as_they_went_in() {
        let items = vec![(1_i64, "one".to_owned()), (2, "two".to_owned())];
        let packet = ErasedBatch::new(3, items.clone());
        let bytes = bincode::serialize(&packet.clone()).expect("bytes");
        let elsewhere: ErasedBatch = bincode::deserialize(&bytes).expect("a packet");
        assert_eq!(elsewhere.to, 3);
        let further: ErasedBatch =
            bincode::deserialize(&bincode::serialize(&elsewhere).expect("bytes")).expect("a packet");
        for packet in [packet.clone(), packet, elsewhere, further] {
            assert_eq!(packet.open::<(i64, String)>(), items);
        }
    }
}
