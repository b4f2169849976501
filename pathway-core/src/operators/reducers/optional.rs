//! Sums and means of `Option` columns: as in SQL, `None` is skipped.

use serde::{Deserialize, Serialize};

use super::{Averageable, ReduceError, Summable};

/// The total of the values that are not `None`, and their number.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OptionalTotal<Total> {
    total: Total,
    values: i64,
}

/// The sum of the values that are not `None`; `None` if there are none.
#[diagnostic::do_not_recommend]
impl<T: Summable> Summable for Option<T> {
    type Total = OptionalTotal<T::Total>;

    #[inline]
    fn add(total: &mut Self::Total, value: Self, diff: i64) {
        if let Some(value) = value {
            T::add(&mut total.total, value, diff);
            total.values = total.values.wrapping_add(diff);
        }
    }

    fn sum(OptionalTotal { total, values }: &Self::Total) -> Result<Self, ReduceError> {
        if *values == 0 { Ok(None) } else { T::sum(total).map(Some) }
    }
}

/// The mean of the values that are not `None`; `None` if there are none.
#[diagnostic::do_not_recommend]
impl<T: Averageable> Averageable for Option<T> {
    type Mean = Option<T::Mean>;

    fn mean(OptionalTotal { total, values }: &Self::Total, _rows: i64) -> Self::Mean {
        (*values != 0).then(|| T::mean(total, *values))
    }
}
