//! A row of a struct, with columns of another row.

row!(Order { o.id, price: o.price * 2.0, ..o });
