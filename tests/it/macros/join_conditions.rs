//! Conditions beside the keys of `join!`.

use pathway::persistence::Persistence;
use pathway::prelude::*;
use pathway::testing::{Broker, Store};

#[derive(Clone, Schema)]
struct Auction {
    id: i64,
    kind: String,
    at: i64,
    expires: i64,
    seller: i64,
}

#[derive(Clone, Schema)]
struct Bid {
    auction: i64,
    bidder: Option<String>,
    at: i64,
    price: i64,
}

impl Bid {
    fn is_above(&self, price: i64) -> bool {
        self.price > price
    }
}

/// Auction 1 has a bid in time and a late one, auction 2 a late one, auction 3 none. One bid has no auction.
fn auctions(pipeline: &Pipeline) -> Table<Auction> {
    let auction = |id, kind: &str| Auction { id, kind: kind.into(), at: 10, expires: 20, seller: id * 100 };
    pipeline.rows([auction(1, "art"), auction(2, "tea"), auction(3, "art")])
}

fn bids(pipeline: &Pipeline) -> Table<Bid> {
    let bid = |auction, at, price, bidder: &str| Bid { auction, bidder: Some(bidder.into()), at, price };
    pipeline.rows([bid(1, 12, 5, "Ann"), bid(1, 21, 7, "Bob"), bid(2, 22, 9, "art"), bid(4, 12, 8, "Eve")])
}

type Pair = (Option<i64>, Option<i64>);

#[derive(Schema)]
struct Offer {
    auction: Option<i64>,
    price: Option<i64>,
}

/// The rows of a join, with one worker and with two.
fn rows(join: impl Fn(&Table<Auction>, &Table<Bid>) -> Table<Offer>) -> Vec<Pair> {
    let [one, two] = [1, 2].map(|workers| {
        let pipeline = Pipeline::new();
        let seen = join(&auctions(&pipeline), &bids(&pipeline)).collect();
        pipeline.start_with(workers).unwrap().join().unwrap();
        seen.rows().iter().map(|row| (row.auction, row.price)).collect::<Vec<_>>()
    });
    assert_eq!(one, two);
    one
}

#[test]
fn a_row_of_which_no_pair_meets_the_condition_is_missing_its_other_side() {
    let inner = rows(|auctions, bids| {
        join!(a in auctions, b in bids on a.id == b.auction && (a.at..=a.expires).contains(&b.at) => Offer {
            auction: Some(a.id),
            price: Some(b.price),
        })
    });
    assert_eq!(inner, [(Some(1), Some(5))]);
    let left = rows(|auctions, bids| {
        join!(a in auctions, b? in bids on (a.at..=a.expires).contains(&b.at) && a.id == b.auction => Offer {
            auction: Some(a.id),
            price: b.map(|b| b.price),
        })
    });
    assert_eq!(left, [(Some(1), Some(5)), (Some(2), None), (Some(3), None)]);
    let right = rows(|auctions, bids| {
        join!(a? in auctions, b in bids on (a.id == b.auction && b.at <= a.expires) => Offer {
            auction: a.map(|a| a.id),
            price: Some(b.price),
        })
    });
    assert_eq!(right, [(None, Some(7)), (None, Some(8)), (None, Some(9)), (Some(1), Some(5))]);
    let full = rows(|auctions, bids| {
        join!(a? in auctions, b? in bids on a.id == b.auction && b.at <= a.expires => Offer {
            auction: a.map(|a| a.id),
            price: b.map(|b| b.price),
        })
    });
    let expected =
        [(None, Some(7)), (None, Some(8)), (None, Some(9)), (Some(1), Some(5)), (Some(2), None), (Some(3), None)];
    assert_eq!(full, expected);
}

#[test]
fn a_condition_may_be_of_one_row_or_of_none() {
    let least = 6;
    let of_right = rows(|auctions, bids| {
        join!(a in auctions, b? in bids on a.id == b.auction && b.price > least => Offer {
            auction: Some(a.id),
            price: b.map(|b| b.price),
        })
    });
    assert_eq!(of_right, [(Some(1), Some(7)), (Some(2), Some(9)), (Some(3), None)]);
    let of_left = rows(|auctions, bids| {
        join!(a in auctions, b? in bids on a.id == b.auction && a.kind == "tea" => Offer {
            auction: Some(a.id),
            price: b.map(|b| b.price),
        })
    });
    assert_eq!(of_left, [(Some(1), None), (Some(2), Some(9)), (Some(3), None)]);
    for (is_open, expected) in [(true, vec![5, 7, 9]), (false, vec![])] {
        let of_none = rows(|auctions, bids| {
            join!(a in auctions, b in bids on a.id == b.auction && is_open => Offer {
                auction: Some(a.id),
                price: Some(b.price),
            })
        });
        assert_eq!(of_none.iter().filter_map(|(_, price)| *price).collect::<Vec<_>>(), expected);
    }
}

