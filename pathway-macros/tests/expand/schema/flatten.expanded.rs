#[automatically_derived]
impl ::streams::__private::Datum for Shipped {
    fn clone_datum(&self) -> Self {
        ::streams::__private::column_type::<String>();
        Self {
            order: <Order as ::streams::__private::Datum>::clone_datum(&self.order),
            carrier: <String as ::streams::__private::Datum>::clone_datum(&self.carrier),
        }
    }
    fn take_datum(&mut self) -> Self {
        ::streams::__private::column_type::<String>();
        Self {
            order: <Order as ::streams::__private::Datum>::take_datum(&mut self.order),
            carrier: <String as ::streams::__private::Datum>::take_datum(
                &mut self.carrier,
            ),
        }
    }
    fn compare(&self, other: &Self) -> ::core::cmp::Ordering {
        ::streams::__private::column_type::<String>();
        match <Order as ::streams::__private::Datum>::compare(
            &self.order,
            &other.order,
        ) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        match <String as ::streams::__private::Datum>::compare(
            &self.carrier,
            &other.carrier,
        ) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        ::core::cmp::Ordering::Equal
    }
    fn hash_into<__H: ::core::hash::Hasher>(&self, state: &mut __H) {
        ::streams::__private::column_type::<String>();
        <Order as ::streams::__private::Datum>::hash_into(&self.order, state);
        <String as ::streams::__private::Datum>::hash_into(&self.carrier, state);
    }
    fn serialize<__S: ::streams::__private::Serializer>(
        &self,
        serializer: __S,
    ) -> ::core::result::Result<__S::Ok, __S::Error> {
        ::streams::__private::column_type::<String>();
        let mut tuple = serializer.serialize_tuple(2usize)?;
        ::streams::__private::write_field::<Order, _>(&mut tuple, &self.order)?;
        ::streams::__private::write_field::<String, _>(&mut tuple, &self.carrier)?;
        ::streams::__private::SerializeTuple::end(tuple)
    }
    fn deserialize<'__de, __D: ::streams::__private::Deserializer<'__de>>(
        deserializer: __D,
    ) -> ::core::result::Result<Self, __D::Error> {
        ::streams::__private::read_fields(deserializer)
    }
}
#[automatically_derived]
impl ::streams::__private::Fields for Shipped {
    const COUNT: ::core::primitive::usize = 2usize;
    fn read<'__de, __A: ::streams::__private::SeqAccess<'__de>>(
        mut fields: __A,
    ) -> ::core::result::Result<Self, __A::Error> {
        ::streams::__private::column_type::<String>();
        ::core::result::Result::Ok(Self {
            order: ::streams::__private::read_field::<Order, _>(&mut fields)?,
            carrier: ::streams::__private::read_field::<String, _>(&mut fields)?,
        })
    }
}
#[automatically_derived]
impl ::streams::__private::Schema for Shipped {
    const NAME: &'static ::core::primitive::str = "Shipped";
    const COLUMNS: ::streams::__private::Columns = ::streams::__private::Columns {
        fields: &[
            ::streams::__private::SchemaField::Flattened {
                columns: &<Order as ::streams::__private::Schema>::COLUMNS,
                replaceable: false,
            },
            ::streams::__private::SchemaField::Column(::streams::__private::Column {
                name: "carrier",
                type_name: "String",
                primary_key: false,
                path: ::core::option::Option::None,
            }),
        ],
        names: &["order", "carrier"],
    };
    type KeyPresence = <<Order as ::streams::__private::Schema>::KeyPresence as ::streams::__private::KeyPresence>::Or<
        ::streams::__private::NoKey,
    >;
    type Key = (<Order as ::streams::__private::Schema>::Key,);
    const METADATA: ::streams::__private::Metadata = ::streams::__private::Metadata::NONE
        .and(<Order as ::streams::__private::Schema>::METADATA);
    fn primary_key(&self) -> Self::Key {
        ::streams::__private::column_type::<String>();
        (<Order as ::streams::__private::Schema>::primary_key(&self.order),)
    }
    fn decode_row(
        document: ::streams::__private::JsonText<'_>,
        message: &::streams::__private::Message<'_>,
    ) -> ::core::result::Result<Self, ::streams::__private::DecodeError> {
        ::streams::__private::column_type::<String>();
        let walk = ::streams::__private::JsonWalker::new();
        let mut slot_0 = ::streams::__private::Slot::<String>::Missing;
        {
            let value = document;
            walk.document_members(
                value,
                &mut |step, value| match step {
                    "carrier" => {
                        ::streams::__private::read_slot::<String>(&mut slot_0, value);
                    }
                    _ => {}
                },
            );
            walk.finish()?;
        }
        ::core::result::Result::Ok(Self {
            carrier: ::streams::__private::take_slot::<
                String,
            >(slot_0, <Self as ::streams::__private::Schema>::COLUMNS.field(1usize))?,
            order: <Order as ::streams::__private::Schema>::decode_row(
                document,
                message,
            )?,
        })
    }
    fn encode_columns(
        &self,
        out: &mut ::streams::__private::Vec<::core::primitive::u8>,
    ) {
        ::streams::__private::column_type::<String>();
        <Order as ::streams::__private::Schema>::encode_columns(&self.order, out);
        out.extend_from_slice(b"\"carrier\":");
        <String as ::streams::__private::EncodeJson>::encode_json(&self.carrier, out);
        out.push(b',');
    }
    fn zip_columns(
        &self,
        other: &Self,
        show: &mut dyn ::core::ops::FnMut(
            &'static ::streams::__private::Column,
            &dyn ::streams::__private::DynValue,
            &dyn ::streams::__private::DynValue,
        ),
    ) {
        ::streams::__private::column_type::<String>();
        <Order as ::streams::__private::Schema>::zip_columns(
            &self.order,
            &other.order,
            show,
        );
        show(
            <Self as ::streams::__private::Schema>::COLUMNS.field(1usize),
            ::streams::__private::dyn_value::<String>(&self.carrier),
            ::streams::__private::dyn_value::<String>(&other.carrier),
        );
    }
}
#[automatically_derived]
impl ::streams::__private::Extends<Self> for Shipped {
    fn base(&self) -> &Self {
        self
    }
}
const _: () = {
    #[doc(hidden)]
    #[allow(
        missing_docs,
        dead_code,
        unreachable_pub,
        private_interfaces,
        missing_debug_implementations
    )]
    struct __ShippedWith<__X: ::streams::__private::Schema> {
        order: Order,
        carrier: String,
        __other: __X,
    }
    #[automatically_derived]
    impl<__X: ::streams::__private::Schema> ::core::ops::Deref for __ShippedWith<__X> {
        type Target = __X;
        fn deref(&self) -> &Self::Target {
            &self.__other
        }
    }
    #[automatically_derived]
    impl<__X: ::streams::__private::Schema> ::core::ops::DerefMut
    for __ShippedWith<__X> {
        fn deref_mut(&mut self) -> &mut Self::Target {
            &mut self.__other
        }
    }
    #[automatically_derived]
    impl ::streams::__private::ExtensibleRow for Shipped {
        type With<__X: ::streams::__private::Schema> = __ShippedWith<__X>;
        fn with<__X: ::streams::__private::Schema>(
            &self,
            other: __X,
        ) -> Self::With<__X> {
            ::streams::__private::column_type::<String>();
            __ShippedWith {
                order: <Order as ::streams::__private::Datum>::clone_datum(&self.order),
                carrier: <String as ::streams::__private::Datum>::clone_datum(
                    &self.carrier,
                ),
                __other: other,
            }
        }
        fn own<__X: ::streams::__private::Schema>(both: &Self::With<__X>) -> Self {
            ::streams::__private::column_type::<String>();
            Self {
                order: <Order as ::streams::__private::Datum>::clone_datum(&both.order),
                carrier: <String as ::streams::__private::Datum>::clone_datum(
                    &both.carrier,
                ),
            }
        }
        fn other<__X: ::streams::__private::Schema>(both: &Self::With<__X>) -> &__X {
            &both.__other
        }
        fn zip_own<__X: ::streams::__private::Schema>(
            first: &Self::With<__X>,
            second: &Self::With<__X>,
            show: &mut dyn ::core::ops::FnMut(
                &'static ::streams::__private::Column,
                &dyn ::streams::__private::DynValue,
                &dyn ::streams::__private::DynValue,
            ),
        ) {
            ::streams::__private::column_type::<String>();
            <Order as ::streams::__private::Schema>::zip_columns(
                &first.order,
                &second.order,
                show,
            );
            show(
                <Self as ::streams::__private::Schema>::COLUMNS.field(1usize),
                ::streams::__private::dyn_value::<String>(&first.carrier),
                ::streams::__private::dyn_value::<String>(&second.carrier),
            );
        }
    }
};
const _: () = {
    ::streams::__private::assert_distinct_names(
        &<Order as ::streams::__private::Schema>::COLUMNS,
        &::streams::__private::Columns {
            fields: &[
                ::streams::__private::SchemaField::Column(::streams::__private::Column {
                    name: "carrier",
                    type_name: "String",
                    primary_key: false,
                    path: ::core::option::Option::None,
                }),
            ],
            names: &[],
        },
    );
};
