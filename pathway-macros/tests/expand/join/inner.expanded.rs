fn expansion() {
    #[allow(nonstandard_style)]
    struct ColumnsOfLeft<T0> {
        id: T0,
    }
    #[automatically_derived]
    #[allow(clippy::unused_unit)]
    impl<T0: ::pathway::__private::Datum> ::pathway::__private::KeptColumns
    for ColumnsOfLeft<T0> {
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
    struct ColumnsOfRight<T0> {
        name: T0,
    }
    #[automatically_derived]
    #[allow(clippy::unused_unit)]
    impl<T0: ::pathway::__private::Datum> ::pathway::__private::KeptColumns
    for ColumnsOfRight<T0> {
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
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0, T1> {
        order: T0,
        name: T1,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&orders)
            .join(::pathway::__private::table(&customers))
            .on(
                move |o| (
                    ::pathway::__private::key(
                        ::pathway::__private::clone_datum(&o.customer),
                    ),
                    ::pathway::__private::key(::pathway::__private::clone_datum(&o.shop)),
                ),
                move |c| (
                    ::pathway::__private::key(::pathway::__private::clone_datum(&c.id)),
                    ::pathway::__private::key(::pathway::__private::clone_datum(&c.shop)),
                ),
            )
            .left_columns(move |o| {
                ColumnsOfLeft {
                    id: ::pathway::__private::take_datum(&mut o.id),
                }
            })
            .right_columns(move |c| {
                ColumnsOfRight {
                    name: ::pathway::__private::take_datum(&mut c.name),
                }
            })
            .inner(move |o, c| AnonymousRow {
                order: ::pathway::__private::column(
                    ::pathway::__private::clone_datum(&o.id),
                ),
                name: ::pathway::__private::column(
                    ::pathway::__private::clone_datum(&c.name),
                ),
            }),
        "on o.customer == c.id && c.shop == o.shop",
    )
}
