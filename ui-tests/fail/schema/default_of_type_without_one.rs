use pathway::Schema;

use pathway::ColumnType;

#[derive(ColumnType)]
enum State {
    Open,
    Closed,
}

#[derive(Schema)]
struct Order {
    #[schema(default)]
    state: State,
}

fn main() {}
