use pathway::Schema;

use std::collections::HashMap;

struct Address {
    street: String,
}

#[derive(Schema)]
struct Customer {
    #[schema(primary_key)]
    address: Address,
    #[schema(default, path = "/x")]
    tags: HashMap<String, i64>,
    addresses: Vec<Address>,
}

fn main() {}
