fn expansion() {
    #[allow(nonstandard_style)]
    struct ColumnsOfLeft<T0> {
        amount: T0,
    }
    #[automatically_derived]
    #[allow(clippy::unused_unit)]
    impl<T0: ::pathway::__private::Datum> ::pathway::__private::KeptColumns
    for ColumnsOfLeft<T0> {
        const FIELDS: &'static [&'static ::core::primitive::str] = &["amount"];
        type Refs<'__row> = (::pathway::__private::DatumRef<'__row, T0>,);
        fn refs(&self) -> Self::Refs<'_> {
            (::pathway::__private::DatumRef(&self.amount),)
        }
        fn clone_columns(&self) -> Self {
            Self {
                amount: ::pathway::__private::Datum::clone_datum(&self.amount),
            }
        }
        fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
            _columns: &mut __A,
        ) -> ::core::result::Result<Self, __A::Error> {
            ::core::result::Result::Ok(Self {
                amount: ::pathway::__private::read_field(_columns)?,
            })
        }
    }
    #[allow(nonstandard_style)]
    struct ColumnsOfRight<T0> {
        rate: T0,
    }
    #[automatically_derived]
    #[allow(clippy::unused_unit)]
    impl<T0: ::pathway::__private::Datum> ::pathway::__private::KeptColumns
    for ColumnsOfRight<T0> {
        const FIELDS: &'static [&'static ::core::primitive::str] = &["rate"];
        type Refs<'__row> = (::pathway::__private::DatumRef<'__row, T0>,);
        fn refs(&self) -> Self::Refs<'_> {
            (::pathway::__private::DatumRef(&self.rate),)
        }
        fn clone_columns(&self) -> Self {
            Self {
                rate: ::pathway::__private::Datum::clone_datum(&self.rate),
            }
        }
        fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
            _columns: &mut __A,
        ) -> ::core::result::Result<Self, __A::Error> {
            ::core::result::Result::Ok(Self {
                rate: ::pathway::__private::read_field(_columns)?,
            })
        }
    }
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0> {
        value: T0,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&trades)
            .join(::pathway::__private::table(&rates))
            .on(
                move |t| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&t.currency),
                ),
                move |r| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&r.currency),
                ),
            )
            .left_columns(move |t| {
                ColumnsOfLeft {
                    amount: ::pathway::__private::take_datum(&mut t.amount),
                }
            })
            .right_columns(move |r| {
                ColumnsOfRight {
                    rate: ::pathway::__private::take_datum(&mut r.rate),
                }
            })
            .asof_now()
            .inner(move |t, r| AnonymousRow {
                value: ::pathway::__private::column(
                    ::pathway::__private::clone_datum(&t.amount) * r.rate,
                ),
            }),
        "on t.currency == r.currency",
    )
}
