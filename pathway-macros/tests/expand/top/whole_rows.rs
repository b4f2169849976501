//! The rows as they are.

top!(1 of b in bids by b.auction order b.price desc, b.id);
