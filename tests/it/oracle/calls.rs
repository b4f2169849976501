//! [`Table::map_async`](pathway::Table::map_async) of a function that gives the same for equal rows is a `filter_map`.

use pathway::prelude::*;

use super::check::check;

#[derive(Schema)]
struct Made {
    city: String,
    number: i64,
}

#[test]
fn a_function_of_the_row() {
    for cache in [0, 2] {
        check(
            "map_async",
            move |orders| {
                let made = orders.map_async(async |o| {
                    tokio::task::yield_now().await;
                    match o.shop {
                        Some(shop) => Ok(Made { city: o.city.clone(), number: shop + o.day }),
                        None => Err("no shop"),
                    }
                });
                made.retries(0)
                    .cache(cache)
                    .or_else(|o, _| (o.day == 1).then(|| Made { city: o.city.clone(), number: -1 }))
            },
            |row| (row.city.clone(), row.number),
            |rows| {
                rows.flat_map(|(city, day, shop, _, _)| {
                    let number = shop.map(|shop| shop + day).or((day == 1).then_some(-1));
                    number.map(|number| (city, number))
                })
            },
        );
    }
}
