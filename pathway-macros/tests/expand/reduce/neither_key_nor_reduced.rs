//! A column that is neither a key nor reduced is reported, and then taken for a key.

reduce!(o in orders by o.city => { o.city, o.price, n: count() });
