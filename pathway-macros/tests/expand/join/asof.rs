//! The latest quote that is not after the trade.

join!(t in trades, q? in quotes on t.symbol == q.symbol asof t.at >= q.at => { t.id, bid: q.map(|q| q.bid) });
