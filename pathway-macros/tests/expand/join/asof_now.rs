//! Each trade is answered once, with the rates of its own commit.

join!(t in trades, r in rates asof_now on t.currency == r.currency => { value: t.amount * r.rate });
