//! Finds out what a type consists of: reads a value of it from a deserializer that notes what is asked for.
//!
//! The types of states derive serde's traits, users' types too, and nothing else is known of them. What they ask for when they are
//! read is what they have written. Rows and enums of columns, which postcard writes without names, announce their names.

use std::fmt;

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::announce::listening;
use super::node::Node;
use super::tracer::{OneEntry, TraceError, Tracer, Values, Variant, unexpected};
use super::{Layout, Scalar};

/// How often a type is read, to see each variant of its enums.
const MOST_ROUNDS: usize = 1024;

/// The layout of what `read` reads, which is called several times. If it refuses the values that it gets, the layout is opaque, with
/// this name.
pub(crate) fn layout_of<T>(name: &str, mut read: impl FnMut(Tracer<'_>) -> Result<T, TraceError>) -> Layout {
    let mut node = Node::Unknown;
    for _ in 0..MOST_ROUNDS {
        let outcome = listening(|| read(Tracer { node: &mut node, levels: 0 }));
        if outcome.is_err() {
            break;
        }
        if node.is_complete() {
            return node.into_layout().unwrap_or_else(|| Layout::Opaque(name.to_owned()));
        }
    }
    Layout::Opaque(name.to_owned())
}

impl serde::de::Error for TraceError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        TraceError(message.to_string())
    }
}

impl Tracer<'_> {
    fn tuple<'de, V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, TraceError> {
        visitor.visit_seq(self.values(len)?)
    }
}

/// Answers for single values. One is a valid number, month, day, hour, and document.
macro_rules! scalars {
    ($($method:ident $scalar:ident $visit:ident $value:expr;)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
            self.scalar(Scalar::$scalar)?;
            visitor.$visit($value)
        }
    )+};
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = TraceError;

    scalars! {
        deserialize_bool Bool visit_bool true;
        deserialize_i8 I8 visit_i8 1;
        deserialize_i16 I16 visit_i16 1;
        deserialize_i32 I32 visit_i32 1;
        deserialize_i64 I64 visit_i64 1;
        deserialize_i128 I128 visit_i128 1;
        deserialize_u8 U8 visit_u8 1;
        deserialize_u16 U16 visit_u16 1;
        deserialize_u32 U32 visit_u32 1;
        deserialize_u128 U128 visit_u128 1;
        deserialize_f32 F32 visit_f32 1.0;
        deserialize_f64 F64 visit_f64 1.0;
        deserialize_char Char visit_char '1';
        deserialize_str String visit_str "1";
        deserialize_string String visit_string "1".to_owned();
        deserialize_bytes Bytes visit_bytes &[1];
        deserialize_byte_buf Bytes visit_byte_buf vec![1];
        deserialize_unit Unit visit_unit_value ();
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
        visitor.visit_some(self.option()?)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, TraceError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, TraceError> {
        visitor.visit_newtype_struct(self.newtype(name)?)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
        visitor.visit_seq(self.seq()?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, TraceError> {
        self.tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, TraceError> {
        self.tuple(len, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TraceError> {
        self.tuple(fields.len(), visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
        visitor.visit_map(self.map()?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TraceError> {
        visitor.visit_enum(self.variant(variants.len())?)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, TraceError> {
        Err(TraceError("it does not say what it reads".to_owned()))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TraceError> {
        self.deserialize_any(visitor)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// `visit_unit` in the form of the other methods.
trait VisitUnit<'de>: Visitor<'de> {
    fn visit_unit_value(self, (): ()) -> Result<Self::Value, TraceError> {
        self.visit_unit()
    }
}

impl<'de, V: Visitor<'de>> VisitUnit<'de> for V {}

impl<'de> SeqAccess<'de> for Values<'_> {
    type Error = TraceError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, TraceError> {
        match self.next() {
            Ok(Some(tracer)) => match seed.deserialize(tracer) {
                Ok(value) => Ok(Some(value)),
                Err(error) => Err(error),
            },
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl<'de> MapAccess<'de> for OneEntry<'_> {
    type Error = TraceError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, TraceError> {
        let Some(node) = self.key.take() else { return Ok(None) };
        seed.deserialize(Tracer::inside(node, self.levels)?).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, TraceError> {
        let node = self.value.take().ok_or_else(unexpected)?;
        seed.deserialize(Tracer::inside(node, self.levels)?)
    }
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = TraceError;
    type Variant = Tracer<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Tracer<'a>), TraceError> {
        let number: U32Deserializer<TraceError> = (self.number as u32).into_deserializer();
        Ok((seed.deserialize(number)?, self.tracer))
    }
}

impl<'de> VariantAccess<'de> for Tracer<'_> {
    type Error = TraceError;

    fn unit_variant(self) -> Result<(), TraceError> {
        self.scalar(Scalar::Unit)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, TraceError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, TraceError> {
        self.tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TraceError> {
        self.tuple(fields.len(), visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its layout matters")]
    enum Shape {
        Point,
        Circle(f64),
        Named { name: String, inner: Option<Kind> },
    }

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its layout matters")]
    enum Kind {
        Small,
        Large(BTreeMap<u8, [char; 2]>),
    }

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its layout matters")]
    struct List {
        next: Option<Box<List>>,
    }

    #[test]
    fn all_variants_are_seen() {
        let scalar = Layout::Scalar;
        let pair = Layout::Tuple(vec![scalar(Scalar::Char), scalar(Scalar::Char)]);
        let map = Layout::Map(scalar(Scalar::U8).into(), pair.into());
        let kind = Layout::Variants(vec![scalar(Scalar::Unit), map]);
        let named = Layout::Tuple(vec![scalar(Scalar::String), Layout::Option(kind.into())]);
        let expected = Layout::Variants(vec![scalar(Scalar::Unit), scalar(Scalar::F64), named]);
        assert_eq!(layout_of("Shape", |reader| Shape::deserialize(reader)), expected);
    }

    #[test]
    fn a_type_that_has_no_layout_has_a_name() {
        assert_eq!(layout_of("List", |reader| List::deserialize(reader)), Layout::Opaque("List".to_owned()));
        let refuses = |reader: Tracer<'_>| match String::deserialize(reader)?.as_str() {
            "yes" => Ok(()),
            _ => Err(serde::de::Error::custom("no")),
        };
        assert_eq!(layout_of("Yes", refuses), Layout::Opaque("Yes".to_owned()));
    }
}
