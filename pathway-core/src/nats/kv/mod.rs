//! Key-value buckets: a bucket read as a table by key, and a table written as a bucket.

pub(super) mod bucket;
pub(super) mod reader;
pub(super) mod sink;
pub(super) mod source;
pub(super) mod ttl;
