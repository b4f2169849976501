//! A row for each element of a list.

select!(o in orders, (sku, n) in &o.items => { o.id, sku, cost: o.price * *n as f64 });
