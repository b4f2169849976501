use pathway::prelude::*;

#[derive(Schema)]
struct Address {
    #[schema(rename = "home_city")]
    city: String,
}

#[derive(Schema)]
struct Person {
    city: String,
    #[schema(flatten)]
    home: Address,
}

fn pipeline(people: Table<Person>) {
    let groups = reduce!(p in people by p.city, p.home.city => { city, n: count() });
}

fn main() {}
