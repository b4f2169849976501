use pathway::ColumnType;

#[derive(ColumnType)]
struct Point(i64, i64);

fn main() {}
