//! An enum, which cannot be a row: an error, and impls that keep other code from failing for the same reason.

#[derive(Schema)]
enum State {
    Open,
}
