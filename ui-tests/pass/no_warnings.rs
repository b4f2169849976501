#![deny(warnings, clippy::all)]

use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn totals(orders: &Table<Order>) -> Table<impl Schema> {
    let big = filter!(o in orders => o.price > 100.0);
    let lean = select!(o in big => { id: o.id, city: o.city, cost: o.price });
    let all = reduce!(l in lean => { n: count(), dear: count() where l.cost > 500.0, least: min(l.cost) where l.id > 3 });
    let _ = reduce!(l in lean by l.city => { n: count() });
    let _ = reduce!(l in lean by dear: l.cost > 500.0, large: l.id > 7, l.city => { dear, n: count() });
    let _ = top!(3 of l in lean by l.city order l.cost desc => { ..l, rank });
    let _ = top!(1 of l in lean by dear: l.cost > 500.0, l.city order l.id => { dear, city, rank });
    let _ = top!(1 of l in lean by l.city order l.id);
    let _ = select!(l in lean, id in 0..l.id, letter in l.city.chars().next() => { l.id, n: id, letter: letter.to_string() });
    let _ = select!(l in lean, _ in Some(l.id) => { l.id });
    let _ = lean.filter_map(|l| Some(row! { ..l, id: l.id.checked_sub(1)? }));
    let _ = lean.flatten(|l| l.city.chars().map(|letter| row! { l.id, letter: letter.to_string() }).collect::<Vec<_>>());
    let _ = lean.select(|l| row!(Order { l.id, l.city, price: l.cost }));
    filter!(a in all => a.n > 1)
}

fn cheap<R: pathway::schema::Extends<Order>>(orders: &Table<R>) -> Table<R> {
    filter!(o in orders => o.base().price < 5.0)
}

fn main() {
    let _ = (totals, cheap::<Order>);
}
