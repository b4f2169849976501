//! Bids while an auction is open. The condition decides which auctions have none, and what it mentions is kept.

join!(a in auctions, b? in bids on a.id == b.auction && (a.at..=a.expires).contains(&b.at) && b.price > least => {
    a.id,
    price: b.map(|b| b.price),
});
