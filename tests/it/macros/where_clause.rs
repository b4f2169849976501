//! `where` behind a column of `reduce!`: its reducers reduce the rows that meet the condition.

use pathway::prelude::*;
use pathway::reducers::{Filtered, ReduceError, Sum};

use super::{Order, column, rows};

#[derive(Debug, PartialEq, Schema)]
struct CityTotals {
    city: String,
    n: i64,
    paid: i64,
    paid_total: Option<f64>,
}

#[test]
fn only_the_rows_that_meet_the_condition_are_reduced() {
    let cities = rows(|orders| {
        reduce!(o in orders by o.city => CityTotals {
            city: o.city,
            n: count(),
            paid: count() where o.paid,
            paid_total: sum(o.price * o.quantity as f64) where o.paid && o.price < 30.0,
        })
    });
    let row = |city: &str, n, paid, paid_total| CityTotals { city: city.to_owned(), n, paid, paid_total };
    assert_eq!(cities, [row("Oslo", 3, 1, Some(40.0)), row("Rome", 1, 1, None)]);
}

/// An accumulator, which becomes a reducer.
struct Longest;

impl Accumulator for Longest {
    type Argument = String;
    type State = String;
    type Output = String;

    fn add(&self, longest: &mut String, text: String) {
        if text.len() > longest.len() {
            *longest = text;
        }
    }

    fn output(&self, longest: &String) -> Result<String, ReduceError> {
        Ok(longest.clone())
    }
}

/// A reducer with two arguments and a parameter.
struct Above(f64);

impl Reducer<(f64, i64)> for Above {
    type State = i64;
    type Output = i64;

    fn update(&self, n: &mut i64, (price, quantity): (f64, i64), diff: i64) {
        *n += if price > self.0 { quantity * diff } else { 0 };
    }

    fn output(&self, n: &i64) -> Result<i64, ReduceError> {
        Ok(*n)
    }
}

/// Every word, of rows that meet the condition and of none. The types are those that the guide lists.
#[test]
fn every_reducer_has_a_value_of_no_rows() {
    fn values(limit: f64) -> String {
        let limit_of_above = 15.0;
        let all = rows(move |orders| {
            reduce!(o in orders => {
                count: count() where o.price < limit,
                distinct: count_distinct(o.city) where o.price < limit,
                approximate: count_distinct_approx(o.city) where o.price < limit,
                tuple: tuple(o.id) where o.price < limit,
                sorted: sorted_tuple(o.city) where o.price < limit,
                top: top_k(o.id, 2) where o.price < limit,
                sum: sum(o.quantity) where o.price < limit,
                avg: avg(o.quantity) where o.price < limit,
                min: min(o.price) where o.price < limit,
                max: max(o.price) where o.price < limit,
                arg_min: arg_min(o.price, o.id) where o.price < limit,
                arg_max: arg_max(o.price, o.id) where o.price < limit,
                any: any(o.city) where o.price < limit,
                unique: unique(o.city) where o.price < limit,
                earliest: earliest(o.id) where o.price < limit,
                latest: latest(o.id) where o.price < limit,
                quantile: quantile(o.id, 0.5) where o.price < limit,
                quantile_cont: quantile_cont(o.id, 0.5) where o.price < limit,
                median: median(o.id) where o.price < limit,
                variance: variance(o.id) where o.price < limit,
                variance_pop: variance_pop(o.id) where o.price < limit,
                stddev: stddev(o.id) where o.price < limit,
                stddev_pop: stddev_pop(o.id) where o.price < limit,
                string_join: string_join(o.city, "+") where o.price < limit,
                and: bool_and(o.paid) where o.price < limit,
                or: bool_or(o.paid) where o.price < limit,
                longest: Longest(o.city) where o.price < limit,
                above: Above(o.price, o.quantity, limit_of_above) where o.price < limit,
            })
        });
        format!("{all:?}").replace("AnonymousRow ", "")
    }
    let some = "[{ count: 3, distinct: 1, approximate: 1, tuple: [1, 2, 3], sorted: [\"Oslo\", \"Oslo\", \"Oslo\"], \
                top: [3, 2], sum: Some(6), avg: Some(2.0), min: Some(10.0), max: Some(30.0), arg_min: Some(1), \
                arg_max: Some(3), any: Some(\"Oslo\"), unique: Some(\"Oslo\"), earliest: Some(1), latest: Some(3), \
                quantile: Some(2), quantile_cont: Some(2.0), median: Some(2.0), variance: Some(1.0), \
                variance_pop: Some(0.6666666666666666), stddev: Some(1.0), stddev_pop: Some(0.816496580927726), \
                string_join: Some(\"Oslo+Oslo+Oslo\"), and: Some(false), or: Some(true), longest: Some(\"Oslo\"), \
                above: Some(5) }]";
    assert_eq!(values(35.0), some);
    let none = "[{ count: 0, distinct: 0, approximate: 0, tuple: [], sorted: [], top: [], sum: None, avg: None, \
                min: None, max: None, arg_min: None, arg_max: None, any: None, unique: None, earliest: None, \
                latest: None, quantile: None, quantile_cont: None, median: None, variance: None, variance_pop: None, \
                stddev: None, stddev_pop: None, string_join: None, and: None, or: None, longest: None, above: None }]";
    assert_eq!(values(0.0), none);
}