/// Columns are used as in `filter!`: by value they are cloned. Methods of a row, and the row itself, are of whole rows.
#[test]
fn columns_and_rows_are_used_as_in_a_filter() {
    fn is_text(text: String) -> bool {
        !text.is_empty()
    }
    fn is_early(bid: &Bid, least: i64) -> bool {
        bid.at < 22 && bid.price >= least
    }
    let by_value = rows(|auctions, bids| {
        join!(a in auctions, b in bids on a.id == b.auction && is_text(a.kind) && b.bidder != Some(a.kind) && (b.price == 5 || b.price == 9) => Offer {
            auction: Some(a.seller),
            price: Some(b.price),
        })
    });
    assert_eq!(by_value, [(Some(100), Some(5)), (Some(200), Some(9))]);
    let whole = rows(|auctions, bids| {
        join!(a in auctions, b? in bids on a.id == b.auction && b.is_above(a.id + 4) && is_early(&b, 7) => Offer {
            auction: Some(a.id),
            price: b.map(|b| b.price),
        })
    });
    assert_eq!(whole, [(Some(1), Some(7)), (Some(2), None), (Some(3), None)]);
}

#[test]
fn joins_by_time_and_of_arrivals_take_conditions() {
    let within = rows(|auctions, bids| {
        join!(a in auctions, b? in bids on a.id == b.auction && b.price < 7 within b.at - a.at in 0..=12 => Offer {
            auction: Some(a.id),
            price: b.map(|b| b.price),
        })
    });
    assert_eq!(within, [(Some(1), Some(5)), (Some(2), None), (Some(3), None)]);
    let asof_now = rows(|auctions, bids| {
        join!(a in auctions, b? in bids asof_now on a.id == b.auction && b.price < 7 => Offer {
            auction: Some(a.id),
            price: b.map(|b| b.price),
        })
    });
    assert_eq!(asof_now, [(Some(1), Some(5)), (Some(2), None), (Some(3), None)]);
}

/// Runs a pipeline that persists over an auction or a bid, and returns what it publishes.
fn restart(
    store: &Store,
    (subject, message): (&str, &str),
    join: impl Fn(&Table<Auction>, &Table<Bid>) -> Table<Offer>,
) -> pathway::Result<Vec<String>> {
    let broker = Broker::new();
    let pipeline = Pipeline::named("offers").persist(Persistence::from(store));
    let auctions = nats::read(&pipeline, &broker, "auctions").json::<Auction>();
    let bids = nats::read(&pipeline, &broker, "bids").json::<Bid>();
    nats::write(&join(&auctions, &bids), &broker, "offers").json();
    let running = pipeline.start()?;
    broker.publish(subject, message);
    broker.commit();
    let published = broker.published("offers").iter().map(|message| message.text().into_owned()).collect();
    broker.close();
    running.join()?;
    Ok(published)
}

const AUCTION: (&str, &str) = ("auctions", r#"{"id": 1, "kind": "art", "at": 10, "expires": 20, "seller": 7}"#);
const BID: (&str, &str) = ("bids", r#"{"auction": 1, "bidder": null, "at": 12, "price": 5}"#);

/// A condition is a closure as any other one: what was computed before a change of it stays.
#[test]
fn a_program_with_another_condition_continues() {
    let store = Store::new();
    let run = |message, least: i64| {
        let offers = restart(&store, message, |auctions, bids| {
            join!(a in auctions, b? in bids on a.id == b.auction && b.price >= least => Offer {
                auction: Some(a.id),
                price: b.map(|b| b.price),
            })
        });
        offers.unwrap()
    };
    let is_offer = |offers: &[String], price: &str| {
        assert!(matches!(offers, [offer] if offer.contains(&format!(r#""price":{price},"#))), "{offers:?}");
    };
    is_offer(&run(AUCTION, 6), "null");
    assert!(run(BID, 6).is_empty());
    // The bid meets the condition now, so that the next one is not the auction's first one.
    is_offer(&run(BID, 4), "5");
}

/// Without a condition, an outer join by time keeps numbers of matches.
#[test]
fn an_outer_join_by_time_that_loses_its_condition_is_another_operator() {
    let store = Store::new();
    let with = restart(&store, AUCTION, |auctions, bids| {
        join!(a in auctions, b? in bids on a.id == b.auction && b.price > 5 within b.at - a.at in 0..=9 => Offer {
            auction: Some(a.id),
            price: b.map(|b| b.price),
        })
    });
    assert_eq!(with.unwrap().len(), 1);
    let without = restart(&store, BID, |auctions, bids| {
        join!(a in auctions, b? in bids on a.id == b.auction within b.at - a.at in 0..=9 => Offer {
            auction: Some(a.id),
            price: b.map(|b| b.price),
        })
    });
    let error = without.unwrap_err().to_string();
    assert!(error.contains("interval_join"), "{error}");
}
