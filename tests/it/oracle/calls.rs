//! [`Table::map_async`](pathway::Table::map_async) of a pure function equals `filter_map`.

use pathway::prelude::*;

use super::check::check;

#[derive(Schema)]
struct Made {
    city: String,
    number: i64,
}

#[test]
fn map_async_of_a_pure_function_is_a_filter_map() {
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