#[test]
fn an_option_is_not_nested() {
    #[derive(Debug, PartialEq, Schema)]
    struct Notes {
        least: Option<String>,
        missing: Option<String>,
        of_none: Option<String>,
        spread: Option<f64>,
        length: Option<i64>,
        total: Option<i64>,
    }
    let notes = rows(|orders| {
        reduce!(o in orders => Notes {
            least: min(o.note) where o.note.is_some(),
            missing: max(o.note) where o.price > 100.0,
            of_none: max(o.note) where o.id == 3,
            spread: variance(o.price) where o.id == 1,
            length: max(o.note).map(|note| note.len() as i64) where true,
            total: sum(o.note.as_ref().map(|note| note.len() as i64)) where o.city == "Oslo",
        })
    });
    let expected = Notes {
        least: Some("fragile".into()),
        missing: None,
        of_none: None,
        spread: None,
        length: Some(4),
        total: Some(7),
    };
    assert_eq!(notes, [expected]);
}

#[test]
fn the_condition_is_for_all_reducers_of_a_column() {
    let rows = rows(|orders| {
        reduce!(o in orders by o.city => {
            o.city,
            difference: sum(o.price) - sum(o.quantity) as f64 where o.id > 1,
            mean: sum(o.price) / count() as f64 where o.day == 2,
            text: format!("{} of {} in {}", count(), count_distinct(o.day), o.city) where o.paid,
            priced: format!("{}: {}", o.city, max(o.price)) where o.day == 2,
            twice: count() + count() where o.paid,
            all: sum(o.price),
            choice: if count() > 1 { max(o.id) } else { -min(o.id) } where o.day == 1,
        })
    });
    let [oslo, rome] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((oslo.difference, oslo.mean, oslo.twice, oslo.choice), (Some(45.0), Some(30.0), 2, Some(2)));
    assert_eq!((rome.difference, rome.mean, rome.twice, rome.choice), (Some(36.0), None, 2, Some(-4)));
    assert_eq!((&*oslo.text, oslo.priced.as_deref()), ("1 of 1 in Oslo", Some("Oslo: 30")));
    assert_eq!((&*rome.text, rome.priced.as_deref()), ("1 of 1 in Rome", None));
    assert_eq!((oslo.all, rome.all), (60.0, 40.0));
}

/// One condition for two columns, another for a third with the same reducer, and none for a fourth.
#[test]
fn equal_reducers_with_other_conditions_are_others() {
    let counts = |orders: Table<Order>| {
        reduce!(o in orders => {
            a: sum(o.id) where o.paid,
            b: sum(o.id) * 2 where o.paid,
            c: sum(o.id) where !o.paid,
            d: sum(o.id),
        })
    };
    assert_eq!(column(counts, |row| (row.a, row.b, row.c, row.d)), [(Some(6), Some(12), Some(4), 10)]);
}

/// The condition can use the row and everything around the macro.
#[test]
fn a_condition_is_any_expression() {
    fn is_dear(order: &Order) -> bool {
        order.price > 25.0
    }
    fn takes(order: Order) -> bool {
        is_dear(&order)
    }
    #[derive(PartialEq)]
    struct Id {
        id: i64,
    }
    let (limit, where_from) = (15.0, String::from("Oslo"));
    let counts = move |orders: Table<Order>| {
        reduce!(o in orders => {
            column: count() where o.paid,
            local: count() where o.price > limit && o.city == where_from,
            reference: count() where is_dear(&o),
            whole: count() where takes(o),
            pattern: count() where matches!(o.note.as_deref(), Some("gift" | "fragile")),
            block: count() where { let half = o.price / 2.0; half < 10.0 },
            literal: count() where Id { id: o.id } == Id { id: 2 },
            closure: count() where [1, 2].iter().any(|id| id + 1 == o.id),
            constant: count() where false,
        })
    };
    let counts = column(counts, |row| {
        let counts = [row.column, row.local, row.reference, row.whole, row.pattern, row.block];
        (counts, row.literal, row.closure, row.constant)
    });
    assert_eq!(counts, [([2, 2, 2, 2, 2, 1], 1, 2, 0)]);
}

