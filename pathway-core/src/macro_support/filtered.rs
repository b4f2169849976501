//! Columns of `reduce!` with a condition: `total: sum(o.price) where o.paid`.

use crate::operators::reducers::Filtered;

/// The reducer of the rows that meet a condition.
pub fn filtered<R>(reducer: R) -> Filtered<R> {
    Filtered::new(reducer)
}

/// The result of a reducer that has a value of no rows, which is the default of its type.
#[inline]
pub fn or_default<T: Default>(result: Option<T>) -> T {
    result.unwrap_or_default()
}

/// The value of a column of which some row meets the condition.
#[derive(Debug)]
pub struct Present<T>(T);

/// Wraps the value of a column. `present(value).into_option()` is `Some(value)`, but an `Option` stays as it is.
#[inline]
pub fn present<T>(value: T) -> Present<T> {
    Present(value)
}

impl<T> Present<Option<T>> {
    /// The value, which is an `Option`. Where it applies, the compiler prefers this method to the trait's.
    #[inline]
    pub fn into_option(self) -> Option<T> {
        self.0
    }
}

/// What becomes of values that are no `Option`.
pub trait IntoOption: Sized {
    /// The type of the value.
    type Value;

    /// The value as an `Option`.
    fn into_option(self) -> Option<Self::Value>;
}

impl<T> IntoOption for Present<T> {
    type Value = T;

    #[inline]
    fn into_option(self) -> Option<T> {
        Some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_stays_as_it_is() {
        assert_eq!(present(3).into_option(), Some(3));
        assert_eq!(present(Some(3)).into_option(), Some(3));
        assert_eq!(present(None::<i64>).into_option(), None);
        assert_eq!(present("text".to_owned()).into_option().as_deref(), Some("text"));
    }

    #[test]
    fn a_type_parameter_is_no_option() {
        fn wrapped<T>(value: T) -> Option<T> {
            present(value).into_option()
        }
        assert_eq!(wrapped(Some(3)), Some(Some(3)));
    }
}
