//! The place of a value among those that it can be compared with, as a number.

use crate::data::{DateTimeNaive, DateTimeUtc};
use crate::operators::window::EventTime;

/// Values whose order is that of numbers: of two of them, the lesser one never has the greater number. Different values may have
/// the same number.
pub trait Rank {
    /// The number.
    fn rank(&self) -> i128;
}

/// A value that `join!` compares with one of the other row.
#[derive(Debug)]
pub struct Compared<'a, T: ?Sized>(pub &'a T);

impl<T: Rank + ?Sized> Compared<'_, T> {
    /// The rank of the value.
    #[inline]
    pub fn rank(&self) -> Option<i128> {
        Some(self.0.rank())
    }
}

/// What the method means for values without a rank. For those that have one, the compiler takes the method of the type itself.
pub trait WithoutRank {
    /// No rank.
    fn rank(&self) -> Option<i128> {
        None
    }
}

impl<T: ?Sized> WithoutRank for Compared<'_, T> {}

macro_rules! integers {
    ($($type:ty),*) => {
        $(impl Rank for $type {
            #[inline]
            fn rank(&self) -> i128 {
                i128::from(*self)
            }
        })*
    };
}

integers!(i8, i16, i32, i64, i128, u8, u16, u32, u64);

impl Rank for f64 {
    #[inline]
    fn rank(&self) -> i128 {
        let bits = self.abs().to_bits().cast_signed();
        i128::from(if *self < 0.0 { -bits } else { bits })
    }
}

impl Rank for f32 {
    #[inline]
    fn rank(&self) -> i128 {
        f64::from(*self).rank()
    }
}

/// By the first bytes of the text.
impl Rank for str {
    fn rank(&self) -> i128 {
        let mut bytes = [0; 16];
        bytes[1..].iter_mut().zip(self.as_bytes()).for_each(|(to, from)| *to = *from);
        i128::from_be_bytes(bytes)
    }
}

impl Rank for String {
    fn rank(&self) -> i128 {
        self.as_str().rank()
    }
}

macro_rules! times {
    ($($type:ty),*) => {
        $(impl Rank for $type {
            #[inline]
            fn rank(&self) -> i128 {
                self.ticks()
            }
        })*
    };
}

times!(DateTimeUtc, DateTimeNaive);

/// `None` is less than all values.
impl<T: Rank> Rank for Option<T> {
    fn rank(&self) -> i128 {
        self.as_ref().map_or(i128::MIN, Rank::rank)
    }
}

impl<T: Rank + ?Sized> Rank for &T {
    #[inline]
    fn rank(&self) -> i128 {
        (**self).rank()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Rank + PartialOrd + std::fmt::Debug>(values: &[T]) {
        for one in values {
            for other in values {
                if one <= other {
                    assert!(one.rank() <= other.rank(), "{one:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn the_lesser_value_never_has_the_greater_rank() {
        check(&[i64::MIN, -1, 0, 1, i64::MAX]);
        check(&[0, u64::MAX]);
        check(&[
            f64::NEG_INFINITY,
            -2.5,
            -f64::MIN_POSITIVE,
            -0.0,
            0.0,
            1e-300,
            1.0,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
        ]);
        check(&[f32::NEG_INFINITY, -2.5, -0.0, 0.0, f32::MAX]);
        check(&["", "\0", "a", "ab", "b", "ü", "a long text that differs", "a long text that differs late"]);
        check(&[None, Some(i64::MIN), Some(3)]);
        check(&[Some(String::new()), None, Some("a".to_owned())]);
        let utc = |text: &str| text.parse::<DateTimeUtc>().expect("a time");
        check(&[utc("1901-01-01T00:00:00Z"), utc("2026-01-01T00:00:00.000000001Z"), utc("2026-01-01T00:00:01Z")]);
        let naive = |text: &str| text.parse::<DateTimeNaive>().expect("a time");
        check(&[naive("1901-01-01T00:00:00"), naive("2026-01-01T00:00:00.000000001"), naive("2026-01-01T00:00:01")]);
    }

    #[test]
    fn values_without_a_rank_have_none() {
        #[derive(PartialEq, PartialOrd)]
        enum Size {
            Small,
        }
        assert_eq!((Compared(&Size::Small).rank(), Compared(&3_i64).rank()), (None, Some(3)));
    }
}
