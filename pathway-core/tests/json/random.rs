//! Random values of every column type, from a seed that a failing test prints.

use bytes::Bytes;
use jiff::SignedDuration;
use jiff::tz::Offset;
use pathway_core::data::{ColumnType, DateTimeNaive, DateTimeUtc, Json};
use serde_json::Value;

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit as u64) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len())]
    }

    /// Small numbers as often as large ones.
    fn spread(&mut self) -> u64 {
        let shift = self.below(64);
        self.bits() >> shift
    }
}

/// A column type with random values. All values can be written as JSON: floats are finite.
pub(crate) trait Sample: ColumnType + std::fmt::Debug {
    fn sample(random: &mut Random) -> Self;
}

macro_rules! integer {
    ($($type:ty),+) => {$(
        impl Sample for $type {
            fn sample(random: &mut Random) -> Self {
                match random.below(8) {
                    0 => <$type>::MIN,
                    1 => <$type>::MAX,
                    _ if random.below(2) == 0 => random.spread() as $type,
                    _ => (random.spread() as $type).wrapping_neg(),
                }
            }
        }
    )+};
}

integer!(i8, i16, i32, i64, u8, u16, u32, u64);

macro_rules! float {
    ($($type:ty, $bits:ty);+) => {$(
        impl Sample for $type {
            fn sample(random: &mut Random) -> Self {
                let float = match random.below(3) {
                    0 => <$type>::from_bits(random.bits() as $bits),
                    1 => i32::sample(random) as $type / 4.0,
                    _ => *random.pick(&[0.0, -0.0, 1.0, -1.0, <$type>::MAX, <$type>::MIN_POSITIVE]),
                };
                // Without -0.0, which is written and read as 0.0.
                if float.is_finite() { float + 0.0 } else { 0.5 }
            }
        }
    )+};
}

float!(f32, u32; f64, u64);

impl Sample for bool {
    fn sample(random: &mut Random) -> Self {
        random.below(2) == 0
    }
}

impl Sample for String {
    fn sample(random: &mut Random) -> Self {
        let length = random.below(6);
        (0..length)
            .map(|_| match random.below(4) {
                0 => *random.pick(&['"', '\\', '/', '\n', '\0', '\u{1f}', '\u{7f}', '\u{2028}', '\u{feff}', 'é', '😀']),
                1 => char::from_u32(random.bits() as u32 % 0x11_0000).unwrap_or('a'),
                _ => *random.pick(&['a', 'b', ' ']),
            })
            .collect()
    }
}

impl Sample for Bytes {
    fn sample(random: &mut Random) -> Self {
        let length = random.below(9);
        (0..length).map(|_| random.bits() as u8).collect::<Vec<u8>>().into()
    }
}

impl Sample for Json {
    fn sample(random: &mut Random) -> Self {
        match value(random, 3) {
            Value::Null => Json(Value::Bool(true)),
            value => Json(value),
        }
    }
}

fn value(random: &mut Random, depth: usize) -> Value {
    let count = random.below(4);
    match random.below(if depth == 0 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => Value::Bool(bool::sample(random)),
        2 => i64::sample(random).into(),
        3 => u64::sample(random).into(),
        4 => f64::sample(random).into(),
        5 => String::sample(random).into(),
        6 => (0..count).map(|_| value(random, depth - 1)).collect(),
        _ => {
            let key = |random: &mut Random| match random.below(3) {
                0 => String::sample(random),
                1 => "$serde_json::private::RawValue".to_owned(),
                _ => random.pick(&["a", "b"]).to_string(),
            };
            Value::Object((0..count).map(|_| (key(random), value(random, depth - 1))).collect())
        }
    }
}

impl Sample for DateTimeUtc {
    fn sample(random: &mut Random) -> Self {
        // The years 0000 to 9999.
        const FIRST: i64 = -62_167_219_200;
        const LAST: i64 = 253_402_207_200;
        let second = match random.below(4) {
            0 => *random.pick(&[FIRST, 0, LAST]),
            _ => FIRST + (random.bits() % (LAST - FIRST) as u64) as i64,
        };
        DateTimeUtc::new(second, random.below(1_000_000_000) as i32).expect("a time in range")
    }
}

impl Sample for DateTimeNaive {
    fn sample(random: &mut Random) -> Self {
        Offset::UTC.to_datetime(DateTimeUtc::sample(random))
    }
}

impl Sample for SignedDuration {
    fn sample(random: &mut Random) -> Self {
        SignedDuration::from_nanos(i64::sample(random))
    }
}

impl<T: Sample> Sample for Option<T> {
    fn sample(random: &mut Random) -> Self {
        (random.below(4) > 0).then(|| T::sample(random))
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(random: &mut Random) -> Self {
        (0..random.below(4)).map(|_| T::sample(random)).collect()
    }
}

macro_rules! tuple {
    ($($name:ident)+) => {
        impl<$($name: Sample),+> Sample for ($($name,)+) {
            fn sample(random: &mut Random) -> Self {
                ($($name::sample(random),)+)
            }
        }
    };
}

tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C D E F G H I J K L);