/// So that a division by zero in the argument can be excluded.
#[test]
fn the_argument_is_evaluated_for_the_rows_that_meet_the_condition() {
    let sums = |orders: Table<Order>| reduce!(o in orders => { sum: sum(12 / (o.id - 1)) where o.id != 1 });
    assert_eq!(column(sums, |row| row.sum), [Some(22)]);
}

#[test]
fn windows_have_conditions_too() {
    let days = |orders: Table<Order>| {
        reduce!(o in orders by o.city window tumbling(o.day, 1) as w => {
            o.city,
            day: w.start,
            cheap: count() where o.price < 25.0,
            last: latest(o.id) where o.price < 25.0,
        })
    };
    let days = column(days, |row| (row.city, row.day, row.cheap, row.last));
    assert_eq!(days, [("Oslo".into(), 1, 2, Some(2)), ("Oslo".into(), 2, 0, None), ("Rome".into(), 1, 0, None)]);

    let sessions = |orders: Table<Order>| {
        reduce!(o in orders window session(o.day, 1) as w => {
            day: w.start,
            n: count(),
            ids: tuple(o.id) where o.paid,
            most: max(o.price) where o.price > 35.0,
        })
    };
    assert_eq!(column(sessions, |row| (row.day, row.n, row.ids, row.most)), [(1, 4, vec![2, 4], Some(40.0))]);
}

/// A group exists while it has rows, whether or not they meet a condition.
#[test]
fn retractions_change_only_what_they_met() {
    #[derive(Clone, Schema)]
    struct Value {
        value: i64,
    }
    let [insert, remove] = [Change::insert, Change::remove].map(|change| move |value| change(Value { value }));
    let pipeline = Pipeline::new();
    let values = pipeline.commits(vec![
        vec![insert(5)],
        vec![insert(50), insert(60)],
        vec![remove(60)],
        vec![remove(5)],
        vec![remove(50)],
    ]);
    let seen = reduce!(v in values => {
        n: count() where v.value < 10,
        most: max(v.value) where v.value > 10,
        last: latest(v.value) where v.value > 10,
    });
    let seen = seen.collect();
    pipeline.run().unwrap();
    let changes = seen.changes().into_iter();
    let changes: Vec<_> = changes.map(|(commit, row, diff)| (commit, (row.n, row.most, row.last), diff)).collect();
    let (one, two, three, four) =
        ((1, None, None), (1, Some(60), Some(60)), (1, Some(50), Some(50)), (0, Some(50), Some(50)));
    let expected = [
        (0, one, 1),
        (1, one, -1),
        (1, two, 1),
        (2, two, -1),
        (2, three, 1),
        (3, three, -1),
        (3, four, 1),
        (4, four, -1),
    ];
    assert_eq!(changes, expected);
}

#[test]
fn an_error_names_the_column() {
    let pipeline = Pipeline::new();
    let seen = reduce!(o in super::orders(&pipeline) => {
        n: count(),
        high: quantile(o.price, std::hint::black_box(1.5)) where o.paid,
    });
    let seen = seen.collect();
    let error = pipeline.run().unwrap_err().to_string();
    assert!(error.contains("high: `quantile` of 1.5"), "{error}");
    assert!(seen.rows().is_empty());
}

/// Of a type parameter, the generated code does not know whether it is an `Option`: the column is one.
#[test]
fn a_generic_column_is_an_option() {
    #[derive(Debug, PartialEq, Schema)]
    struct Holder<T> {
        value: T,
    }
    fn greatest<T: ColumnType>(holders: &Table<Holder<T>>) -> Table<Holder<Option<T>>> {
        reduce!(h in holders => Holder { value: max(h.value) where true })
    }
    let pipeline = Pipeline::new();
    let seen = greatest(&pipeline.rows([3, 4].map(|value| Holder { value }))).collect();
    pipeline.run().unwrap();
    assert_eq!(seen.rows(), [Holder { value: Some(4) }]);
}

#[test]
fn without_the_macro() {
    #[derive(Debug, PartialEq, Schema)]
    struct Paid {
        total: Option<f64>,
    }
    let paid = rows(|orders| {
        orders.reduce(Filtered::new(Sum), |order| order.paid.then_some(order.price), |total| Paid { total })
    });
    assert_eq!(paid, [Paid { total: Some(60.0) }]);
}
