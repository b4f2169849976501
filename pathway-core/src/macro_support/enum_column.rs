//! Enums without fields as columns: JSON strings.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serializer};

use crate::data::{Announcement, DecodeJson, JsonText, Mismatch, TextForm, announce};

/// An enum without fields. Its variants are numbered from 0 in the order of their declaration.
pub trait EnumColumn: Sized {
    /// The names of the variants on the wire.
    const NAMES: &'static [&'static str];

    /// The same names as JSON strings, with quotes and escapes.
    const JSON: &'static [&'static str];

    /// The number of this variant.
    fn ordinal(&self) -> usize;

    /// The variant with a number.
    fn from_ordinal(ordinal: usize) -> Option<Self>;

    /// Orders variants by their numbers.
    fn compare_variant(&self, other: &Self) -> Ordering {
        self.ordinal().cmp(&other.ordinal())
    }

    /// Feeds the variant to a hasher.
    fn hash_variant<H: Hasher>(&self, state: &mut H) {
        self.ordinal().hash(state);
    }

    /// Writes the variant's number.
    fn serialize_variant<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.ordinal() as u64)
    }

    /// Reads a variant's number.
    fn deserialize_variant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        announce(|| Announcement::Enum(Self::NAMES));
        let ordinal = <u64 as Deserialize>::deserialize(deserializer)?;
        let known = usize::try_from(ordinal).ok().and_then(Self::from_ordinal);
        known.ok_or_else(|| serde::de::Error::custom(format_args!("there is no variant number {ordinal}")))
    }

    /// The known names, for error messages.
    fn expected_variants() -> Cow<'static, str> {
        let names: Vec<_> = Self::JSON.iter().map(|name| format!("`{name}`")).collect();
        match names.as_slice() {
            [only] => only.clone().into(),
            names => format!("one of {}", names.join(", ")).into(),
        }
    }

    /// Finds the variant that a JSON string names.
    fn decode_variant(value: JsonText<'_>) -> Result<Self, Mismatch> {
        let mut ordinal = Self::JSON.iter().position(|json| *json == value.text);
        if ordinal.is_none() && value.text.contains('\\') {
            // The sender escaped characters that need no escape: `"\u006fslo"`.
            let name = String::decode_json(value)?;
            ordinal = Self::NAMES.iter().position(|known| *known == name);
        }
        let variant = ordinal.and_then(Self::from_ordinal);
        variant.ok_or_else(|| Mismatch::new(Self::expected_variants(), value.text, value.offset))
    }

    /// Writes the variant's name without quotes.
    fn encode_variant_text(&self, _: TextForm, out: &mut Vec<u8>) {
        if let Some(name) = Self::NAMES.get(self.ordinal()) {
            out.extend_from_slice(name.as_bytes());
        }
    }

    /// Writes the variant's name as a JSON string.
    fn encode_variant(&self, out: &mut Vec<u8>) {
        if let Some(json) = Self::JSON.get(self.ordinal()) {
            out.extend_from_slice(json.as_bytes());
        }
    }
}
