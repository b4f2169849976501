use pathway::Schema;

struct Order {
    id: i64,
}

fn is_row<R: Schema>() {}

fn check() {
    is_row::<Order>();
}

fn main() {}
