use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    items: Vec<String>,
}

fn late<R: pathway::schema::Extends<Order>>(orders: &Table<R>) -> Table<R> {
    filter!(o in orders => o.base().id > 3)
}

fn pipeline(orders: Table<Order>) {
    let taxed = select!(o in orders => { ..o, id: o.id + 1 });
    let _ = late(&taxed).collect();
}

fn main() {
    pipeline(Pipeline::new().rows([]));
}

// The compiler finds it when it builds the program. With a filter that selects no program of `pass/`, trybuild only checks it.
