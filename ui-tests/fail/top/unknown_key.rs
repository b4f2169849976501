use pathway::prelude::*;

#[derive(Schema)]
struct Bid {
    id: i64,
    auction: i64,
    price: f64,
}

fn pipeline(bids: Table<Bid>) {
    let highest = top!(10 of b in bids by place: b.auction order b.price desc => { plaice, rank });
}

fn main() {}
