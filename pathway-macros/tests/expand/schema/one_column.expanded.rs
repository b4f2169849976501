#[automatically_derived]
impl ::pathway::__private::Datum for Line {
    fn clone_datum(&self) -> Self {
        ::pathway::__private::column_type::<String>();
        Self {
            text: <String as ::pathway::__private::Datum>::clone_datum(&self.text),
        }
    }
    fn take_datum(&mut self) -> Self {
        ::pathway::__private::column_type::<String>();
        Self {
            text: <String as ::pathway::__private::Datum>::take_datum(&mut self.text),
        }
    }
    fn compare(&self, other: &Self) -> ::core::cmp::Ordering {
        ::pathway::__private::column_type::<String>();
        match <String as ::pathway::__private::Datum>::compare(&self.text, &other.text) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        ::core::cmp::Ordering::Equal
    }
    fn hash_into<__H: ::core::hash::Hasher>(&self, state: &mut __H) {
        ::pathway::__private::column_type::<String>();
        <String as ::pathway::__private::Datum>::hash_into(&self.text, state);
    }
    fn serialize<__S: ::pathway::__private::Serializer>(
        &self,
        serializer: __S,
    ) -> ::core::result::Result<__S::Ok, __S::Error> {
        ::pathway::__private::column_type::<String>();
        let mut tuple = serializer.serialize_tuple(1usize)?;
        ::pathway::__private::write_field::<String, _>(&mut tuple, &self.text)?;
        ::pathway::__private::SerializeTuple::end(tuple)
    }
    fn deserialize<'__de, __D: ::pathway::__private::Deserializer<'__de>>(
        deserializer: __D,
    ) -> ::core::result::Result<Self, __D::Error> {
        ::pathway::__private::read_fields(deserializer)
    }
}
#[automatically_derived]
impl ::pathway::__private::Fields for Line {
    const COUNT: ::core::primitive::usize = 1usize;
    fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
        mut fields: __A,
    ) -> ::core::result::Result<Self, __A::Error> {
        ::pathway::__private::column_type::<String>();
        ::core::result::Result::Ok(Self {
            text: ::pathway::__private::read_field::<String, _>(&mut fields)?,
        })
    }
}
#[automatically_derived]
impl ::pathway::__private::Schema for Line {
    const NAME: &'static ::core::primitive::str = "Line";
    const COLUMNS: ::pathway::__private::Columns = ::pathway::__private::Columns {
        fields: &[
            ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                name: "text",
                type_name: "String",
                primary_key: false,
                path: ::core::option::Option::None,
            }),
        ],
        names: &["text"],
    };
    type KeyPresence = ::pathway::__private::NoKey;
    type Key = ();
    fn primary_key(&self) -> Self::Key {}
    fn decode_row(
        document: ::pathway::__private::JsonText<'_>,
        message: &::pathway::__private::Message<'_>,
    ) -> ::core::result::Result<Self, ::pathway::__private::DecodeError> {
        ::pathway::__private::column_type::<String>();
        let walk = ::pathway::__private::JsonWalker::new();
        let mut slot_0 = ::pathway::__private::Slot::<String>::Missing;
        {
            let value = document;
            walk.document_members(
                value,
                &mut |step, value| match step {
                    "text" => {
                        ::pathway::__private::read_slot::<String>(&mut slot_0, value);
                    }
                    _ => {}
                },
            );
            walk.finish()?;
        }
        ::core::result::Result::Ok(Self {
            text: ::pathway::__private::take_slot::<
                String,
            >(slot_0, <Self as ::pathway::__private::Schema>::COLUMNS.field(0usize))?,
        })
    }
    fn encode_columns(
        &self,
        out: &mut ::pathway::__private::Vec<::core::primitive::u8>,
    ) {
        ::pathway::__private::column_type::<String>();
        out.extend_from_slice(b"\"text\":");
        <String as ::pathway::__private::EncodeJson>::encode_json(&self.text, out);
        out.push(b',');
    }
    fn zip_columns(
        &self,
        other: &Self,
        show: &mut dyn ::core::ops::FnMut(
            &'static ::pathway::__private::Column,
            &dyn ::pathway::__private::DynValue,
            &dyn ::pathway::__private::DynValue,
        ),
    ) {
        ::pathway::__private::column_type::<String>();
        show(
            <Self as ::pathway::__private::Schema>::COLUMNS.field(0usize),
            ::pathway::__private::dyn_value::<String>(&self.text),
            ::pathway::__private::dyn_value::<String>(&other.text),
        );
    }
}
#[automatically_derived]
impl ::pathway::__private::OneColumn<String> for Line {
    fn column(&self) -> &String {
        &self.text
    }
}
#[automatically_derived]
impl ::pathway::__private::OnePayload<String> for Line {
    fn from_payload(
        payload: String,
        message: &::pathway::__private::Message<'_>,
    ) -> ::core::result::Result<Self, ::pathway::__private::DecodeError> {
        ::core::result::Result::Ok(Self { text: payload })
    }
}
#[automatically_derived]
impl ::pathway::__private::Extends<Self> for Line {
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
    struct __LineWith<__X: ::pathway::__private::Schema> {
        text: String,
        __other: __X,
    }
    #[automatically_derived]
    impl<__X: ::pathway::__private::Schema> ::core::ops::Deref for __LineWith<__X> {
        type Target = __X;
        fn deref(&self) -> &Self::Target {
            &self.__other
        }
    }
    #[automatically_derived]
    impl<__X: ::pathway::__private::Schema> ::core::ops::DerefMut for __LineWith<__X> {
        fn deref_mut(&mut self) -> &mut Self::Target {
            &mut self.__other
        }
    }
    #[automatically_derived]
    impl ::pathway::__private::ExtensibleRow for Line {
        type With<__X: ::pathway::__private::Schema> = __LineWith<__X>;
        fn with<__X: ::pathway::__private::Schema>(
            &self,
            other: __X,
        ) -> Self::With<__X> {
            ::pathway::__private::column_type::<String>();
            __LineWith {
                text: <String as ::pathway::__private::Datum>::clone_datum(&self.text),
                __other: other,
            }
        }
        fn own<__X: ::pathway::__private::Schema>(both: &Self::With<__X>) -> Self {
            ::pathway::__private::column_type::<String>();
            Self {
                text: <String as ::pathway::__private::Datum>::clone_datum(&both.text),
            }
        }
        fn other<__X: ::pathway::__private::Schema>(both: &Self::With<__X>) -> &__X {
            &both.__other
        }
        fn zip_own<__X: ::pathway::__private::Schema>(
            first: &Self::With<__X>,
            second: &Self::With<__X>,
            show: &mut dyn ::core::ops::FnMut(
                &'static ::pathway::__private::Column,
                &dyn ::pathway::__private::DynValue,
                &dyn ::pathway::__private::DynValue,
            ),
        ) {
            ::pathway::__private::column_type::<String>();
            show(
                <Self as ::pathway::__private::Schema>::COLUMNS.field(0usize),
                ::pathway::__private::dyn_value::<String>(&first.text),
                ::pathway::__private::dyn_value::<String>(&second.text),
            );
        }
    }
};
