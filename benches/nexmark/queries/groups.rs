//! Queries of groups of bids.

use pathway::prelude::*;

use super::super::rows::Bid;

/// A `reduce!` whose last columns are statistics of the bids of each group.
macro_rules! statistics {
    ($b:ident in $bids:ident by ($($key:tt)*) => { $($column:tt)* }) => {
        reduce!($b in $bids by $($key)* => {
            $($column)*,
            total_bids: count(),
            low_bids: count() where $b.price < 10_000,
            middle_bids: count() where (10_000..1_000_000).contains(&$b.price),
            high_bids: count() where $b.price >= 1_000_000,
            total_bidders: count_distinct($b.bidder),
            low_bidders: count_distinct($b.bidder) where $b.price < 10_000,
            middle_bidders: count_distinct($b.bidder) where (10_000..1_000_000).contains(&$b.price),
            high_bidders: count_distinct($b.bidder) where $b.price >= 1_000_000,
            total_auctions: count_distinct($b.auction),
            low_auctions: count_distinct($b.auction) where $b.price < 10_000,
            middle_auctions: count_distinct($b.auction) where (10_000..1_000_000).contains(&$b.price),
            high_auctions: count_distinct($b.auction) where $b.price >= 1_000_000,
        })
    };
}

/// Statistics of each day.
pub(crate) fn q15(bids: &Table<Bid>) -> Table<impl Schema> {
    statistics!(b in bids by (day: day(b.date_time)) => { day })
}

/// Statistics of each channel and day.
pub(crate) fn q16(bids: &Table<Bid>) -> Table<impl Schema> {
    statistics!(b in bids by (b.channel, day: day(b.date_time)) => {
        b.channel,
        day,
        minute: max(b.date_time.strftime("%H:%M").to_string())
    })
}

/// Statistics of each auction and day.
pub(crate) fn q17(bids: &Table<Bid>) -> Table<impl Schema> {
    reduce!(b in bids by b.auction, day: day(b.date_time) => {
        b.auction,
        day,
        total_bids: count(),
        low_bids: count() where b.price < 10_000,
        middle_bids: count() where (10_000..1_000_000).contains(&b.price),
        high_bids: count() where b.price >= 1_000_000,
        min_price: min(b.price),
        max_price: max(b.price),
        average: sum(b.price) / count(),
        sum: sum(b.price),
    })
}

/// The last bid of each person for each auction.
pub(crate) fn q18(bids: &Table<Bid>) -> Table<impl Schema> {
    top!(1 of b in bids by b.bidder, b.auction order b.date_time desc)
}

/// The ten highest bids for each auction.
pub(crate) fn q19(bids: &Table<Bid>) -> Table<impl Schema> {
    top!(10 of b in bids by b.auction order b.price desc, b.bidder, b.date_time, b.extra => { ..b, rank })
}

/// The date, as `2015-07-15`.
fn day(time: DateTimeUtc) -> String {
    time.strftime("%Y-%m-%d").to_string()
}
