//! Either row may be missing.

join!(o? in orders, c? in customers on o.customer == c.id => Pair {
    order: o.map(|o| o.id),
    name: c.map(|c| c.name.clone()),
});
