//! The programs that are compiled: pipelines of the operators that people use most, each with rows of its own.

use std::fmt::Write;

const HEAD: &str = r#"use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
    quantity: i64,
    at: DateTimeUtc,
}

fn main() -> pathway::Result<()> {
    let uri = "nats://localhost:4222";
    let pipeline = Pipeline::new();
    let t0 = nats::read(&pipeline, uri, "orders").json::<Order>();
"#;

/// A program whose pipeline has so many operators. `edit` is a number in the last of them.
pub(super) fn source(operators: usize, edit: usize) -> String {
    let mut program = HEAD.to_owned();
    for n in 1..=operators {
        let before = n - 1;
        let number = if n == operators { edit } else { n };
        // Each ends with rows of an order's columns, so that any operator can follow any other.
        let operator = match n % 5 {
            1 => format!("filter!(o in t{before} => o.quantity != {number})"),
            2 => format!(
                "select!(o in t{before} => {{ id: o.id, city: o.city, price: o.price + {number} as f64, quantity: o.quantity, at: o.at }})"
            ),
            3 => format!(
                "reduce!(o in t{before} by o.city => {{ id: max(o.id), city: o.city, price: sum(o.price), quantity: count() + {number}, at: max(o.at) }})"
            ),
            4 => format!(
                "join!(o in t{before}, c? in t0 on o.id == c.id => {{ id: o.id, city: o.city, price: o.price + {number} as f64, quantity: c.map_or(0, |c| c.quantity), at: o.at }})"
            ),
            _ => format!(
                "reduce!(o in t{before} by o.city window tumbling(o.at, 1.hours()) as w => {{ id: max(o.id), city: o.city, price: avg(o.price), quantity: sum(o.quantity) + {number}, at: w.start }})"
            ),
        };
        writeln!(program, "    let t{n} = {operator};").expect("text takes text");
    }
    writeln!(program, "    nats::write(&t{operators}, uri, \"out\").json();\n    pipeline.run()\n}}")
        .expect("text takes text");
    program
}
