//! What the layout of a state says of its values beyond what they consist of: states mark it by names of newtypes, which take no
//! bytes.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use super::announce::is_listening;
use crate::data::{Datum, DatumKey};

/// A field of a state that has hashes of values of type `A`. It takes no bytes.
pub(crate) struct HashesOf<A>(PhantomData<fn(A)>);

/// By this name, a tracer knows such a field. No type of a user has a name with a space.
pub(super) const HASHES_OF: &str = "hashes of";

/// The name of a newtype for values whose order matters.
pub(crate) const SORTED: &str = "sorted values";

impl<A> Default for HashesOf<A> {
    fn default() -> Self {
        HashesOf(PhantomData)
    }
}

impl<A> Serialize for HashesOf<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de, A: Datum> Deserialize<'de> for HashesOf<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(HASHES_OF, ValueVisitor(PhantomData))
    }
}

struct ValueVisitor<A>(PhantomData<fn(A)>);

impl<'de, A: Datum> Visitor<'de> for ValueVisitor<A> {
    type Value = HashesOf<A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<HashesOf<A>, D::Error> {
        if is_listening() {
            DatumKey::<A>::deserialize(deserializer)?;
        }
        Ok(HashesOf::default())
    }
}
