//! Decodes booleans, numbers, durations and values of any kind from JSON.

use std::borrow::Cow;

use jiff::SignedDuration;

use crate::data::{DecodeJson, Json, JsonText, Mismatch, json_read};

impl DecodeJson for bool {
    fn expected() -> Cow<'static, str> {
        "a boolean (bool)".into()
    }

    #[inline]
    fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch> {
        match value.text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(mismatch::<Self>(value)),
        }
    }
}

/// An integer within the type's range, written without a fraction or exponent: `3.0` and `1e3` are errors.
///
/// The check of the syntax has rejected `+1` and `007`, which the standard library reads and JSON does not allow.
macro_rules! integer {
    ($($type:ident),+) => {$(
        impl DecodeJson for $type {
            fn expected() -> Cow<'static, str> {
                concat!("an integer (", stringify!($type), ")").into()
            }

            #[inline]
            fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch> {
                match value.text.parse() {
                    Ok(integer) => Ok(integer),
                    // The standard library accepts no sign for unsigned types.
                    Err(_) if value.text == "-0" => Ok(0),
                    Err(_) => Err(mismatch::<Self>(value)),
                }
            }
        }
    )+};
}

integer!(i8, i16, i32, i64, u8, u16, u32, u64);

/// Any number, as the nearest float; a number outside the type's range is an error. -0.0 is read as 0.0: the two are equal, so
/// which of them a group shows would depend on which came first.
macro_rules! float {
    ($($type:ident),+) => {$(
        impl DecodeJson for $type {
            fn expected() -> Cow<'static, str> {
                concat!("a number (", stringify!($type), ")").into()
            }

            #[inline]
            fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch> {
                // The standard library also reads `inf` and `nan`, which do not begin like numbers and are not JSON.
                let is_number = value.text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
                match value.text.parse::<$type>() {
                    Ok(float) if is_number && float.is_finite() => Ok(float + 0.0),
                    _ => Err(mismatch::<Self>(value)),
                }
            }
        }
    )+};
}

float!(f32, f64);

/// An integer: nanoseconds.
impl DecodeJson for SignedDuration {
    fn expected() -> Cow<'static, str> {
        "an integer, the nanoseconds (SignedDuration)".into()
    }

    fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch> {
        i64::decode_json(value).map(SignedDuration::from_nanos).map_err(|_| mismatch::<Self>(value))
    }
}

/// Any value except `null`; arrays and objects may be nested 126 deep.
///
/// Integers beyond 64 bits become floats.
impl DecodeJson for Json {
    fn expected() -> Cow<'static, str> {
        "any value but null (Json)".into()
    }

    fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch> {
        if value.text == "null" {
            return Err(mismatch::<Self>(value));
        }
        json_read::read_checked(value.text, json_read::DEPTH_LIMIT).map(Json).map_err(|error| {
            // The reader's line and column count from the start of the value.
            let reason = error.to_string();
            let reason = reason.rsplit_once(" at line ").map_or(reason.as_str(), |(reason, _)| reason);
            Mismatch::new(format!("{}: {reason}", Self::expected()), value.text, value.offset)
        })
    }
}

/// The type does not accept the value.
#[cold]
pub(super) fn mismatch<T: DecodeJson>(value: JsonText<'_>) -> Mismatch {
    Mismatch::new(T::expected(), value.text, value.offset)
}
