//! The queries, with the operators that dbsp's own Nexmark benchmark uses for them. Where that benchmark computes the result of
//! the last window only, these queries keep all windows, as the standard's SQL does.

use dbsp::operator::{Max, Min};
use dbsp::utils::{Tup2, Tup3, Tup4, Tup5, Tup9};
use dbsp::{OrdIndexedZSet, RootCircuit, Stream, ZWeight};

use crate::tables::{Auction, Bid, Person, Table, Text};

const CATEGORY: u64 = 10;
const STATES: [&str; 3] = ["or", "id", "ca"];

/// The length of windows, and the time from one sliding window to the next, in milliseconds.
const WINDOW: u64 = 10_000;
const SLIDE: u64 = 2_000;

type Indexed<K, V> = Stream<RootCircuit, OrdIndexedZSet<K, V>>;

fn tumbling(time: u64) -> u64 {
    time - time % WINDOW
}

/// Who sells in a category, in some states.
pub fn q3(person: &Table<Person>, auction: &Table<Auction>) -> Table<Tup4<Text, Text, Text, u64>> {
    let auctions = auction.flat_map_index(|a| (a.category == CATEGORY).then_some((a.seller, a.id)));
    let persons = person.flat_map_index(|p| {
        let columns = || (p.id, Tup3(p.name.clone(), p.city.clone(), p.state.clone()));
        STATES.contains(&p.state.0.as_str()).then(columns)
    });
    auctions.join(&persons, |_, id, Tup3(name, city, state)| Tup4(name.clone(), city.clone(), state.clone(), *id))
}

/// The average of the highest prices of the auctions, by category.
pub fn q4(auction: &Table<Auction>, bid: &Table<Bid>) -> Table<Tup2<u64, i64>> {
    let auctions = auction.map_index(|a| (a.id, Tup3(a.category, a.date_time, a.expires)));
    let bids = bid.map_index(|b| (b.auction, Tup2(b.price, b.date_time)));
    let prices: Indexed<Tup2<u64, u64>, u64> =
        auctions.join_index(&bids, |id, Tup3(category, opens, expires), Tup2(price, time)| {
            (opens..=expires).contains(&time).then_some((Tup2(*id, *category), *price))
        });
    prices
        .aggregate(Max)
        .map_index(|(Tup2(_, category), highest)| (*category, *highest))
        .average(|highest| *highest as ZWeight)
        .map(|(category, average)| Tup2(*category, *average))
}

/// The auctions with the most bids of each sliding window.
pub fn q5(bid: &Table<Bid>) -> Table<Tup3<u64, i64, u64>> {
    let counts = bid
        .flat_map(|b| {
            let (auction, last) = (b.auction, b.date_time - b.date_time % SLIDE);
            (0..WINDOW / SLIDE).map(move |step| Tup2(last - step * SLIDE, auction))
        })
        .weighted_count();
    let most = counts.map_index(|(Tup2(start, _), count)| (*start, *count)).aggregate(Max);
    let by_count = counts.map_index(|(Tup2(start, auction), count)| (Tup2(*start, *count), *auction));
    most.map_index(|(start, count)| (Tup2(*start, *count), ()))
        .join(&by_count, |Tup2(start, count), (), auction| Tup3(*auction, *count, *start))
}

/// The highest bids of each tumbling window.
pub fn q7(bid: &Table<Bid>) -> Table<Tup5<u64, u64, u64, u64, Text>> {
    let highest = bid.map_index(|b| (tumbling(b.date_time), b.price)).aggregate(Max);
    let by_price = bid
        .map_index(|b| (Tup2(tumbling(b.date_time), b.price), Tup4(b.auction, b.bidder, b.date_time, b.extra.clone())));
    highest
        .map_index(|(start, price)| (Tup2(*start, *price), ()))
        .join(&by_price, |Tup2(_, price), (), Tup4(auction, bidder, time, extra)| {
            Tup5(*auction, *price, *bidder, *time, extra.clone())
        })
}

/// Persons who open an auction in the window in which they are registered.
pub fn q8(person: &Table<Person>, auction: &Table<Auction>) -> Table<Tup3<u64, Text, u64>> {
    // Persons are distinct, because their numbers are.
    let persons = person.map_index(|p| (Tup2(p.id, tumbling(p.date_time)), p.name.clone()));
    let sellers = auction.map_index(|a| (Tup2(a.seller, tumbling(a.date_time)), ())).distinct();
    persons.join(&sellers, |Tup2(id, start), name, ()| Tup3(*id, name.clone(), *start))
}

type WinningBid = Tup5<u64, u64, u64, u64, Text>;

/// The winning bid of each auction.
pub fn q9(auction: &Table<Auction>, bid: &Table<Bid>) -> Table<Tup2<Auction, WinningBid>> {
    let opened = auction.map_index(|a| (a.id, Tup2(a.date_time, a.expires)));
    let bids = bid.map_index(|b| (b.auction, Tup4(b.price, b.date_time, b.bidder, b.extra.clone())));
    let valid: Indexed<u64, Tup4<u64, u64, u64, Text>> =
        opened.join_index(&bids, |id, Tup2(opens, expires), Tup4(price, time, bidder, extra)| {
            // The least row is the one with the highest price.
            (opens..=expires).contains(&time).then(|| (*id, Tup4(u64::MAX - price, *time, *bidder, extra.clone())))
        });
    let auctions = auction.map_index(|a| (a.id, a.clone()));
    auctions.join(&valid.aggregate(Min), |id, auction, Tup4(price, time, bidder, extra)| {
        Tup2(auction.clone(), Tup5(*id, *bidder, u64::MAX - price, *time, extra.clone()))
    })
}

type AuctionOfBid = Tup9<Text, Text, u64, u64, u64, u64, u64, u64, Text>;

/// Bids with their auction, of a category.
pub fn q20(auction: &Table<Auction>, bid: &Table<Bid>) -> Table<Tup2<Bid, AuctionOfBid>> {
    let auctions = auction.flat_map_index(|a| (a.category == CATEGORY).then(|| (a.id, a.clone())));
    let bids = bid.map_index(|b| (b.auction, b.clone()));
    auctions.join(&bids, |_, a, b| {
        let auction = Tup9(
            a.item_name.clone(),
            a.description.clone(),
            a.initial_bid,
            a.reserve,
            a.date_time,
            a.expires,
            a.seller,
            a.category,
            a.extra.clone(),
        );
        Tup2(b.clone(), auction)
    })
}
