//! `row!`, in the closures that make rows.

use pathway::prelude::*;

use super::{Order, column, orders, rows};

#[derive(Debug, PartialEq, Schema)]
struct Lean {
    id: i64,
    city: String,
}

#[test]
fn columns_of_a_row_of_a_closure_can_be_used_downstream() {
    let notes = column(
        |orders| {
            let notes =
                orders.filter_map(|o| Some(row! { o.id, o.city, note: o.note.as_ref()?, twice: o.quantity * 2 }));
            filter!(n in notes => n.twice > 4)
        },
        |n| (n.id, n.city, n.note, n.twice),
    );
    assert_eq!(notes, [(4, "Rome".to_owned(), "gift".to_owned(), 8)]);
}

#[test]
fn fields_and_references_are_cloned_and_values_are_moved() {
    struct Item {
        sku: String,
    }
    let pieces = column(
        |orders| {
            orders.flatten(|o| {
                let items = (0..o.quantity / 2).map(|n| Item { sku: format!("{}-{n}", o.id) });
                items
                    .map(|item| row! { item.sku, o.city, day: &o.day, length: item.sku.len() as i64 })
                    .collect::<Vec<_>>()
            })
        },
        |p| (p.sku, p.city, p.day, p.length),
    );
    let piece = |sku: &str, city: &str, day| (sku.to_owned(), city.to_owned(), day, 3);
    assert_eq!(
        pieces,
        [piece("2-0", "Oslo", 1), piece("3-0", "Oslo", 2), piece("4-0", "Rome", 1), piece("4-1", "Rome", 1)]
    );
}

#[test]
fn all_columns_of_a_row_and_new_ones() {
    let more = column(
        |orders| {
            orders.filter_map(|o| Some(row! { ..o, place: format!("{} {}", o.city, o.day), price: o.note.is_some() }))
        },
        |row| (row.id, row.place.clone(), row.price, row.quantity),
    );
    assert_eq!(more[3], (4, "Rome 1".to_owned(), true, 4));
}

#[test]
fn a_row_of_a_named_struct() {
    let lean = rows(|orders| orders.filter_map(|o| o.paid.then(|| row!(Lean { o.id, o.city }))));
    assert_eq!(lean, [Lean { id: 2, city: "Oslo".into() }, Lean { id: 4, city: "Rome".into() }]);
    let doubled = column(|orders| orders.select(|o| row!(Order { price: o.price * 2.0, ..o })), |o| (o.id, o.price));
    assert_eq!(doubled[0], (1, 20.0));
}

#[test]
fn static_rows() {
    let pipeline = Pipeline::new();
    let names =
        pipeline.rows(["Oslo", "Rome"].into_iter().zip(1_i64..).map(|(name, id)| row! { id, name: name.to_owned() }));
    let named = join!(o in orders(&pipeline), n in names on o.city == n.name => { o.id, shop: n.id }).collect();
    pipeline.run().unwrap();
    assert_eq!(named.rows().iter().map(|row| (row.id, row.shop)).collect::<Vec<_>>(), [(1, 1), (2, 1), (3, 1), (4, 2)]);
}

#[test]
fn attributes_go_to_the_columns() {
    let pipeline = Pipeline::new();
    let parts = orders(&pipeline).select(|o| {
        let place = row! { o.city, o.day };
        row! { #[schema(rename = "orderId")] o.id, #[schema(flatten)] place }
    });
    assert_eq!(columns(&parts), ["orderId", "city", "day"]);
    let seen = parts.collect();
    pipeline.run().unwrap();
    assert_eq!(seen.rows()[3].place.city, "Rome");
}

fn columns<R: Schema>(_: &Table<R>) -> Vec<&'static str> {
    R::COLUMNS.iter().map(|column| column.name).collect()
}

/// Several columns of the row with the greatest value.
#[test]
fn a_reducer_returns_several_columns() {
    let dearest = column(
        |orders| reduce!(o in orders by o.city => { o.city, #[schema(flatten)] dearest: arg_max(o.price, row! { o.id, o.note }) }),
        |row| (row.city, row.dearest.id, row.dearest.note),
    );
    assert_eq!(dearest, [("Oslo".to_owned(), 3, None), ("Rome".to_owned(), 4, Some("gift".to_owned()))]);
}

/// The caller of a function chooses the columns, and uses them by name.
mod functions {
    use pathway::prelude::*;

    use super::super::{Order, column};

    fn totals<K: Schema>(orders: &Table<Order>, key: impl Fn(&Order) -> K + Send + Sync + 'static) -> Table<Totals<K>> {
        reduce!(o in orders by key: key(&o) => Totals { key, n: count(), total: sum(o.price) })
    }

    #[derive(Schema)]
    struct Totals<K> {
        #[schema(flatten)]
        key: K,
        n: i64,
        total: f64,
    }

    #[test]
    fn a_function_groups_by_columns_that_its_caller_chooses() {
        let cities = column(|orders| totals(&orders, |o| row! { o.city }), |row| (row.key.city, row.n, row.total));
        assert_eq!(cities, [("Oslo".to_owned(), 3, 60.0), ("Rome".to_owned(), 1, 40.0)]);
        let days = column(
            |orders| {
                let days = totals(&orders, |o| row! { o.day, even: o.id % 2 == 0 });
                filter!(d in days => d.key.even && d.n > 1)
            },
            |row| (row.key.day, row.total),
        );
        assert_eq!(days, [(1, 60.0)]);
    }

    fn dearest<R: Schema>(orders: &Table<Order>, row: impl Fn(&Order) -> R + Send + Sync + 'static) -> Table<R> {
        top!(1 of o in orders by o.city order o.price desc).select(row)
    }

    #[test]
    fn a_function_returns_columns_that_its_caller_chooses() {
        let ids =
            column(|orders| dearest(&orders, |o| row! { o.id, cents: o.price * 100.0 }), |row| (row.id, row.cents));
        assert_eq!(ids, [(3, 3000.0), (4, 4000.0)]);
    }
}
