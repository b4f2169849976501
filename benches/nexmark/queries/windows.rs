//! Queries of windows of event time.

use pathway::prelude::*;

use super::super::rows::{Auction, Bid, Person};

/// The auctions with the most bids in ten seconds, every two seconds.
pub(crate) fn q5(bids: &Table<Bid>) -> Table<impl Schema> {
    let counts = reduce!(b in bids by b.auction window sliding(b.date_time, 10.seconds(), 2.seconds()) as w => {
        b.auction,
        num: count(),
        w.start,
    });
    let most = reduce!(c in counts by c.start => { c.start, num: max(c.num) });
    join!(c in counts, m in most on start, num => { c.auction, c.num, c.start })
}

/// The highest bids of each ten seconds.
pub(crate) fn q7(bids: &Table<Bid>) -> Table<impl Schema> {
    let highest =
        reduce!(b in bids window tumbling(b.date_time, 10.seconds()) as w => { w.start, price: max(b.price) });
    join!(b in bids, h in highest on price within b.date_time - h.start in 0.seconds()..=9_999.milliseconds() => {
        b.auction,
        b.price,
        b.bidder,
        b.date_time,
        b.extra,
    })
}

/// Who registered and opened an auction in the same ten seconds.
pub(crate) fn q8(persons: &Table<Person>, auctions: &Table<Auction>) -> Table<impl Schema> {
    let registered = reduce!(p in persons by p.id, p.name window tumbling(p.date_time, 10.seconds()) as w => {
        p.id,
        p.name,
        w.start,
    });
    let sellers = reduce!(a in auctions by a.seller window tumbling(a.date_time, 10.seconds()) as w => {
        a.seller,
        w.start,
    });
    join!(p in registered, s in sellers on p.id == s.seller, start => { p.id, p.name, p.start })
}

/// The bids of each person without a pause of more than ten seconds.
pub(crate) fn q11(bids: &Table<Bid>) -> Table<impl Schema> {
    reduce!(b in bids by b.bidder window session(b.date_time, 10.seconds()) as w => { b.bidder, n: count(), w.start, w.end })
}

/// The bids of each person in ten seconds. The standard's query uses the time of processing; this one repeats the same result.
pub(crate) fn q12(bids: &Table<Bid>) -> Table<impl Schema> {
    reduce!(b in bids by b.bidder window tumbling(b.date_time, 10.seconds()) as w => { b.bidder, n: count(), w.start, w.end })
}
