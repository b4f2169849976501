//! The service of a pipeline: it answers the requests of NATS' service protocol (ADR-32), by which `nats micro` lists what runs.
//!
//! It has a thread and a connection of its own, on the server of the pipeline's first source on NATS, or of its first sink. The
//! pipeline never waits for it, and nothing that happens to it is reported: where the server does not let it answer, it does not.

mod answers;
mod declared;
mod endpoints;
mod identity;
mod session;
mod silenced;
mod thread;

pub(super) use declared::add_end;

use declared::Declared;

use crate::plan::Pipeline;

impl Pipeline {
    /// Whether the running pipeline answers the `nats micro` command: `nats micro ls` lists it, `nats micro info` shows its sources
    /// and sinks, and `nats micro stats` their numbers. Default: yes.
    ///
    /// It is then a service in NATS' service protocol, and its sources and sinks are the endpoints. It answers on the server of its
    /// first source on NATS, or of its first sink if no source reads NATS, over a connection of its own. A pipeline without sources
    /// and sinks on NATS, a broker in memory and a [replay](Pipeline::replay) have no service.
    ///
    /// The user of that connection needs the rights to subscribe to `$SRV.>`, and to publish on the inboxes of those who ask
    /// (`_INBOX.>`, or `allow_responses`). Without them the pipeline runs all the same, and does not answer: it logs this only at
    /// the level debug, while a server logs what it refuses.
    ///
    /// Everybody in the account who may publish on `$SRV.>` can read the answers. They have no credentials; they have names,
    /// subjects, numbers, the host, and the last error of each source and sink, which can have an excerpt of a bad message.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Order { price: f64 }
    ///
    /// let uri = "nats://localhost:4222";
    /// let pipeline = Pipeline::named("orders-service").nats_service(false);
    /// let orders = nats::read(&pipeline, uri, "orders").json::<Order>();
    /// let total = reduce!(o in orders => { total: sum(o.price) });
    /// nats::write(&total, uri, "totals").json();
    /// # drop(pipeline);
    /// ```
    pub fn nats_service(self, is_on: bool) -> Pipeline {
        self.plan().shared::<Declared>().set_on(is_on);
        self
    }
}
