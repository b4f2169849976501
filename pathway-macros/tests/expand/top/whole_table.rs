//! The whole table as one group, without the rank.

top!(1 of b in bids order b.price => Cheapest { id: b.id, price: b.price });
