fn expansion() {
    #[allow(nonstandard_style)]
    struct Columns1Of_o<T0, T1> {
        id: T0,
        product: T1,
    }
    #[automatically_derived]
    #[allow(clippy::unused_unit)]
    impl<
        T0: ::pathway::__private::Datum,
        T1: ::pathway::__private::Datum,
    > ::pathway::__private::KeptColumns for Columns1Of_o<T0, T1> {
        const FIELDS: &'static [&'static ::core::primitive::str] = &["id", "product"];
        type Refs<'__row> = (
            ::pathway::__private::DatumRef<'__row, T0>,
            ::pathway::__private::DatumRef<'__row, T1>,
        );
        fn refs(&self) -> Self::Refs<'_> {
            (
                ::pathway::__private::DatumRef(&self.id),
                ::pathway::__private::DatumRef(&self.product),
            )
        }
        fn clone_columns(&self) -> Self {
            Self {
                id: ::pathway::__private::Datum::clone_datum(&self.id),
                product: ::pathway::__private::Datum::clone_datum(&self.product),
            }
        }
        fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
            _columns: &mut __A,
        ) -> ::core::result::Result<Self, __A::Error> {
            ::core::result::Result::Ok(Self {
                id: ::pathway::__private::read_field(_columns)?,
                product: ::pathway::__private::read_field(_columns)?,
            })
        }
    }
    #[allow(nonstandard_style)]
    struct Columns2Of_o<T0> {
        id: T0,
    }
    #[automatically_derived]
    #[allow(clippy::unused_unit)]
    impl<T0: ::pathway::__private::Datum> ::pathway::__private::KeptColumns
    for Columns2Of_o<T0> {
        const FIELDS: &'static [&'static ::core::primitive::str] = &["id"];
        type Refs<'__row> = (::pathway::__private::DatumRef<'__row, T0>,);
        fn refs(&self) -> Self::Refs<'_> {
            (::pathway::__private::DatumRef(&self.id),)
        }
        fn clone_columns(&self) -> Self {
            Self {
                id: ::pathway::__private::Datum::clone_datum(&self.id),
            }
        }
        fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
            _columns: &mut __A,
        ) -> ::core::result::Result<Self, __A::Error> {
            ::core::result::Result::Ok(Self {
                id: ::pathway::__private::read_field(_columns)?,
            })
        }
    }
    #[allow(nonstandard_style)]
    struct Columns1Of_c<T0, T1> {
        active: T0,
        name: T1,
    }
    #[automatically_derived]
    #[allow(clippy::unused_unit)]
    impl<
        T0: ::pathway::__private::Datum,
        T1: ::pathway::__private::Datum,
    > ::pathway::__private::KeptColumns for Columns1Of_c<T0, T1> {
        const FIELDS: &'static [&'static ::core::primitive::str] = &["active", "name"];
        type Refs<'__row> = (
            ::pathway::__private::DatumRef<'__row, T0>,
            ::pathway::__private::DatumRef<'__row, T1>,
        );
        fn refs(&self) -> Self::Refs<'_> {
            (
                ::pathway::__private::DatumRef(&self.active),
                ::pathway::__private::DatumRef(&self.name),
            )
        }
        fn clone_columns(&self) -> Self {
            Self {
                active: ::pathway::__private::Datum::clone_datum(&self.active),
                name: ::pathway::__private::Datum::clone_datum(&self.name),
            }
        }
        fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
            _columns: &mut __A,
        ) -> ::core::result::Result<Self, __A::Error> {
            ::core::result::Result::Ok(Self {
                active: ::pathway::__private::read_field(_columns)?,
                name: ::pathway::__private::read_field(_columns)?,
            })
        }
    }
    #[allow(nonstandard_style)]
    struct Columns2Of_c<T0> {
        name: T0,
    }
    #[automatically_derived]
    #[allow(clippy::unused_unit)]
    impl<T0: ::pathway::__private::Datum> ::pathway::__private::KeptColumns
    for Columns2Of_c<T0> {
        const FIELDS: &'static [&'static ::core::primitive::str] = &["name"];
        type Refs<'__row> = (::pathway::__private::DatumRef<'__row, T0>,);
        fn refs(&self) -> Self::Refs<'_> {
            (::pathway::__private::DatumRef(&self.name),)
        }
        fn clone_columns(&self) -> Self {
            Self {
                name: ::pathway::__private::Datum::clone_datum(&self.name),
            }
        }
        fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
            _columns: &mut __A,
        ) -> ::core::result::Result<Self, __A::Error> {
            ::core::result::Result::Ok(Self {
                name: ::pathway::__private::read_field(_columns)?,
            })
        }
    }
    #[allow(nonstandard_style)]
    struct Columns1Of_p<T0> {
        price: T0,
    }
    #[automatically_derived]
    #[allow(clippy::unused_unit)]
    impl<T0: ::pathway::__private::Datum> ::pathway::__private::KeptColumns
    for Columns1Of_p<T0> {
        const FIELDS: &'static [&'static ::core::primitive::str] = &["price"];
        type Refs<'__row> = (::pathway::__private::DatumRef<'__row, T0>,);
        fn refs(&self) -> Self::Refs<'_> {
            (::pathway::__private::DatumRef(&self.price),)
        }
        fn clone_columns(&self) -> Self {
            Self {
                price: ::pathway::__private::Datum::clone_datum(&self.price),
            }
        }
        fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
            _columns: &mut __A,
        ) -> ::core::result::Result<Self, __A::Error> {
            ::core::result::Result::Ok(Self {
                price: ::pathway::__private::read_field(_columns)?,
            })
        }
    }
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0, T1, T2> {
        id: T0,
        name: T1,
        price: T2,
    }
    let __table_0 = ::pathway::__private::table(&orders).clone();
    let __row_0 = ::pathway::__private::row_of(&__table_0);
    let __table_1 = ::pathway::__private::table(&customers).clone();
    let __row_1 = ::pathway::__private::row_of(&__table_1);
    let __table_2 = ::pathway::__private::table(&products).clone();
    ::pathway::__private::shown(
        ::pathway::__private::shown(
                __table_0
                    .join(&__table_1)
                    .on(
                        move |o| ::pathway::__private::key(
                            ::pathway::__private::clone_datum(&o.customer),
                        ),
                        move |c| ::pathway::__private::key(
                            ::pathway::__private::clone_datum(&c.id),
                        ),
                    )
                    .left_columns(move |o| {
                        Columns1Of_o {
                            id: ::pathway::__private::take_datum(&mut o.id),
                            product: ::pathway::__private::take_datum(&mut o.product),
                        }
                    })
                    .right_columns(move |c| {
                        Columns1Of_c {
                            active: ::pathway::__private::take_datum(&mut c.active),
                            name: ::pathway::__private::take_datum(&mut c.name),
                        }
                    })
                    .and(move |_, c| c.active)
                    .left(move |o, c| ::pathway::__private::JoinedRows((
                        ::pathway::__private::kept_columns(
                            __row_0,
                            Columns1Of_o {
                                id: ::pathway::__private::clone_datum(&o.id),
                                product: ::pathway::__private::clone_datum(&o.product),
                            },
                        ),
                        c
                            .map(|c| ::pathway::__private::kept_columns(
                                __row_1,
                                Columns2Of_c {
                                    name: ::pathway::__private::clone_datum(&c.name),
                                },
                            )),
                    ))),
                "on o.customer == c.id",
            )
            .join(&__table_2)
            .on(
                move |__rows| {
                    let o = ::pathway::__private::joined_row(&__rows.0.0);
                    ::pathway::__private::key(
                        ::pathway::__private::clone_datum(&o.product),
                    )
                },
                move |p| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&p.id),
                ),
            )
            .left_parts(move |__rows| {
                let o = ::pathway::__private::joined_row(&__rows.0.0);
                let c = ::pathway::__private::joined_row_or_none(&__rows.0.1);
                ::pathway::__private::JoinedRows((
                    ::pathway::__private::kept_columns(
                        __row_0,
                        Columns2Of_o {
                            id: ::pathway::__private::clone_datum(&o.id),
                        },
                    ),
                    c
                        .map(|c| ::pathway::__private::kept_columns(
                            __row_1,
                            Columns2Of_c {
                                name: ::pathway::__private::clone_datum(&c.name),
                            },
                        )),
                ))
            })
            .right_columns(move |p| {
                Columns1Of_p {
                    price: ::pathway::__private::take_datum(&mut p.price),
                }
            })
            .inner(move |__rows, p| {
                let o = ::pathway::__private::joined_row(&__rows.0.0);
                let c = ::pathway::__private::joined_row_or_none(&__rows.0.1);
                AnonymousRow {
                    id: ::pathway::__private::column(
                        ::pathway::__private::clone_datum(&o.id),
                    ),
                    name: ::pathway::__private::column(c.map(|c| c.name.clone())),
                    price: ::pathway::__private::column(
                        ::pathway::__private::clone_datum(&p.price),
                    ),
                }
            }),
        "on o.product == p.id",
    )
}
