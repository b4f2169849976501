use pathway::ColumnType;

#[derive(ColumnType)]
#[column(rename_all = "lowercase")]
struct UserId(i64);

fn main() {}
