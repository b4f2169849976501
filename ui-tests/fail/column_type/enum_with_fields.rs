use pathway::ColumnType;

#[derive(ColumnType)]
enum Payment {
    Cash,
    Card { number: String },
    Voucher(i64),
}

fn main() {}
