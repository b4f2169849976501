//! Queries that join tables by key.

use pathway::prelude::*;

use super::super::rows::{Auction, Bid, Person};

/// Who sells items of a category in some states.
pub(crate) fn q3(persons: &Table<Person>, auctions: &Table<Auction>) -> Table<impl Schema> {
    let items = filter!(a in auctions => a.category == 10);
    let near = filter!(p in persons => ["or", "id", "ca"].contains(&p.state.as_str()));
    join!(a in items, p in near on a.seller == p.id => { p.name, p.city, p.state, a.id })
}

/// Bids with a value of a static table.
pub(crate) fn q13(pipeline: &Pipeline, bids: &Table<Bid>) -> Table<impl Schema> {
    let side = pipeline.rows((0..10_000_i64).map(|key| row! { key, value: format!("value-{key}") }));
    join!(b in bids, s in side asof_now on b.auction % 10_000 == s.key => {
        b.auction,
        b.bidder,
        b.price,
        b.date_time,
        s.value,
    })
}

/// Bids with their auction, of a category.
pub(crate) fn q20(auctions: &Table<Auction>, bids: &Table<Bid>) -> Table<impl Schema> {
    let items = filter!(a in auctions => a.category == 10);
    join!(b in bids, a in items on b.auction == a.id => {
        ..b,
        a.item_name,
        a.description,
        a.initial_bid,
        a.reserve,
        auction_date_time: a.date_time,
        a.expires,
        a.seller,
        a.category,
        auction_extra: a.extra,
    })
}
