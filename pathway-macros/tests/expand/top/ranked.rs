//! Two keys, an order of two columns, and the rank beside all columns.

top!(limit of b in bids by b.auction, b.at.date() order b.price desc, b.id => { ..b, rank, label: format!("#{rank}") });
