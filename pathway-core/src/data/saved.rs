//! What a pipeline requires of the states that it saves.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value that a pipeline can save and load: every owned type that serde can serialize and deserialize.
///
/// It is required of the state of each reducer, accumulator and `scan`. Numbers, texts, times, and tuples and collections of them
/// can be saved. For a type of your own, derive serde's traits; for a field that holds a row or [`Json`](super::Json), which serde
/// does not know, name [`Datum`](super::Datum) as the module that saves it:
///
/// ```
/// use pathway::prelude::*;
///
/// #[derive(Schema, Clone)]
/// struct Reading {
///     sensor: i64,
///     degrees: f64,
///     raw: Json,
/// }
///
/// #[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
/// struct Hottest {
///     rows: i64,
///     #[serde(with = "pathway::schema::Datum")]
///     reading: Option<Reading>,
/// }
///
/// fn is_saved<T: pathway::reducers::Saved>() {}
/// is_saved::<Hottest>();
/// is_saved::<(Vec<String>, Option<DateTimeUtc>)>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be saved",
    label = "a pipeline must be able to save this state",
    note = "derive serde's traits for it: `#[derive(serde::Serialize, serde::Deserialize)]`"
)]
pub trait Saved: Serialize + DeserializeOwned + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + 'static> Saved for T {}
