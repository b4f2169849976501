//! Two keys.

join!(o in orders, c in customers on o.customer == c.id && c.shop == o.shop => { order: o.id, c.name });
