use pathway::prelude::*;

#[derive(Schema)]
struct Bid {
    id: i64,
    auction: i64,
    price: f64,
}

fn pipeline(bids: Table<Bid>) {
    let highest = top!(10 of rank in bids by rank.auction order rank.price desc => { rank.id });
}

fn main() {}
