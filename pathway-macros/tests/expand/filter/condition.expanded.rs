fn expansion() {
    ::pathway::__private::table(&orders)
        .filter(move |o| {
            o.price > limit && is_capital(::pathway::__private::clone_datum(&o.city))
        })
}
