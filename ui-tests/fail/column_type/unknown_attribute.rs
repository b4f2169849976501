use pathway::ColumnType;

#[derive(ColumnType)]
#[column(renameall = "lowercase")]
enum Unit {
    #[column(alias = "m")]
    Metre,
}

fn main() {}
