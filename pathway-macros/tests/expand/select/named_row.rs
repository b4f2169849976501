//! A row that is a struct.

select!(o in shop.orders() => Lean { id: o.id, city: o.city.to_lowercase() });
