#[automatically_derived]
impl<T: ::pathway::__private::ColumnType> ::pathway::__private::Datum for Tagged<T> {
    fn clone_datum(&self) -> Self {
        ::pathway::__private::column_type::<T>();
        Self(<T as ::pathway::__private::Datum>::clone_datum(&self.0))
    }
    fn take_datum(&mut self) -> Self {
        ::pathway::__private::column_type::<T>();
        Self(<T as ::pathway::__private::Datum>::take_datum(&mut self.0))
    }
    fn compare(&self, other: &Self) -> ::core::cmp::Ordering {
        ::pathway::__private::column_type::<T>();
        <T as ::pathway::__private::Datum>::compare(&self.0, &other.0)
    }
    fn is_missing(&self) -> ::core::primitive::bool {
        ::pathway::__private::column_type::<T>();
        <T as ::pathway::__private::Datum>::is_missing(&self.0)
    }
    fn hash_into<__H: ::core::hash::Hasher>(&self, state: &mut __H) {
        ::pathway::__private::column_type::<T>();
        <T as ::pathway::__private::Datum>::hash_into(&self.0, state)
    }
    fn serialize<__S: ::pathway::__private::Serializer>(
        &self,
        serializer: __S,
    ) -> ::core::result::Result<__S::Ok, __S::Error> {
        ::pathway::__private::column_type::<T>();
        <T as ::pathway::__private::Datum>::serialize(&self.0, serializer)
    }
    fn deserialize<'__de, __D: ::pathway::__private::Deserializer<'__de>>(
        deserializer: __D,
    ) -> ::core::result::Result<Self, __D::Error> {
        ::pathway::__private::column_type::<T>();
        ::core::result::Result::map(
            <T as ::pathway::__private::Datum>::deserialize(deserializer),
            Self,
        )
    }
}
#[automatically_derived]
impl<T: ::pathway::__private::ColumnType> ::pathway::__private::DecodeJson
for Tagged<T> {
    fn expected() -> ::pathway::__private::Cow<'static, ::core::primitive::str> {
        ::pathway::__private::column_type::<T>();
        <T as ::pathway::__private::DecodeJson>::expected()
    }
    fn decode_json(
        value: ::pathway::__private::JsonText<'_>,
    ) -> ::core::result::Result<Self, ::pathway::__private::Mismatch> {
        ::pathway::__private::column_type::<T>();
        ::core::result::Result::map(
            <T as ::pathway::__private::DecodeJson>::decode_json(value),
            Self,
        )
    }
    fn decode_missing() -> ::core::option::Option<Self> {
        ::pathway::__private::column_type::<T>();
        ::core::option::Option::map(
            <T as ::pathway::__private::DecodeJson>::decode_missing(),
            Self,
        )
    }
}
#[automatically_derived]
impl<T: ::pathway::__private::ColumnType> ::pathway::__private::EncodeJson
for Tagged<T> {
    fn encode_json(&self, out: &mut ::pathway::__private::Vec<::core::primitive::u8>) {
        ::pathway::__private::column_type::<T>();
        <T as ::pathway::__private::EncodeJson>::encode_json(&self.0, out)
    }
    fn encode_json_rfc3339(
        &self,
        out: &mut ::pathway::__private::Vec<::core::primitive::u8>,
    ) {
        ::pathway::__private::column_type::<T>();
        <T as ::pathway::__private::EncodeJson>::encode_json_rfc3339(&self.0, out)
    }
}
#[automatically_derived]
impl<T: ::pathway::__private::ColumnType> ::pathway::__private::EncodeText
for Tagged<T> {
    fn encode_text(
        &self,
        form: ::pathway::__private::TextForm,
        out: &mut ::pathway::__private::Vec<::core::primitive::u8>,
    ) {
        ::pathway::__private::column_type::<T>();
        <T as ::pathway::__private::EncodeText>::encode_text(&self.0, form, out)
    }
    fn is_none(&self) -> ::core::primitive::bool {
        ::pathway::__private::column_type::<T>();
        <T as ::pathway::__private::EncodeText>::is_none(&self.0)
    }
}
