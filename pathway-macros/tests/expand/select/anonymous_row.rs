//! A row without a name.

select!(o in orders => { o.id, #[schema(rename = "total")] cost: o.price * o.quantity as f64 });
