use pathway::ColumnType;

#[derive(ColumnType)]
#[column(rename_all = "lowercase")]
enum Unit {
    Metre,
    #[column(rename = "metre")]
    Meter,
}

fn main() {}
