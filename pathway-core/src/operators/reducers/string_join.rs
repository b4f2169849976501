//! `string_join`: joins the texts of a group in the order of arrival.

use super::arrivals::Arrivals;
use super::{ReduceError, Reducer};
use crate::data::Datum;

/// The texts of a group in the order of arrival, with a separator between them: `string_join(o.city, ", ")`.
///
/// `None` is skipped, as in SQL's `string_agg`; the result of an `Option` column is `None` if there is no text. The order is that
/// of [`Tuple`](super::Tuple). Every change of a group makes a new text.
///
/// ```
/// use pathway::reducers::{Reducer, StringJoin};
///
/// let (join, mut texts) = (StringJoin::new(", "), Default::default());
/// for (text, diff) in [("Oslo", 1), ("Rome", 1), ("Bonn", 1), ("Rome", -1)] {
///     join.update(&mut texts, text.to_owned(), diff);
/// }
/// assert_eq!(Reducer::<String>::output(&join, &texts), Ok("Oslo, Bonn".to_owned()));
/// ```
#[derive(Clone, Debug, Default)]
pub struct StringJoin {
    separator: String,
}

impl StringJoin {
    /// The reducer with a separator.
    pub fn new(separator: &str) -> Self {
        StringJoin { separator: separator.to_owned() }
    }
}

impl<A: Text> Reducer<A> for StringJoin {
    const ORDERED: bool = true;

    type State = Arrivals<String>;
    type Output = A::Joined;

    fn update(&self, texts: &mut Arrivals<String>, argument: A, diff: i64) {
        Reducer::<A>::update_row(self, texts, 0, argument, diff);
    }

    fn update_row(&self, texts: &mut Arrivals<String>, row: u64, argument: A, diff: i64) {
        if let Some(text) = argument.text() {
            texts.update(row, text, diff);
        }
    }

    fn output(&self, texts: &Arrivals<String>) -> Result<A::Joined, ReduceError> {
        let mut each = texts.each();
        let joined = each.next().map(|first| {
            let mut joined = first.clone();
            for text in each {
                joined.push_str(&self.separator);
                joined.push_str(text);
            }
            joined
        });
        Ok(A::joined(joined))
    }
}

/// A column that `string_join` can join: a `String` or an `Option<String>`, whose `None` has no text.
///
/// ```
/// use pathway::reducers::Text;
///
/// assert_eq!(Some("Oslo".to_owned()).text(), Some("Oslo".to_owned()));
/// assert_eq!(Option::<String>::joined(None), None);
/// ```
#[diagnostic::on_unimplemented(
    message = "cannot `string_join` a column of `{Self}`",
    label = "this is not a `String`",
    note = "convert it to text first, as in `string_join(o.id.to_string(), \", \")`"
)]
pub trait Text: Datum {
    /// The type of the result.
    type Joined: 'static;

    /// The text, if there is one.
    fn text(self) -> Option<String>;

    /// The result; `None` if there were no texts.
    fn joined(joined: Option<String>) -> Self::Joined;
}

impl Text for String {
    type Joined = String;

    fn text(self) -> Option<String> {
        Some(self)
    }

    fn joined(joined: Option<String>) -> String {
        joined.unwrap_or_default()
    }
}

impl Text for Option<String> {
    type Joined = Option<String>;

    fn text(self) -> Option<String> {
        self
    }

    fn joined(joined: Option<String>) -> Option<String> {
        joined
    }
}
