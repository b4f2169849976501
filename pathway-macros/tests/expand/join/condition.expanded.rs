fn expansion() {
    #[allow(nonstandard_style)]
    struct ColumnsOfLeft<T0, T1, T2> {
        at: T0,
        expires: T1,
        id: T2,
    }
    #[automatically_derived]
    #[allow(clippy::unused_unit)]
    impl<
        T0: ::pathway::__private::Datum,
        T1: ::pathway::__private::Datum,
        T2: ::pathway::__private::Datum,
    > ::pathway::__private::KeptColumns for ColumnsOfLeft<T0, T1, T2> {
        const FIELDS: &'static [&'static ::core::primitive::str] = &[
            "at",
            "expires",
            "id",
        ];
        type Refs<'__row> = (
            ::pathway::__private::DatumRef<'__row, T0>,
            ::pathway::__private::DatumRef<'__row, T1>,
            ::pathway::__private::DatumRef<'__row, T2>,
        );
        fn refs(&self) -> Self::Refs<'_> {
            (
                ::pathway::__private::DatumRef(&self.at),
                ::pathway::__private::DatumRef(&self.expires),
                ::pathway::__private::DatumRef(&self.id),
            )
        }
        fn clone_columns(&self) -> Self {
            Self {
                at: ::pathway::__private::Datum::clone_datum(&self.at),
                expires: ::pathway::__private::Datum::clone_datum(&self.expires),
                id: ::pathway::__private::Datum::clone_datum(&self.id),
            }
        }
        fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
            _columns: &mut __A,
        ) -> ::core::result::Result<Self, __A::Error> {
            ::core::result::Result::Ok(Self {
                at: ::pathway::__private::read_field(_columns)?,
                expires: ::pathway::__private::read_field(_columns)?,
                id: ::pathway::__private::read_field(_columns)?,
            })
        }
    }
    #[allow(nonstandard_style)]
    struct ColumnsOfRight<T0, T1> {
        at: T0,
        price: T1,
    }
    #[automatically_derived]
    #[allow(clippy::unused_unit)]
    impl<
        T0: ::pathway::__private::Datum,
        T1: ::pathway::__private::Datum,
    > ::pathway::__private::KeptColumns for ColumnsOfRight<T0, T1> {
        const FIELDS: &'static [&'static ::core::primitive::str] = &["at", "price"];
        type Refs<'__row> = (
            ::pathway::__private::DatumRef<'__row, T0>,
            ::pathway::__private::DatumRef<'__row, T1>,
        );
        fn refs(&self) -> Self::Refs<'_> {
            (
                ::pathway::__private::DatumRef(&self.at),
                ::pathway::__private::DatumRef(&self.price),
            )
        }
        fn clone_columns(&self) -> Self {
            Self {
                at: ::pathway::__private::Datum::clone_datum(&self.at),
                price: ::pathway::__private::Datum::clone_datum(&self.price),
            }
        }
        fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
            _columns: &mut __A,
        ) -> ::core::result::Result<Self, __A::Error> {
            ::core::result::Result::Ok(Self {
                at: ::pathway::__private::read_field(_columns)?,
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
    struct AnonymousRow<T0, T1> {
        id: T0,
        price: T1,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&auctions)
            .join(::pathway::__private::table(&bids))
            .on(
                move |a| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&a.id),
                ),
                move |b| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&b.auction),
                ),
            )
            .left_columns(move |a| {
                ColumnsOfLeft {
                    at: ::pathway::__private::take_datum(&mut a.at),
                    expires: ::pathway::__private::take_datum(&mut a.expires),
                    id: ::pathway::__private::take_datum(&mut a.id),
                }
            })
            .right_columns(move |b| {
                let _ = &b.price;
                ColumnsOfRight {
                    at: ::pathway::__private::take_datum(&mut b.at),
                    price: ::pathway::__private::take_datum(&mut b.price),
                }
            })
            .and(move |a, b| {
                (::pathway::__private::clone_datum(
                    &a.at,
                )..=::pathway::__private::clone_datum(&a.expires))
                    .contains(&b.at) && b.price > least
            })
            .ranges(
                move |a| (
                    {
                        use ::pathway::__private::WithoutRank as _;
                        ::pathway::__private::Compared(&(a.at)).rank()
                    },
                    {
                        use ::pathway::__private::WithoutRank as _;
                        ::pathway::__private::Compared(&(a.expires)).rank()
                    },
                ),
                move |b| (
                    {
                        use ::pathway::__private::WithoutRank as _;
                        ::pathway::__private::Compared(&(b.at)).rank()
                    },
                    {
                        use ::pathway::__private::WithoutRank as _;
                        ::pathway::__private::Compared(&(b.at)).rank()
                    },
                ),
            )
            .left(move |a, b| AnonymousRow {
                id: ::pathway::__private::column(
                    ::pathway::__private::clone_datum(&a.id),
                ),
                price: ::pathway::__private::column(b.map(|b| b.price)),
            }),
        "on a.id == b.auction",
    )
}
