//! The exact sum of floats, computed with big natural numbers of 32-bit digits.

use std::cmp::Ordering;

/// A natural number times 2⁻¹⁰⁷⁴: least significant digit first, without leading zeros.
#[derive(Clone, Default)]
struct Natural(Vec<u32>);

impl Natural {
    /// Adds `value` × 2^`place`.
    fn add(&mut self, value: u128, place: usize) {
        let mut carry = 0_u64;
        let digits: Vec<u32> = (0..6).map(|digit| shifted_digit(value, place % 32, digit)).collect();
        for at in 0.. {
            let index = place / 32 + at;
            if at >= digits.len() && carry == 0 {
                break;
            }
            if index >= self.0.len() {
                self.0.resize(index + 1, 0);
            }
            let sum = u64::from(self.0[index]) + u64::from(digits.get(at).copied().unwrap_or(0)) + carry;
            self.0[index] = sum as u32;
            carry = sum >> 32;
        }
    }

    fn plus(&self, other: &Natural) -> Natural {
        let mut sum = self.clone();
        for (index, digit) in other.0.iter().enumerate() {
            sum.add(u128::from(*digit), 32 * index);
        }
        while sum.0.last() == Some(&0) {
            sum.0.pop();
        }
        sum
    }

    /// For numbers that `plus` returned.
    fn compare(&self, other: &Natural) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

fn shifted_digit(value: u128, shift: usize, digit: usize) -> u32 {
    let from = (32 * digit) as i64 - shift as i64;
    match from {
        ..0 => (value << -from) as u32,
        0..128 => (value >> from) as u32,
        _ => 0,
    }
}

/// A sum of floats, with positive and negative terms apart.
#[derive(Clone, Default)]
pub(super) struct Oracle {
    plus: Natural,
    minus: Natural,
}

impl Oracle {
    pub(super) fn of(rows: &[(f64, i64)]) -> Self {
        let mut oracle = Oracle::default();
        for (value, copies) in rows {
            oracle.add(*value, *copies);
        }
        oracle
    }

    fn add(&mut self, value: f64, copies: i64) {
        assert!(value.is_finite());
        let field = (value.to_bits() >> 52 & 0x7ff) as usize;
        let fraction = value.to_bits() & ((1 << 52) - 1);
        let significand = if field == 0 { fraction } else { fraction | 1 << 52 };
        self.add_units(u128::from(significand), field.max(1) - 1, value.is_sign_negative() != (copies < 0), copies);
    }

    fn add_units(&mut self, significand: u128, place: usize, negative: bool, copies: i64) {
        let side = if negative { &mut self.minus } else { &mut self.plus };
        side.add(significand * u128::from(copies.unsigned_abs()), place);
    }

    /// Compares twice the sum with `rows` times the sum of the two floats between which it should be.
    fn twice_against(&self, rows: i64, (a, b): (Edge, Edge)) -> Ordering {
        let mut other = Oracle::default();
        for edge in [a, b] {
            match edge {
                Edge::Float(float) => other.add(float, rows),
                Edge::Beyond { exponent, negative } => other.add_units(1, 1074 + exponent, negative, rows),
            }
        }
        let left = self.plus.plus(&self.plus).plus(&other.minus);
        let right = self.minus.plus(&self.minus).plus(&other.plus);
        left.compare(&right)
    }

    /// Checks that a float is the nearest one to the sum divided by `rows`, with ties to even.
    pub(super) fn check(&self, rows: i64, rounded: f64) {
        let (below, above) = (float_towards(rounded, -1), float_towards(rounded, 1));
        self.check_between(rows, rounded, below, above, Edge::f64(rounded), rounded.to_bits() & 1 == 0);
    }

    /// The same for the sum as an `f32`.
    pub(super) fn check_f32(&self, rounded: f32) {
        let (below, above) = (short_towards(rounded, -1), short_towards(rounded, 1));
        self.check_between(1, rounded.into(), below, above, Edge::f32(rounded), rounded.to_bits() & 1 == 0);
    }

    fn check_between(&self, rows: i64, rounded: f64, below: Option<Edge>, above: Option<Edge>, at: Edge, even: bool) {
        if let Some(below) = below {
            let order = self.twice_against(rows, (below, at));
            assert!(order.is_gt() || order.is_eq() && even, "{rounded:e} is too large");
        }
        if let Some(above) = above {
            let order = self.twice_against(rows, (at, above));
            assert!(order.is_lt() || order.is_eq() && even, "{rounded:e} is too small");
        }
    }
}

/// A float, or the number that would follow the largest float: ±2^`exponent`.
#[derive(Clone, Copy)]
enum Edge {
    Float(f64),
    Beyond { exponent: usize, negative: bool },
}

impl Edge {
    fn f64(float: f64) -> Self {
        let negative = float < 0.0;
        if float.is_infinite() { Edge::Beyond { exponent: 1024, negative } } else { Edge::Float(float) }
    }

    fn f32(float: f32) -> Self {
        let negative = float < 0.0;
        if float.is_infinite() { Edge::Beyond { exponent: 128, negative } } else { Edge::Float(float.into()) }
    }
}

/// The neighbour of a float; `None` beyond an infinity.
fn float_towards(float: f64, direction: i32) -> Option<Edge> {
    let next = if direction > 0 { float.next_up() } else { float.next_down() };
    (next.to_bits() != float.to_bits()).then(|| Edge::f64(next))
}

fn short_towards(float: f32, direction: i32) -> Option<Edge> {
    let next = if direction > 0 { float.next_up() } else { float.next_down() };
    (next.to_bits() != float.to_bits()).then(|| Edge::f32(next))
}
