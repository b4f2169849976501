//! A real nats-server for examples, tests and benches.
