//! `join!` of three and more tables, and of columns that are named once.

use std::cell::Cell;

use pathway::prelude::*;

#[derive(Clone, Debug, Schema)]
struct Order {
    id: i64,
    customer: i64,
    product: i64,
    region: String,
}

#[derive(Clone, Debug, Schema)]
struct Customer {
    id: i64,
    name: String,
    region: String,
}

#[derive(Clone, Debug, Schema)]
struct Product {
    id: i64,
    r#type: String,
    region: String,
}

struct Shop {
    pipeline: Pipeline,
    orders: Table<Order>,
    customers: Table<Customer>,
    products: Table<Product>,
}

/// Order 1 has a customer and a product, order 2 has no customer, and order 3 has no product. Eve has no order, and milk is in none.
fn shop() -> Shop {
    let pipeline = Pipeline::new();
    let order = |(id, customer, product)| Order { id, customer, product, region: format!("r{id}") };
    let orders = pipeline.rows([(1, 11, 21), (2, 12, 21), (3, 11, 22)].map(order));
    let customer = |(id, name): (i64, &str)| Customer { id, name: name.into(), region: format!("r{id}") };
    let customers = pipeline.rows([(11, "Ann"), (13, "Eve")].map(customer));
    let product = |(id, kind): (i64, &str)| Product { id, r#type: kind.into(), region: format!("r{id}") };
    let products = pipeline.rows([(21, "tea"), (23, "milk")].map(product));
    Shop { pipeline, orders, customers, products }
}

fn rows<R: Schema, T>(pipeline: Pipeline, table: &Table<R>, view: impl FnMut(R) -> T) -> Vec<T> {
    let seen = table.collect();
    pipeline.run().unwrap();
    seen.rows().into_iter().map(view).collect()
}

#[test]
fn each_table_has_its_own_question_mark() {
    let Shop { pipeline, orders, customers, products } = shop();
    let joined = join!(
        o in orders,
        c in customers on o.customer == c.id,
        p? in products on o.product == p.id => { o.id, c.name, p: p.map(|p| p.r#type.clone()) },
    );
    let joined = rows(pipeline, &joined, |row| (row.id, row.name, row.p));
    assert_eq!(joined, [(1, "Ann".to_owned(), Some("tea".to_owned())), (3, "Ann".to_owned(), None)]);

    let Shop { pipeline, orders, customers, products } = shop();
    let joined = join!(o in orders, c? in customers on o.customer == c.id, p in products on o.product == p.id => {
        p.r#type, o.id, name: c.map_or("", |c| &c.name).to_owned(),
    });
    let joined = rows(pipeline, &joined, |row| (row.id, row.name, row.r#type));
    assert_eq!(joined, [(1, "Ann".to_owned(), "tea".to_owned()), (2, String::new(), "tea".to_owned())]);
}

/// All rows before `p` may be missing, and so they are all missing at once beside the product that is in no order.
#[test]
fn rows_may_all_be_missing_at_once() {
    let Shop { pipeline, orders, customers, products } = shop();
    let joined = join!(
        o? in orders,
        c? in customers on o.customer == c.id,
        p in products on o.map(|o| o.product) == Some(p.id) => { o: o.map(|o| o.id), c: c.map(|c| c.id), p.id }
    );
    let joined = rows(pipeline, &joined, |row| (row.o, row.c, row.id));
    assert_eq!(joined, [(None, None, 23), (Some(1), Some(11), 21), (Some(2), None, 21)]);
}

#[test]
fn a_later_clause_uses_any_row_before_it() {
    let Shop { pipeline, orders, customers, products } = shop();
    let most = 5;
    let joined = join!(
        o in orders,
        c? in customers on o.customer == c.id && c.name.len() < most,
        p? in products on o.product == p.id && c.is_none_or(|c| c.name != p.r#type) && o.id < 9,
        again in orders on (o.customer, c.map(|c| c.id)) == (again.customer, Some(again.customer)) && again.id != o.id => {
            ..o, name: c.map(|c| c.name.clone()), kind: p.map(|p| p.r#type.len() as i64), other: again.id,
            text: format!("{c:?}").len() > 9,
        }
    );
    let joined = rows(pipeline, &joined, |row| (row.id, row.region.clone(), row.name, row.kind, row.other, row.text));
    let ann = || Some("Ann".to_owned());
    assert_eq!(joined, [(1, "r1".to_owned(), ann(), Some(3), 3, true), (3, "r3".to_owned(), ann(), None, 1, true)]);
}

#[test]
fn columns_of_both_sides_are_named_once() {
    let Shop { pipeline, orders, .. } = shop();
    let other = select!(o in orders => { o.id, o.region, double: 2 * o.id });
    let joined = join!(o in orders, d in other on id, region, d.double > 2 => { o.id, d.double });
    assert_eq!(rows(pipeline, &joined, |row| (row.id, row.double)), [(2, 4), (3, 6)]);

    let Shop { pipeline, orders, .. } = shop();
    let other = select!(o in orders => { o.id, o.region, double: 2 * o.id });
    let joined = join!(o in orders, d? in other on (id, region), d.double > 2, e in other asof_now on id => {
        o.id, double: d.map(|d| d.double), e.region,
    });
    let joined = rows(pipeline, &joined, |row| (row.id, row.double, row.region));
    assert_eq!(joined[0], (1, None, "r1".to_owned()));
    assert_eq!(joined[2], (3, Some(6), "r3".to_owned()));
}

/// The column of the first row that is never missing.
#[test]
fn a_column_that_is_named_once_is_of_a_row_that_is_there() {
    let Shop { pipeline, orders, customers, .. } = shop();
    let more = select!(c in customers => { c.id, size: c.name.len() as i64 });
    let joined = join!(o? in orders, c in customers on o.customer == c.id, m in more on id => {
        order: o.map(|o| o.id), c.id, m.size,
    });
    let joined = rows(pipeline, &joined, |row| (row.order, row.id, row.size));
    assert_eq!(joined, [(None, 13, 3), (Some(1), 11, 3), (Some(3), 11, 3)]);
}

#[test]
fn the_tables_are_evaluated_once() {
    let Shop { pipeline, orders, customers, products } = shop();
    let count = Cell::new(0);
    let counted = |table: &Table<Customer>| {
        count.set(count.get() + 1);
        table.clone()
    };
    let joined = join!(o in &orders, c in counted(&customers) on o.customer == c.id, p in products.clone() on o.product == p.id => {
        o.id, c.name, p.r#type,
    });
    assert_eq!(rows(pipeline, &joined, |row| row.id), [1]);
    assert_eq!(count.get(), 1);
}

/// Also the names of rows that a macro of the user makes.
#[test]
fn rows_may_be_named_by_a_macro() {
    macro_rules! joined {
        ($a:ident, $orders:expr, $customers:expr, $products:expr, $key:expr) => {
            join!($a in $orders, rows in $customers on $a.customer == rows.id, p in $products on $key == p.id => {
                $a.id, rows.name, kind: p.r#type,
            })
        };
    }
    let Shop { pipeline, orders, customers, products } = shop();
    let joined = joined!(row, orders, customers, products, row.product);
    assert_eq!(rows(pipeline, &joined, |row| (row.id, row.kind)), [(1, "tea".to_owned())]);
}

/// A row that only a text mentions is bound.
#[test]
fn a_row_within_a_text_is_used() {
    let Shop { pipeline, customers, .. } = shop();
    let joined = join!(c in customers, d in customers on id => { text: format!("{c:?}"), len: "{d}".len() as i64 });
    let joined = rows(pipeline, &joined, |row| (row.text, row.len));
    assert_eq!(joined[1], ("Customer { id: 13, name: \"Eve\", region: \"r13\" }".to_owned(), 3));
}
