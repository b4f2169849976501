fn expansion() {
    ::pathway::__private::table(&shop.orders())
        .select(move |o| ::pathway::__private::row(Lean {
            id: ::pathway::__private::clone_datum(&o.id),
            city: o.city.to_lowercase(),
        }))
}
