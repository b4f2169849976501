//! The input of most cases, as rows of this crate and of differential.

use pathway::prelude::*;

use super::history::{self, Removals};
use crate::support::random::Random;

#[derive(Clone, Debug, Schema)]
pub(super) struct Order {
    pub(super) city: String,
    pub(super) day: i64,
    pub(super) shop: Option<i64>,
    pub(super) quantity: i64,
    pub(super) price: f64,
}

/// An order in differential: city, day, shop, quantity, and the price in sixteenths.
pub(super) type Line = (String, i64, Option<i64>, i64, i64);

/// The history of a seed. There are few keys and values, so that rows match and cancel.
pub(super) fn history(seed: u64, removals: Removals) -> Vec<Vec<(Line, i64)>> {
    history::history(&mut Random::new(seed), removals, |random| {
        let city = random.pick(&["Oslo", "Rome", ""]).to_owned();
        let shop = random.pick(&[None, Some(0), Some(1)]);
        (city, random.pick(&[1, 2]), shop, random.pick(&[-1, 0, 1, 2]), random.pick(&[-8, 0, 1, 24, 1 << 20]))
    })
}

pub(super) fn order((city, day, shop, quantity, sixteenths): Line) -> Order {
    Order { city, day, shop, quantity, price: price(sixteenths) }
}

pub(super) fn line(order: &Order) -> Line {
    (order.city.clone(), order.day, order.shop, order.quantity, (order.price * 16.0) as i64)
}

pub(super) fn price(sixteenths: i64) -> f64 {
    sixteenths as f64 / 16.0
}

/// The bits of a float, in which both zeros are equal.
pub(super) fn bits(float: f64) -> u64 {
    (float + 0.0).to_bits()
}
