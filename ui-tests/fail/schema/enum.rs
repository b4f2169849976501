use pathway::Schema;

#[derive(Schema)]
enum Order {
    Open { id: i64 },
    Closed,
}

fn use_it(order: &Order) -> pathway::Change<&Order>
where
    Order: Schema,
{
    pathway::Change::insert(order)
}

fn main() {}
