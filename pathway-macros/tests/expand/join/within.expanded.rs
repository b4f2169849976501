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
        page: T0,
    }
    #[automatically_derived]
    #[allow(clippy::unused_unit)]
    impl<T0: ::pathway::__private::Datum> ::pathway::__private::KeptColumns
    for ColumnsOfRight<T0> {
        const FIELDS: &'static [&'static ::core::primitive::str] = &["page"];
        type Refs<'__row> = (::pathway::__private::DatumRef<'__row, T0>,);
        fn refs(&self) -> Self::Refs<'_> {
            (::pathway::__private::DatumRef(&self.page),)
        }
        fn clone_columns(&self) -> Self {
            Self {
                page: ::pathway::__private::Datum::clone_datum(&self.page),
            }
        }
        fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
            _columns: &mut __A,
        ) -> ::core::result::Result<Self, __A::Error> {
            ::core::result::Result::Ok(Self {
                page: ::pathway::__private::read_field(_columns)?,
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
        id: T0,
        page: T1,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&orders)
            .join(::pathway::__private::table(&clicks))
            .on(
                move |o| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&o.user),
                ),
                move |c| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&c.user),
                ),
            )
            .left_columns(move |o| {
                ColumnsOfLeft {
                    id: ::pathway::__private::take_datum(&mut o.id),
                }
            })
            .right_columns(move |c| {
                ColumnsOfRight {
                    page: ::pathway::__private::take_datum(&mut c.page),
                }
            })
            .within(
                move |o| ::pathway::__private::time(
                    ::pathway::__private::clone_datum(&o.at),
                ),
                move |c| ::pathway::__private::time(
                    ::pathway::__private::clone_datum(&c.at),
                ),
                ::pathway::__private::reversed(0.minutes()..=5.minutes()),
            )
            .inner(move |o, c| AnonymousRow {
                id: ::pathway::__private::column(
                    ::pathway::__private::clone_datum(&o.id),
                ),
                page: ::pathway::__private::column(
                    ::pathway::__private::clone_datum(&c.page),
                ),
            }),
        "on o.user == c.user",
    )
}
