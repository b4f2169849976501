//! A column that holds any JSON value.

use std::fmt;
use std::ops::Deref;

use super::json_read;

/// Any JSON value, for a column whose structure is not known.
///
/// It dereferences to [`serde_json::Value`], so `row.payload["x"].as_i64()` works.
/// An object keeps the order of its keys. `null` is not a `Json` value: it is the `None` of an `Option<Json>`.
///
/// ```
/// use pathway::schema::Json;
///
/// let json = Json::parse(r#"{"x": 5}"#)?;
/// assert_eq!(json["x"].as_i64(), Some(5));
/// assert_eq!(json.to_string(), r#"{"x":5}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Json(pub serde_json::Value);

impl Json {
    /// Reads JSON text.
    ///
    /// # Errors
    /// The text is not JSON, it contains a number that is too large for a float, or its arrays and objects are nested more
    /// than 126 deep.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        json_read::read(text, json_read::DEPTH_LIMIT).map(Json)
    }
}

impl Deref for Json {
    type Target = serde_json::Value;

    fn deref(&self) -> &serde_json::Value {
        &self.0
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        Json(value)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
