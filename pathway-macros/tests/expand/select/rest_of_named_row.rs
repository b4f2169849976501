//! The columns that are not named come from the old row.

select!(o in orders => Order { price: o.price * 2.0, ..o });
