//! The facade under another name, which only `crate = …` knows.

mod vendor {
    pub use pathway as streams;
}

use vendor::streams::{ColumnType, Schema};

#[derive(Schema)]
#[schema(crate = vendor::streams)]
struct Order {
    #[schema(primary_key, default)]
    id: Id,
    #[schema(default = "Oslo", path = "/a/0")]
    city: String,
    state: State,
}

#[derive(ColumnType, Default)]
#[column(crate = crate::vendor::streams)]
struct Id(i64);

#[derive(ColumnType)]
#[column(crate = vendor::streams)]
enum State {
    Open,
}

/// The expansion uses the path from `crate = …`, not `::pathway`.
fn main() {
    let order = Order { id: Id(7), city: String::new(), state: State::Open };
    let (Id(id),) = order.primary_key();
    assert_eq!(id, 7);
}
