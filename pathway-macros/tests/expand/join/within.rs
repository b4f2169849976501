//! Rows that are at most five minutes apart; the difference is written with the left row first.

join!(o in orders, c in clicks on o.user == c.user within o.at - c.at in 0.minutes()..=5.minutes() => { o.id, c.page });
