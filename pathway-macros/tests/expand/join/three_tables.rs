//! The rows between two joins have the columns that are used later; those that only the next keys need are not kept.

join!(
    o in orders,
    c? in customers on o.customer == c.id && c.active,
    p in products on o.product == p.id => { o.id, name: c.map(|c| c.name.clone()), p.price }
);
