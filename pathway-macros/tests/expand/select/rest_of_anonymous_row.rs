//! All columns of the old row and a new one, in a row without a name.

select!(o in orders => { ..o, cost: o.price * o.quantity as f64 });
