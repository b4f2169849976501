//! More messages than the pipeline can process at once: nothing is lost.

use super::support::{Client, Observer, realtime_sum, server};
use crate::support::{stop, value};

#[test]
fn a_flood_over_two_workers_is_summed_exactly() {
    const MESSAGES: i64 = 300_000;
    let server = server();
    let mut observer = Observer::new(&server.url(), "sum");
    let running = realtime_sum(&server.url()).start_with(2).expect("a running pipeline");
    Client::new(&server.url()).publish("connector_example", (0..MESSAGES).map(value));
    observer.wait_for_sum(MESSAGES * (MESSAGES - 1) / 2);
    let stats = running.stats();
    let source = &stats.sources[0];
    assert_eq!((source.received, source.rows), (MESSAGES as u64, MESSAGES as u64), "{stats:?}");
    assert_eq!((source.rejected, source.dropped, source.backlog), (0, 0, 0), "{stats:?}");
    stop(running);
}
