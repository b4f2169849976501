//! Enums without fields as columns: JSON strings.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serializer};

use crate::data::{DecodeJson, JsonText, Mismatch, TextForm};

/// An enum without fields. The variants are numbered as they are declared.
pub trait EnumColumn: Sized {
    /// The variants' names on the wire.
    const NAMES: &'static [&'static str];

    /// The same as JSON strings.
    const JSON: &'static [&'static str];

    /// The number of this variant.
    fn ordinal(&self) -> usize;

    /// The variant of that number.
    fn nth(ordinal: usize) -> Option<Self>;

    /// Orders variants as they are declared.
    fn compare_choice(&self, other: &Self) -> Ordering {
        self.ordinal().cmp(&other.ordinal())
    }

    /// Feeds the variant to a hasher.
    fn feed_choice<H: Hasher>(&self, state: &mut H) {
        self.ordinal().hash(state);
    }

    /// Writes the variant's number.
    fn serialize_choice<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.ordinal() as u64)
    }

    /// Reads a variant's number.
    fn deserialize_choice<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ordinal = <u64 as Deserialize>::deserialize(deserializer)?;
        let known = usize::try_from(ordinal).ok().and_then(Self::nth);
        known.ok_or_else(|| serde::de::Error::custom(format_args!("there is no variant number {ordinal}")))
    }

    /// The names that are known, for messages.
    fn expected_choice() -> Cow<'static, str> {
        let names: Vec<_> = Self::JSON.iter().map(|name| format!("`{name}`")).collect();
        match names.as_slice() {
            [only] => only.clone().into(),
            names => format!("one of {}", names.join(", ")).into(),
        }
    }

    /// Finds the variant that a JSON string names.
    fn decode_choice(value: JsonText<'_>) -> Result<Self, Mismatch> {
        let mut ordinal = Self::JSON.iter().position(|json| *json == value.text);
        if ordinal.is_none() && value.text.contains('\\') {
            // The sender escaped what need not be: `"\u006fslo"`.
            let name = String::decode_json(value)?;
            ordinal = Self::NAMES.iter().position(|known| *known == name);
        }
        let choice = ordinal.and_then(Self::nth);
        choice.ok_or_else(|| Mismatch::new(Self::expected_choice(), value.text, value.offset))
    }

    /// Writes the variant's name as it is.
    fn encode_choice_text(&self, _: TextForm, out: &mut Vec<u8>) {
        if let Some(name) = Self::NAMES.get(self.ordinal()) {
            out.extend_from_slice(name.as_bytes());
        }
    }

    /// Writes the variant's name as a JSON string.
    fn encode_choice(&self, out: &mut Vec<u8>) {
        if let Some(json) = Self::JSON.get(self.ordinal()) {
            out.extend_from_slice(json.as_bytes());
        }
    }
}
