//! Keys with names, in columns, expressions, strings and structs.

reduce!(o in orders by day: o.at.date(), o.city window tumbling(o.at, 1.hours()) as w => {
    day,
    o.city,
    label: format!("{city}: {}", day.year()),
    next: day + 1,
    pair: Pair { city, n: count() },
    w.start,
    total: sum(o.price),
});
