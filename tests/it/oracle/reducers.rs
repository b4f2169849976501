//! Reducers that need all values of a group: quantiles, variances, greatest values, optional values.

use pathway::prelude::*;

use super::check::check;
use super::differential::{Group, reduce};
use super::orders::bits;

/// The continuous and the discrete quantile.
fn at(sorted: &[i64], q: f64) -> (f64, i64) {
    let place = q * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[place.floor() as usize] as f64, sorted[place.ceil() as usize] as f64);
    let disc = (q * sorted.len() as f64).ceil().max(1.0) as usize - 1;
    (low + (high - low) * place.fract(), sorted[disc])
}

#[test]
fn quantiles_and_medians() {
    check(
        "reduce to ranks",
        |orders| {
            let q = 0.25;
            reduce!(o in orders by o.city => {
                o.city,
                low: quantile(o.quantity, q),
                high: quantile((o.quantity, o.day), 0.75),
                between: quantile_cont(o.quantity, 0.25),
                middle: median(o.quantity),
                least: quantile(o.price, 0.0),
            })
        },
        |row| (row.city.clone(), row.low, row.high, bits(row.between), bits(row.middle), bits(row.least)),
        |rows| {
            let rows = rows.map(|(city, day, _, quantity, sixteenths)| (city, (quantity, day, sixteenths)));
            reduce(rows, |city, group| {
                let quantities = group.all(|value| value.0);
                let pairs = group.all(|value| (value.0, value.1));
                let high = pairs[(0.75 * pairs.len() as f64).ceil() as usize - 1];
                let ((between, low), (middle, _)) = (at(&quantities, 0.25), at(&quantities, 0.5));
                let least = group.min(|value| value.2) as f64 / 16.0;
                (city.clone(), low, high, bits(between), bits(middle), bits(least))
            })
        },
    );
}

#[test]
fn greatest_values() {
    check(
        "reduce to the greatest",
        |orders| {
            reduce!(o in orders by o.day => {
                o.day,
                quantities: top_k(o.quantity, 3),
                shops: top_k((o.shop, o.city), 2),
            })
        },
        |row| (row.day, row.quantities.clone(), row.shops.clone()),
        |rows| {
            let rows = rows.map(|(city, day, shop, quantity, _)| (day, (quantity, shop, city)));
            reduce(rows, |day, group| {
                let (quantities, shops) = (group.all(|value| value.0), group.all(|value| (value.1, value.2.clone())));
                (*day, quantities.into_iter().rev().take(3).collect(), shops.into_iter().rev().take(2).collect())
            })
        },
    );
}

/// The exact sum of squared distances from a group's mean, times the number of its values.
fn distances<V>(group: Group<'_, V>, value: impl Fn(&V) -> i64) -> i64 {
    let (sum, squares) = (group.sum(&value), group.sum(|row| value(row) * value(row)));
    group.count() * squares - sum * sum
}

#[test]
fn variances_and_standard_deviations() {
    check(
        "reduce to spreads",
        |orders| {
            reduce!(o in orders by o.city => {
                o.city,
                variance: variance(o.quantity),
                all: variance_pop(o.quantity as f64 / 16.0),
                root: stddev(o.quantity).map(|root| (root * 1e6).round() as i64),
                root_of_all: (stddev_pop(o.quantity) * 1e6).round() as i64,
            })
        },
        |row| (row.city.clone(), row.variance.map(bits), bits(row.all), row.root, row.root_of_all),
        |rows| {
            reduce(rows.map(|(city, _, _, quantity, _)| (city, quantity)), |city, group| {
                let (n, distances) = (group.count(), distances(group, |quantity| *quantity) as f64);
                let variance = (n > 1).then(|| distances / (n * (n - 1)) as f64);
                let all = distances / 256.0 / (n * n) as f64;
                let root = |variance: f64| (variance.sqrt() * 1e6).round() as i64;
                (city.clone(), variance.map(bits), bits(all), variance.map(root), root(distances / (n * n) as f64))
            })
        },
    );
}

