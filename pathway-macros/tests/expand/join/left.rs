//! A row that may be missing, and all columns of the other one.

join!(o in orders, c? in customers on o.customer == c.id => { ..o, name: c.map(|c| c.name.clone()) });
