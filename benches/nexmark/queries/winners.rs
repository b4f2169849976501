//! Queries of the bids that win.

use pathway::prelude::*;

use super::super::rows::{Auction, Bid};

/// The average price of what was sold in each category.
pub(crate) fn q4(auctions: &Table<Auction>, bids: &Table<Bid>) -> Table<impl Schema> {
    let valid = join!(a in auctions, b in bids on a.id == b.auction && (a.date_time..=a.expires).contains(&b.date_time) => {
        a.id,
        a.category,
        b.price,
    });
    let highest = reduce!(p in valid by p.id, p.category => { p.category, price: max(p.price) });
    reduce!(h in highest by h.category => { h.category, average: sum(h.price) / count() })
}

/// The average price of the last ten items that each person sold.
pub(crate) fn q6(auctions: &Table<Auction>, bids: &Table<Bid>) -> Table<impl Schema> {
    let valid = join!(a in auctions, b in bids on a.id == b.auction && (a.date_time..=a.expires).contains(&b.date_time) => {
        a.id,
        a.seller,
        b.price,
        b.date_time,
        b.bidder,
        b.extra,
    });
    let winners = top!(1 of p in valid by p.id order p.price desc, p.date_time, p.bidder, p.extra);
    reduce!(w in winners by w.seller => { w.seller, average: average(top_k((w.date_time, w.id, w.price), 10)) })
}

fn average(last: Vec<(DateTimeUtc, i64, i64)>) -> i64 {
    last.iter().map(|(_, _, price)| price).sum::<i64>() / (last.len() as i64).max(1)
}

/// The bid that wins each auction.
pub(crate) fn q9(auctions: &Table<Auction>, bids: &Table<Bid>) -> Table<impl Schema> {
    let valid = join!(a in auctions, b in bids on a.id == b.auction && (a.date_time..=a.expires).contains(&b.date_time) => {
        ..a,
        b.auction,
        b.bidder,
        b.price,
        bid_date_time: b.date_time,
        bid_extra: b.extra,
    });
    top!(1 of p in valid by p.id order p.price desc, p.bid_date_time, p.bidder, p.bid_extra)
}
