use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    user: i64,
    city: String,
    at: DateTimeUtc,
}

#[derive(Schema)]
struct Click {
    user: i64,
    second: i64,
    at: DateTimeUtc,
}

fn pipeline(orders: Table<Order>, clicks: Table<Click>) {
    let led = join!(o in orders, c in clicks on o.user == c.user asof_now => { o.user, c.second });
}

fn main() {}