#[test]
fn missing_values_are_ignored() {
    check(
        "reduce what may be missing",
        |orders| {
            reduce!(o in orders by o.city, o.quantity => {
                o.city,
                o.quantity,
                total: sum(o.shop),
                mean: avg(o.shop),
                middle: quantile(o.shop, 0.5),
                between: median(o.shop),
                spread: variance_pop(o.shop),
            })
        },
        |row| {
            let floats = [row.mean, row.between, row.spread].map(|float| float.map(bits));
            (row.city.clone(), row.quantity, row.total, row.middle, floats)
        },
        |rows| {
            let rows = rows.map(|(city, _, shop, quantity, _)| ((city, quantity), shop));
            reduce(rows, |(city, quantity), group| {
                let shops: Vec<i64> = group.all(|shop| *shop).into_iter().flatten().collect();
                let n = shops.len() as i64;
                let some = |value: f64| (n > 0).then(|| bits(value));
                let (sum, squares) = (shops.iter().sum::<i64>(), shops.iter().map(|shop| shop * shop).sum::<i64>());
                let spread = (n * squares - sum * sum) as f64 / (n * n) as f64;
                let (between, middle) = if n > 0 { at(&shops, 0.5) } else { (0.0, 0) };
                let there = (n > 0).then_some(());
                let floats = [some(sum as f64 / n as f64), some(between), some(spread)];
                (city.clone(), *quantity, there.map(|()| sum), there.map(|()| middle), floats)
            })
        },
    );
}

/// The value of an order, if its number is odd, so that groups have rows without one, or nothing else.
fn odd(number: i64) -> Option<i64> {
    (number.rem_euclid(2) == 1).then_some(number)
}

#[test]
fn missing_values_are_no_extremes_and_are_not_counted() {
    check(
        "reduce what may be missing to extremes",
        |orders| {
            reduce!(o in orders by o.city, o.day => {
                o.city,
                o.day,
                least: min(odd(o.quantity)),
                greatest: max(odd(o.quantity)),
                some: any(odd(o.quantity)),
                of_least: arg_min(odd(o.quantity), o.shop),
                of_greatest: arg_max(odd(o.quantity), o.shop),
                two: top_k(odd(o.quantity), 2),
                different: count_distinct(odd(o.quantity)),
                about: count_distinct_approx(odd(o.quantity)),
                dear: min(odd(o.quantity)) where o.shop.is_some(),
            })
        },
        |row| {
            let extremes = (row.least, row.greatest, row.some, row.of_least, row.of_greatest);
            (row.city.clone(), row.day, extremes, row.two.clone(), row.different, row.about, row.dear)
        },
        |rows| {
            let rows = rows.map(|(city, day, shop, quantity, _)| ((city, day), (quantity, shop)));
            reduce(rows, |(city, day), group| {
                let all = group.all(|(quantity, shop)| (odd(*quantity), *shop));
                let values: Vec<i64> = all.iter().filter_map(|(value, _)| *value).collect();
                let (least, greatest) = (values.first().copied(), values.last().copied());
                let beside = |value| all.iter().filter(|row| row.0 == value).map(|row| row.1).min().flatten();
                let two: Vec<_> = values.iter().rev().take(2).map(|value| Some(*value)).collect();
                let dear = all.iter().filter(|row| row.1.is_some()).find_map(|row| row.0);
                let mut different = values.clone();
                different.dedup();
                let n = different.len() as i64;
                let extremes = (least, greatest, least, beside(least), beside(greatest));
                (city.clone(), *day, extremes, two, n, n, dear)
            })
        },
    );
}

/// A row whose value is missing does not disturb what all others have.
#[test]
fn missing_values_are_not_another_value() {
    check(
        "reduce what may be missing to the only value",
        |orders| reduce!(o in orders by o.shop, o.day => { o.shop, o.day, only: unique(odd(o.quantity)) }),
        |row| (row.shop, row.day, row.only),
        |rows| {
            let rows = rows.map(|(_, day, shop, quantity, _)| ((shop, day), quantity));
            let only = reduce(rows, |(shop, day), group| {
                let mut values: Vec<_> = group.all(|quantity| odd(*quantity)).into_iter().flatten().collect();
                values.dedup();
                (*shop, *day, values)
            });
            let only = only.filter(|(_, _, values)| values.len() < 2);
            only.map(|(shop, day, values)| (shop, day, values.first().copied()))
        },
    );
}

/// Few different values are counted exactly.
#[test]
fn approximate_counts_of_few_values_are_exact() {
    check(
        "reduce to approximate counts",
        |orders| {
            reduce!(o in orders by o.day => {
                o.day,
                cities: count_distinct_approx(o.city),
                pairs: count_distinct_approx((o.city, o.shop)),
            })
        },
        |row| (row.day, row.cities, row.pairs),
        |rows| {
            reduce(rows.map(|(city, day, shop, _, _)| (day, (city, shop))), |day, group| {
                (*day, group.different(|value| value.0.clone()), group.different(|value| value.clone()))
            })
        },
    );
}
