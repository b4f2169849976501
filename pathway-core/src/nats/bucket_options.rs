//! Options that only buckets have: whose JetStream has the bucket.

use super::client::ApiSettings;
use super::read::Read;
use super::transport::{KeyValue, ReadTransport, WriteTransport};
use super::write::Write;
use crate::data::Schema;

impl Read<KeyValue> {
    /// The JetStream domain of the bucket, if it is not the one that answers on the server: that of a hub, seen from a leaf
    /// node, for example. Default: the server's own domain, also if another one has a bucket of the same name.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Limit { most: i64 }
    ///
    /// let pipeline = Pipeline::new();
    /// let limits = nats::read(&pipeline, "nats://localhost:4222", "limits").kv().domain("hub").json::<Limit>();
    /// # let _ = limits;
    /// # std::mem::forget(pipeline);
    /// ```
    pub fn domain(self, domain: impl Into<String>) -> Self {
        self.with_api(|api| api.domain = Some(domain.into()))
    }

    /// What the subjects of JetStream's API begin with, if this account imports that of another account: `JS.other.API`, for
    /// example. Default: `$JS.API`.
    pub fn api_prefix(self, prefix: impl Into<String>) -> Self {
        self.with_api(|api| api.api_prefix = Some(prefix.into()))
    }

    fn with_api(mut self, set: impl FnOnce(&mut ApiSettings)) -> Self {
        if let ReadTransport::Bucket(api) = &mut self.transport {
            set(api);
        }
        self
    }
}

impl<R: Schema> Write<R, KeyValue> {
    /// The JetStream domain of the bucket, if it is not the one that answers on the server; as
    /// [`Read::domain`](Read#method.domain).
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Total { city: String, sum: i64 }
    ///
    /// let pipeline = Pipeline::new();
    /// let totals = pipeline.rows([Total { city: "Oslo".into(), sum: 45 }]);
    /// nats::write(&totals, "nats://localhost:4222", "totals").kv(|total| total.city.clone()).domain("hub").json();
    /// # std::mem::forget(pipeline);
    /// ```
    pub fn domain(self, domain: impl Into<String>) -> Self {
        self.with_api(|api| api.domain = Some(domain.into()))
    }

    /// What the subjects of JetStream's API begin with, if this account imports that of another account; as
    /// [`Read::api_prefix`](Read#method.api_prefix). Keys are put to `<prefix>.$KV.<bucket>.<key>`.
    pub fn api_prefix(self, prefix: impl Into<String>) -> Self {
        self.with_api(|api| api.api_prefix = Some(prefix.into()))
    }

    fn with_api(mut self, set: impl FnOnce(&mut ApiSettings)) -> Self {
        if let WriteTransport::Bucket(_, api) = &mut self.transport {
            set(api);
        }
        self
    }
}
