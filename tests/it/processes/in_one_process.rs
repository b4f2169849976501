//! Each process is a thread of the test: they are connected as processes are, and share nothing but what the test gives them.

use std::thread::{self, JoinHandle};

use pathway::cluster::{Cluster, Workers};
use pathway::prelude::*;
use pathway::{ErrorKind, Running};

use super::free_addresses;
use crate::support::random::Random;

#[derive(Clone, Debug, PartialEq, Schema)]
struct Order {
    id: i64,
    shop: String,
    at: i64,
    price: i64,
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct Row {
    key: String,
    numbers: Vec<i64>,
    value: Option<i64>,
}

/// A row of a result, its commit, and the number of its copies.
type Line = (u64, Row, i64);

/// Commits in which orders are made and cancelled.
fn commits(seed: u64) -> Vec<Vec<Change<Order>>> {
    let (mut random, mut there) = (Random::new(seed), Vec::<Order>::new());
    let commits = (0..30).map(|commit| {
        let changes = (0..random.below(40)).map(|number| {
            if !there.is_empty() && random.below(4) == 0 {
                return Change::remove(there.swap_remove(random.below(there.len() as u64) as usize));
            }
            let order = Order {
                id: commit * 100 + number as i64,
                shop: format!("shop {}", random.below(9)),
                at: commit + random.below(5) as i64,
                price: random.below(100) as i64,
            };
            there.push(order.clone());
            Change::insert(order)
        });
        changes.collect()
    });
    commits.collect()
}

/// Runs joins, groups, windows and more over the commits, and returns what each table writes.
fn run(commits: Vec<Vec<Change<Order>>>, workers: impl Into<Workers>) -> pathway::Result<Vec<Vec<Line>>> {
    let pipeline = Pipeline::named("orders");
    let orders = pipeline.commits(commits);
    let shops =
        reduce!(o in orders by o.shop => Row { key: o.shop, numbers: sorted_tuple(o.id), value: Some(sum(o.price)) });
    let dear = filter!(o in orders => o.price > 50);
    let joined = join!(o in dear, s? in shops on o.shop == s.key && o.price < 90 => Row {
        key: o.shop.clone(),
        numbers: vec![o.id],
        value: s.and_then(|s| s.value),
    });
    let windows =
        reduce!(o in orders by o.shop window tumbling(o.at, 5) as w => { o.shop, w.start, most: max(o.price) });
    let windows = select!(w in windows => Row { key: w.shop, numbers: vec![w.start], value: Some(w.most) });
    let distinct = orders.select(|o| Row { key: o.shop.clone(), numbers: vec![o.price % 3], value: None }).distinct();
    let first = top!(2 of o in orders by o.shop order o.price desc, o.id => { o.shop, o.id, rank });
    let first = select!(f in first => Row { key: f.shop, numbers: vec![f.id], value: Some(f.rank) });
    let tables = [shops, joined, windows, distinct, first].map(|table| table.collect());
    pipeline.start_with(workers).and_then(Running::join)?;
    Ok(tables.into_iter().map(|table| table.changes()).collect())
}

/// Does something in each process of a cluster.
fn in_each<T: Send + 'static>(
    processes: usize,
    threads: usize,
    what: impl Fn(Cluster) -> T + Clone + Send + 'static,
) -> Vec<T> {
    let addresses = free_addresses(processes);
    let start = |process| -> JoinHandle<T> {
        let (what, cluster) = (what.clone(), Cluster::of(addresses.clone()).process(process).threads(threads));
        thread::spawn(move || what(cluster))
    };
    let threads: Vec<_> = (0..processes).map(start).collect();
    threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
}

#[test]
fn results_and_their_order_are_those_of_one_worker() {
    for (seed, (processes, threads)) in [(2, 1), (2, 2), (3, 2)].into_iter().enumerate() {
        let commits = commits(seed as u64);
        let expected = run(commits.clone(), 1).expect("results");
        assert!(expected.iter().all(|lines| lines.len() > 20));
        let mut results = in_each(processes, threads, move |cluster| run(commits.clone(), cluster)).into_iter();
        assert!(
            results.next().expect("a process").expect("results") == expected,
            "{processes} x {threads}, seed {seed}"
        );
        for others in results {
            assert!(others.expect("no results").iter().all(Vec::is_empty), "the results leave the first process");
        }
    }
}

#[test]
fn the_first_process_hears_of_a_stop_anywhere() {
    let ended = in_each(3, 1, |cluster| {
        let is_second = format!("{cluster:?}").contains("process: 1");
        let pipeline = Pipeline::named("endless");
        let (_feed, rows) = pipeline.input::<Order>();
        let _seen = rows.distinct().collect();
        let running = pipeline.start_with(cluster)?;
        if is_second {
            running.stop();
        }
        running.join()
    });
    assert!(ended.iter().all(Result::is_ok), "{ended:?}");
}

#[test]
fn a_panic_anywhere_ends_all_processes_with_an_error_that_names_the_worker() {
    let ended = in_each(2, 1, |cluster| {
        let is_second = format!("{cluster:?}").contains("process: 1");
        let pipeline = Pipeline::named("panic");
        let orders = pipeline.rows(commits(1).into_iter().flatten().map(|change| change.row).collect::<Vec<_>>());
        let shops = reduce!(o in orders by o.shop => { o.shop, n: count() });
        let _seen = filter!(s in shops => {
            assert!(!is_second, "no shop is here");
            s.n > 0
        })
        .collect();
        pipeline.start_with(cluster)?.join()
    });
    for error in ended {
        let error = error.expect_err("a panic");
        assert_eq!(error.kind(), ErrorKind::Panic);
        assert!(error.to_string().contains("worker 1 panicked, and the pipeline ended: no shop is here"), "{error}");
    }
}

#[test]
fn what_works_in_one_process_only_is_refused() {
    let pipeline = Pipeline::new().persist(pathway::persistence::directory("never made"));
    let _seen = pipeline.rows(Vec::<Order>::new()).collect();
    let error = pipeline.start_with(Cluster::of(free_addresses(2))).map(drop).expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("runs in one process: set PATHWAY_PROCESSES to 1"), "{error}");
    for (cluster, says) in [
        (Cluster::of(["127.0.0.1:1"]), "a cluster has 2 to 256 processes"),
        (Cluster::of(free_addresses(2)).process(2), "there is no process 2"),
        (Cluster::of(free_addresses(2)).threads(0), "at least one thread"),
        (Cluster::of(["127.0.0.1:1", "10.0.0.1:1"]), "set PATHWAY_CLUSTER_SECRET"),
    ] {
        let pipeline = Pipeline::new();
        let _seen = pipeline.rows(Vec::<Order>::new()).collect();
        let error = pipeline.start_with(cluster).map(drop).expect_err(says);
        assert!(error.kind() == ErrorKind::Config && error.to_string().contains(says), "{error}");
    }
}
