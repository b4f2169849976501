//! A reducer of the user's own, with a parameter.

reduce!(o in orders by o.city => { o.city, typical: TrimmedMean(o.price, 0.1) });
