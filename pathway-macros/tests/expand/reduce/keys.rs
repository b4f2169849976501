//! Two keys, expressions over reducers, parameters, and a reducer that is used twice.

reduce!(o in orders by o.city, o.day.year() => CityTotals {
    city: o.city,
    year: o.day.year() as i64,
    total: sum(o.price * o.quantity as f64),
    mean: sum(o.price) / count() as f64,
    spread: max(o.price) - min(o.price),
    top: max(o.price),
    dearest: arg_max(o.price, o.id),
    p95: quantile(o.price, 0.95),
    label: format!("{} orders", count()),
});
