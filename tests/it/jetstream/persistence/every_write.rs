//! A crash at each write of the store, one after the other.

use std::time::Duration;

use pathway::persistence::Persistence;
use pathway::prelude::*;
use pathway::testing::Store;

use super::crashes::{check_ids, check_totals};
use super::{Order, orders, output};
use crate::jetstream::support::{Js, server, stream};
use crate::support::{join, wait_for};

const ORDERS: i64 = 40;

/// Sums by city, into the stream `OUT`, with as many checkpoints as possible.
fn sums(uri: &str, store: &Store) -> Pipeline {
    let state = Persistence::from(store).checkpoint_every(Duration::from_millis(1));
    let pipeline = Pipeline::named("every-write").persist(state);
    let orders = nats::read(&pipeline, uri, "in.>").jetstream("IN").json::<Order>();
    let sums = reduce!(o in orders by o.city => { o.city, ids: sum(o.id), n: count() });
    nats::write(&sums, uri, "").subject(|s| format!("out.{}", s.city)).jetstream("OUT").json();
    pipeline
}

/// Publishes orders one by one, so that there are many commits, until all are counted or the store has crashed.
fn run(js: &Js, uri: &str, store: &Store, published: &mut i64) -> bool {
    let Ok(running) = sums(uri, store).start() else { return false };
    loop {
        wait_for("an order is counted", || super::counted(js) == *published || running.is_finished());
        if running.is_finished() {
            return join(running).is_ok();
        }
        if *published == ORDERS {
            // The last writes are those of the end.
            running.stop();
            return join(running).is_ok();
        }
        js.publish_all(orders(*published..*published + 1));
        *published += 1;
    }
}

#[test]
fn a_crash_at_each_write_of_the_store_changes_nothing() {
    // What a run without a crash writes into its store.
    const MOST_WRITES: u64 = 400;
    let mut crashes = 0;
    for writes in (0..20).chain((20..MOST_WRITES).step_by(11)) {
        // A server that has just deleted a stream may refuse another one of the same name.
        let server = server();
        let (js, uri) = (Js::new(&server), server.url());
        ["IN", "OUT"].into_iter().for_each(|name| js.create(stream(name)));
        let (store, mut published) = (Store::new(), 0);
        store.crash_after(writes);
        let has_crashed = !run(&js, &uri, &store, &mut published);
        if has_crashed {
            crashes += 1;
            store.restart();
            assert!(run(&js, &uri, &store, &mut published), "the second run fails after {writes} writes");
        }
        let written = output(&js, "OUT");
        check_ids(&written);
        check_totals(&written, ORDERS);
        if !has_crashed {
            break;
        }
    }
    assert!(crashes > 20, "only {crashes} crashes");
}
