use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
    paid: Option<bool>,
    note: Option<String>,
}

struct Longest;

impl pathway::reducers::Accumulator for Longest {
    type Argument = String;
    type State = String;
    type Output = String;

    fn add(&self, longest: &mut String, text: String) {
        if text.len() > longest.len() {
            *longest = text;
        }
    }

    fn output(&self, longest: &String) -> Result<String, pathway::reducers::ReduceError> {
        Ok(longest.clone())
    }
}

fn pipeline(orders: Table<Order>) {
    let cities = reduce!(o in orders by o.city => { first: Longest(o.price) });
}

fn main() {}
