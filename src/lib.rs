//! Declarative stream processing on NATS.
