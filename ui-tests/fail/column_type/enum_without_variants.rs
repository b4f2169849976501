use pathway::ColumnType;

#[derive(ColumnType)]
enum Never {}

fn main() {}
