//! Columns that are fields, variables and expressions.

row! { o.id, sku, cost: o.price * item.quantity as f64 }
