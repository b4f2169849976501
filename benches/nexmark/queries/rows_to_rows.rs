//! Queries that make rows of single rows.

use pathway::prelude::*;

use super::super::rows::Bid;

/// All bids.
pub(crate) fn q0(bids: &Table<Bid>) -> Table<impl Schema> {
    select!(b in bids => { b.auction, b.bidder, b.price, b.date_time, b.extra })
}

/// Prices in another currency.
pub(crate) fn q1(bids: &Table<Bid>) -> Table<impl Schema> {
    select!(b in bids => { b.auction, b.bidder, price: b.price * 908 / 1000, b.date_time, b.extra })
}

/// The bids of some auctions.
pub(crate) fn q2(bids: &Table<Bid>) -> Table<impl Schema> {
    let some = filter!(b in bids => b.auction % 123 == 0);
    select!(b in some => { b.auction, b.price })
}

/// Bids with date and minute, as a system that partitions files by them needs it.
pub(crate) fn q10(bids: &Table<Bid>) -> Table<impl Schema> {
    select!(b in bids => {
        b.auction,
        b.bidder,
        b.price,
        b.date_time,
        b.extra,
        date: b.date_time.strftime("%Y-%m-%d").to_string(),
        minute: b.date_time.strftime("%H:%M").to_string(),
    })
}

/// A calculation for each bid: a price in another currency, the time of day, and how often a letter occurs.
pub(crate) fn q14(bids: &Table<Bid>) -> Table<impl Schema> {
    let dear = 1_000_001..50_000_000;
    select!(b in bids, price in Some(b.price * 908 / 1000).filter(|price| dear.contains(price)) => {
        b.auction,
        b.bidder,
        price,
        time_of_day: match b.date_time.strftime("%H").to_string().parse::<i64>() {
            Ok(8..=18) => "dayTime",
            Ok(..=6 | 20..) => "nightTime",
            _ => "otherTime",
        }
        .to_string(),
        b.date_time,
        b.extra,
        c_counts: b.extra.matches('c').count() as i64,
    })
}

/// The id of each bid's channel: of well-known ones, or as the URL has it.
pub(crate) fn q21(bids: &Table<Bid>) -> Table<impl Schema> {
    select!(b in bids, channel_id in channel_id(&b.channel, &b.url) => { b.auction, b.bidder, b.price, b.channel, channel_id })
}

fn channel_id(channel: &str, url: &str) -> Option<String> {
    let id = match channel.to_lowercase().as_str() {
        "apple" => "0",
        "google" => "1",
        "facebook" => "2",
        "baidu" => "3",
        _ => url.split_once("channel_id=")?.1.split('&').next()?,
    };
    Some(id.to_string())
}

/// The directories of each bid's URL.
pub(crate) fn q22(bids: &Table<Bid>) -> Table<impl Schema> {
    let directory = |url: &str, n: usize| url.split('/').nth(n).unwrap_or_default().to_string();
    select!(b in bids => {
        b.auction,
        b.bidder,
        b.price,
        b.channel,
        dir1: directory(&b.url, 3),
        dir2: directory(&b.url, 4),
        dir3: directory(&b.url, 5),
    })
}
