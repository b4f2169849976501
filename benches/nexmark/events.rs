//! The events as JSON lines.

use std::fs::File;
use std::io::{BufWriter, Write};

use serde_json::json;

use super::Outcome;

/// Writes the first events into a file, one a line, with the kind and the fields of the generator.
pub(crate) fn write(count: usize, file: &str) -> Outcome<()> {
    let mut out = BufWriter::new(File::create(file)?);
    for event in super::rows::generator().take(count) {
        let line = match event {
            nexmark::event::Event::Person(p) => json!({
                "kind": "person", "id": p.id, "name": p.name, "email_address": p.email_address, "credit_card": p.credit_card,
                "city": p.city, "state": p.state, "date_time": p.date_time, "extra": p.extra,
            }),
            nexmark::event::Event::Auction(a) => json!({
                "kind": "auction", "id": a.id, "item_name": a.item_name, "description": a.description,
                "initial_bid": a.initial_bid, "reserve": a.reserve, "date_time": a.date_time, "expires": a.expires,
                "seller": a.seller, "category": a.category, "extra": a.extra,
            }),
            nexmark::event::Event::Bid(b) => json!({
                "kind": "bid", "auction": b.auction, "bidder": b.bidder, "price": b.price, "channel": b.channel, "url": b.url,
                "date_time": b.date_time, "extra": b.extra,
            }),
        };
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}
