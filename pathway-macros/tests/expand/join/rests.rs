//! The columns of several rows. A column that two of them have is an error, unless it is named once behind `on`.

join!(o in orders, c in customers on id => { ..o, ..c, total: o.price * 2.0 });
