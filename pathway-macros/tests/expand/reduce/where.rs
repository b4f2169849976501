//! Columns with a condition: with a value of no rows, with an `Option`, of one reducer and of several.

reduce!(o in orders by o.city => {
    o.city,
    n: count(),
    cheap: count() where o.price < 100.0,
    cheapest: min(o.price) where o.price < 100.0,
    share: sum(o.paid) / sum(o.price) where o.note != "x",
    about: format!("{} of {}", count(), top_k(o.id, 3).len()) where is_recent(o),
    middle: Median(o.price) where o.price < 100.0,
});
