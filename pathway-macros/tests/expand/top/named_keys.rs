//! A key with a name, one with that of its column, and the rank.

top!(3 of b in bids by day: b.at.date(), b.city order b.price desc => {
    day,
    place: format!("{rank} in {city}"),
    shouted: city.to_uppercase(),
    city,
});
