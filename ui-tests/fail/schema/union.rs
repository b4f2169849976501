use pathway::Schema;

#[derive(Schema)]
union Order {
    id: i64,
    number: u64,
}

fn main() {}
