use pathway::ColumnType;

#[derive(ColumnType)]
struct Point {
    x: i64,
    y: i64,
}

fn main() {}
