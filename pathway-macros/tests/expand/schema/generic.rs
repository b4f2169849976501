//! The struct that `select!` declares for `{ ..o, cost: … }`: the row's own columns replace those of the old row.

#[derive(Schema)]
struct AnonymousRow<R, T0> {
    #[schema(rest)]
    __row: R,
    cost: T0,
}
