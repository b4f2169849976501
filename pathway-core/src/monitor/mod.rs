//! An HTTP server that shows a running pipeline: a live page, metrics, health, statistics, and its picture.
//!
//! It only reads. It has a thread of its own, answers few clients at a time, and gives none of them long, so that nothing that
//! they do reaches the pipeline.

mod body;
mod io;
mod page;
mod request;
mod respond;
mod server;

pub(crate) use server::Server;

use crate::plan::Pipeline;

impl Pipeline {
    /// Serves a live page, metrics and health checks over HTTP while the pipeline starts, runs and ends. Default: nothing is
    /// served.
    ///
    /// `address` is a host and a port: `127.0.0.1:20000`, `[::1]:20000`, or `0.0.0.0:20000` for all interfaces, where everybody
    /// who reaches the port can read names, counts and log lines. With the port 0 the system chooses one, and
    /// [`Running::monitor_address`](crate::runtime::Running::monitor_address) says which.
    ///
    /// | path | answer |
    /// |---|---|
    /// | `/` | a page that shows the pipeline live |
    /// | `/metrics` | the statistics in the text format of Prometheus |
    /// | `/live` | 200 while the pipeline works or waits for input; 503 with the reason if it is stuck |
    /// | `/ready` | 200 while every source and sink is connected and nothing is left to be restored; 503 with what is missing |
    /// | `/stats.json` | the [statistics](crate::telemetry::Stats) |
    /// | `/graph.json` | the [graph](Pipeline::graph) |
    ///
    /// Answers have no credentials. Only GET and HEAD are allowed. On a loopback address, requests whose `Host` is not a
    /// loopback address or `localhost` are refused, so that no page of another site can read the answers.
    ///
    /// The environment variable `PATHWAY_MONITORING` does the same from outside; this method comes first. It needs the feature
    /// `monitor`, which is on by default.
    ///
    /// # Errors
    /// [`run`](Pipeline::run) and [`start`](Pipeline::start) return an error if the address is none, or is in use.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Order { id: i64 }
    ///
    /// let pipeline = Pipeline::named("orders").monitor("127.0.0.1:0");
    /// let (feed, orders) = pipeline.input::<Order>();
    /// let _seen = orders.collect();
    /// let running = pipeline.start()?;
    /// println!("look at http://{}", running.monitor_address().expect("it is monitored"));
    /// drop(feed);
    /// running.join()?;
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn monitor(self, address: impl Into<String>) -> Pipeline {
        self.plan().set_monitor(address.into());
        self
    }
}
