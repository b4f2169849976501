#[automatically_derived]
impl ::pathway::__private::Datum for Order {
    fn clone_datum(&self) -> Self {
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<f64>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<Option<DateTimeUtc>>();
        Self {
            order_id: <i64 as ::pathway::__private::Datum>::clone_datum(&self.order_id),
            city: <String as ::pathway::__private::Datum>::clone_datum(&self.city),
            priority: <i64 as ::pathway::__private::Datum>::clone_datum(&self.priority),
            currency: <String as ::pathway::__private::Datum>::clone_datum(
                &self.currency,
            ),
            quantity: <i64 as ::pathway::__private::Datum>::clone_datum(&self.quantity),
            price: <f64 as ::pathway::__private::Datum>::clone_datum(&self.price),
            note: <Option<
                String,
            > as ::pathway::__private::Datum>::clone_datum(&self.note),
            subject: <String as ::pathway::__private::Datum>::clone_datum(&self.subject),
            region: <String as ::pathway::__private::Datum>::clone_datum(&self.region),
            trace: <Option<
                String,
            > as ::pathway::__private::Datum>::clone_datum(&self.trace),
            published: <Option<
                DateTimeUtc,
            > as ::pathway::__private::Datum>::clone_datum(&self.published),
        }
    }
    fn take_datum(&mut self) -> Self {
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<f64>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<Option<DateTimeUtc>>();
        Self {
            order_id: <i64 as ::pathway::__private::Datum>::take_datum(
                &mut self.order_id,
            ),
            city: <String as ::pathway::__private::Datum>::take_datum(&mut self.city),
            priority: <i64 as ::pathway::__private::Datum>::take_datum(
                &mut self.priority,
            ),
            currency: <String as ::pathway::__private::Datum>::take_datum(
                &mut self.currency,
            ),
            quantity: <i64 as ::pathway::__private::Datum>::take_datum(
                &mut self.quantity,
            ),
            price: <f64 as ::pathway::__private::Datum>::take_datum(&mut self.price),
            note: <Option<
                String,
            > as ::pathway::__private::Datum>::take_datum(&mut self.note),
            subject: <String as ::pathway::__private::Datum>::take_datum(
                &mut self.subject,
            ),
            region: <String as ::pathway::__private::Datum>::take_datum(
                &mut self.region,
            ),
            trace: <Option<
                String,
            > as ::pathway::__private::Datum>::take_datum(&mut self.trace),
            published: <Option<
                DateTimeUtc,
            > as ::pathway::__private::Datum>::take_datum(&mut self.published),
        }
    }
    fn compare(&self, other: &Self) -> ::core::cmp::Ordering {
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<f64>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<Option<DateTimeUtc>>();
        match <i64 as ::pathway::__private::Datum>::compare(
            &self.order_id,
            &other.order_id,
        ) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        match <String as ::pathway::__private::Datum>::compare(&self.city, &other.city) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        match <i64 as ::pathway::__private::Datum>::compare(
            &self.priority,
            &other.priority,
        ) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        match <String as ::pathway::__private::Datum>::compare(
            &self.currency,
            &other.currency,
        ) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        match <i64 as ::pathway::__private::Datum>::compare(
            &self.quantity,
            &other.quantity,
        ) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        match <f64 as ::pathway::__private::Datum>::compare(&self.price, &other.price) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        match <Option<
            String,
        > as ::pathway::__private::Datum>::compare(&self.note, &other.note) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        match <String as ::pathway::__private::Datum>::compare(
            &self.subject,
            &other.subject,
        ) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        match <String as ::pathway::__private::Datum>::compare(
            &self.region,
            &other.region,
        ) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        match <Option<
            String,
        > as ::pathway::__private::Datum>::compare(&self.trace, &other.trace) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        match <Option<
            DateTimeUtc,
        > as ::pathway::__private::Datum>::compare(&self.published, &other.published) {
            ::core::cmp::Ordering::Equal => {}
            unequal => return unequal,
        }
        ::core::cmp::Ordering::Equal
    }
    fn hash_into<__H: ::core::hash::Hasher>(&self, state: &mut __H) {
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<f64>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<Option<DateTimeUtc>>();
        <i64 as ::pathway::__private::Datum>::hash_into(&self.order_id, state);
        <String as ::pathway::__private::Datum>::hash_into(&self.city, state);
        <i64 as ::pathway::__private::Datum>::hash_into(&self.priority, state);
        <String as ::pathway::__private::Datum>::hash_into(&self.currency, state);
        <i64 as ::pathway::__private::Datum>::hash_into(&self.quantity, state);
        <f64 as ::pathway::__private::Datum>::hash_into(&self.price, state);
        <Option<String> as ::pathway::__private::Datum>::hash_into(&self.note, state);
        <String as ::pathway::__private::Datum>::hash_into(&self.subject, state);
        <String as ::pathway::__private::Datum>::hash_into(&self.region, state);
        <Option<String> as ::pathway::__private::Datum>::hash_into(&self.trace, state);
        <Option<
            DateTimeUtc,
        > as ::pathway::__private::Datum>::hash_into(&self.published, state);
    }
    fn serialize<__S: ::pathway::__private::Serializer>(
        &self,
        serializer: __S,
    ) -> ::core::result::Result<__S::Ok, __S::Error> {
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<f64>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<Option<DateTimeUtc>>();
        let mut tuple = serializer.serialize_tuple(11usize)?;
        ::pathway::__private::write_field::<i64, _>(&mut tuple, &self.order_id)?;
        ::pathway::__private::write_field::<String, _>(&mut tuple, &self.city)?;
        ::pathway::__private::write_field::<i64, _>(&mut tuple, &self.priority)?;
        ::pathway::__private::write_field::<String, _>(&mut tuple, &self.currency)?;
        ::pathway::__private::write_field::<i64, _>(&mut tuple, &self.quantity)?;
        ::pathway::__private::write_field::<f64, _>(&mut tuple, &self.price)?;
        ::pathway::__private::write_field::<Option<String>, _>(&mut tuple, &self.note)?;
        ::pathway::__private::write_field::<String, _>(&mut tuple, &self.subject)?;
        ::pathway::__private::write_field::<String, _>(&mut tuple, &self.region)?;
        ::pathway::__private::write_field::<Option<String>, _>(&mut tuple, &self.trace)?;
        ::pathway::__private::write_field::<
            Option<DateTimeUtc>,
            _,
        >(&mut tuple, &self.published)?;
        ::pathway::__private::SerializeTuple::end(tuple)
    }
    fn deserialize<'__de, __D: ::pathway::__private::Deserializer<'__de>>(
        deserializer: __D,
    ) -> ::core::result::Result<Self, __D::Error> {
        ::pathway::__private::read_fields(deserializer)
    }
}
#[automatically_derived]
impl ::pathway::__private::Fields for Order {
    const COUNT: ::core::primitive::usize = 11usize;
    fn default_of(
        number: ::core::primitive::usize,
    ) -> ::core::option::Option<::pathway::__private::ColumnDefault> {
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<f64>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<Option<DateTimeUtc>>();
        match number {
            2usize => {
                ::pathway::__private::ColumnDefault::new::<
                    i64,
                >((|| ::pathway::__private::default_value())())
            }
            3usize => {
                ::pathway::__private::ColumnDefault::new::<
                    String,
                >((|| ::pathway::__private::default_from_text("EUR"))())
            }
            4usize => {
                ::pathway::__private::ColumnDefault::new::<i64>((|| -> i64 { 1 })())
            }
            _ => ::core::option::Option::None,
        }
    }
    fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
        mut fields: __A,
    ) -> ::core::result::Result<Self, __A::Error> {
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<f64>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<Option<DateTimeUtc>>();
        ::core::result::Result::Ok(Self {
            order_id: ::pathway::__private::read_field::<i64, _>(&mut fields)?,
            city: ::pathway::__private::read_field::<String, _>(&mut fields)?,
            priority: ::pathway::__private::read_field::<i64, _>(&mut fields)?,
            currency: ::pathway::__private::read_field::<String, _>(&mut fields)?,
            quantity: ::pathway::__private::read_field::<i64, _>(&mut fields)?,
            price: ::pathway::__private::read_field::<f64, _>(&mut fields)?,
            note: ::pathway::__private::read_field::<Option<String>, _>(&mut fields)?,
            subject: ::pathway::__private::read_field::<String, _>(&mut fields)?,
            region: ::pathway::__private::read_field::<String, _>(&mut fields)?,
            trace: ::pathway::__private::read_field::<Option<String>, _>(&mut fields)?,
            published: ::pathway::__private::read_field::<
                Option<DateTimeUtc>,
                _,
            >(&mut fields)?,
        })
    }
}
#[automatically_derived]
impl ::pathway::__private::Schema for Order {
    const NAME: &'static ::core::primitive::str = "Order";
    const COLUMNS: ::pathway::__private::Columns = ::pathway::__private::Columns {
        fields: &[
            ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                name: "orderId",
                type_name: "i64",
                primary_key: true,
                path: ::core::option::Option::None,
            }),
            ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                name: "town",
                type_name: "String",
                primary_key: false,
                path: ::core::option::Option::None,
            }),
            ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                name: "priority",
                type_name: "i64",
                primary_key: false,
                path: ::core::option::Option::None,
            }),
            ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                name: "currency",
                type_name: "String",
                primary_key: false,
                path: ::core::option::Option::None,
            }),
            ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                name: "quantity",
                type_name: "i64",
                primary_key: false,
                path: ::core::option::Option::None,
            }),
            ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                name: "price",
                type_name: "f64",
                primary_key: false,
                path: ::core::option::Option::Some("/payment/amount"),
            }),
            ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                name: "note",
                type_name: "Option<String>",
                primary_key: false,
                path: ::core::option::Option::Some("/payment/lines/0/note"),
            }),
            ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                name: "subject",
                type_name: "String",
                primary_key: false,
                path: ::core::option::Option::None,
            }),
            ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                name: "region",
                type_name: "String",
                primary_key: false,
                path: ::core::option::Option::None,
            }),
            ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                name: "trace",
                type_name: "Option<String>",
                primary_key: false,
                path: ::core::option::Option::None,
            }),
            ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                name: "published",
                type_name: "Option<DateTimeUtc>",
                primary_key: false,
                path: ::core::option::Option::None,
            }),
        ],
        names: &[
            "order_id",
            "city",
            "priority",
            "currency",
            "quantity",
            "price",
            "note",
            "subject",
            "region",
            "trace",
            "published",
        ],
    };
    type KeyPresence = ::pathway::__private::HasKey;
    type Key = (i64,);
    const METADATA: ::pathway::__private::Metadata = ::pathway::__private::Metadata::NONE
        .and(::pathway::__private::Metadata::NONE.with_headers())
        .and(
            ::pathway::__private::metadata::metadata_for_time::<
                Option<DateTimeUtc>,
            >("published"),
        );
    fn primary_key(&self) -> Self::Key {
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<f64>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<Option<DateTimeUtc>>();
        (<i64 as ::pathway::__private::Datum>::clone_datum(&self.order_id),)
    }
    fn decode_row(
        document: ::pathway::__private::JsonText<'_>,
        message: &::pathway::__private::Message<'_>,
    ) -> ::core::result::Result<Self, ::pathway::__private::DecodeError> {
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<f64>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<Option<DateTimeUtc>>();
        let walk = ::pathway::__private::JsonWalker::new();
        let mut slot_0 = ::pathway::__private::Slot::<i64>::Missing;
        let mut slot_1 = ::pathway::__private::Slot::<String>::Missing;
        let mut slot_2 = ::pathway::__private::Slot::<i64>::Missing;
        let mut slot_3 = ::pathway::__private::Slot::<String>::Missing;
        let mut slot_4 = ::pathway::__private::Slot::<i64>::Missing;
        let mut slot_5 = ::pathway::__private::Slot::<f64>::Missing;
        let mut slot_6 = ::pathway::__private::Slot::<Option<String>>::Missing;
        {
            let value = document;
            walk.document_members(
                value,
                &mut |step, value| match step {
                    "currency" => {
                        ::pathway::__private::read_slot::<String>(&mut slot_3, value);
                    }
                    "orderId" => {
                        ::pathway::__private::read_slot::<i64>(&mut slot_0, value);
                    }
                    "payment" => {
                        ::pathway::__private::clear_slot(&mut slot_5);
                        ::pathway::__private::clear_slot(&mut slot_6);
                        walk.members(
                            value,
                            &mut |step, value| match step {
                                "amount" => {
                                    ::pathway::__private::read_slot::<f64>(&mut slot_5, value);
                                }
                                "lines" => {
                                    ::pathway::__private::clear_slot(&mut slot_6);
                                    walk.children(
                                        value,
                                        &mut |step, value| match step {
                                            ::pathway::__private::PathSegment::Member("0")
                                            | ::pathway::__private::PathSegment::Element(0usize) => {
                                                ::pathway::__private::clear_slot(&mut slot_6);
                                                walk.members(
                                                    value,
                                                    &mut |step, value| match step {
                                                        "note" => {
                                                            ::pathway::__private::read_slot::<
                                                                Option<String>,
                                                            >(&mut slot_6, value);
                                                        }
                                                        _ => {}
                                                    },
                                                );
                                            }
                                            _ => {}
                                        },
                                    );
                                }
                                _ => {}
                            },
                        );
                    }
                    "priority" => {
                        ::pathway::__private::read_slot::<i64>(&mut slot_2, value);
                    }
                    "quantity" => {
                        ::pathway::__private::read_slot::<i64>(&mut slot_4, value);
                    }
                    "town" => {
                        ::pathway::__private::read_slot::<String>(&mut slot_1, value);
                    }
                    _ => {}
                },
            );
            walk.finish()?;
        }
        ::core::result::Result::Ok(Self {
            order_id: ::pathway::__private::take_slot::<
                i64,
            >(slot_0, <Self as ::pathway::__private::Schema>::COLUMNS.field(0usize))?,
            city: ::pathway::__private::take_slot::<
                String,
            >(slot_1, <Self as ::pathway::__private::Schema>::COLUMNS.field(1usize))?,
            priority: ::pathway::__private::take_slot_or::<
                i64,
                _,
            >(
                slot_2,
                <Self as ::pathway::__private::Schema>::COLUMNS.field(2usize),
                || ::pathway::__private::default_value(),
            )?,
            currency: ::pathway::__private::take_slot_or::<
                String,
                _,
            >(
                slot_3,
                <Self as ::pathway::__private::Schema>::COLUMNS.field(3usize),
                || ::pathway::__private::default_from_text("EUR"),
            )?,
            quantity: ::pathway::__private::take_slot_or::<
                i64,
                _,
            >(
                slot_4,
                <Self as ::pathway::__private::Schema>::COLUMNS.field(4usize),
                || -> i64 { 1 },
            )?,
            price: ::pathway::__private::take_slot::<
                f64,
            >(slot_5, <Self as ::pathway::__private::Schema>::COLUMNS.field(5usize))?,
            note: ::pathway::__private::take_slot::<
                Option<String>,
            >(slot_6, <Self as ::pathway::__private::Schema>::COLUMNS.field(6usize))?,
            subject: ::pathway::__private::metadata::subject::<String>(message),
            region: ::pathway::__private::metadata::subject_token::<
                String,
            >(
                message,
                2,
                <Self as ::pathway::__private::Schema>::COLUMNS.field(8usize),
            )?,
            trace: ::pathway::__private::metadata::header::<
                Option<String>,
            >(
                message,
                "Trace-Id",
                <Self as ::pathway::__private::Schema>::COLUMNS.field(9usize),
            )?,
            published: {
                let _ = ::pathway::__private::metadata::metadata_for_time::<
                    Option<DateTimeUtc>,
                >("published");
                ::pathway::__private::metadata::published_at::<
                    Option<DateTimeUtc>,
                >(
                    message,
                    <Self as ::pathway::__private::Schema>::COLUMNS.field(10usize),
                )?
            },
        })
    }
    fn encode_columns(
        &self,
        out: &mut ::pathway::__private::Vec<::core::primitive::u8>,
    ) {
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<f64>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<Option<DateTimeUtc>>();
        out.extend_from_slice(b"\"orderId\":");
        <i64 as ::pathway::__private::EncodeJson>::encode_json(&self.order_id, out);
        out.extend_from_slice(b",\"town\":");
        <String as ::pathway::__private::EncodeJson>::encode_json(&self.city, out);
        out.extend_from_slice(b",\"priority\":");
        <i64 as ::pathway::__private::EncodeJson>::encode_json(&self.priority, out);
        out.extend_from_slice(b",\"currency\":");
        <String as ::pathway::__private::EncodeJson>::encode_json(&self.currency, out);
        out.extend_from_slice(b",\"quantity\":");
        <i64 as ::pathway::__private::EncodeJson>::encode_json(&self.quantity, out);
        out.extend_from_slice(b",\"price\":");
        <f64 as ::pathway::__private::EncodeJson>::encode_json(&self.price, out);
        out.extend_from_slice(b",\"note\":");
        <Option<
            String,
        > as ::pathway::__private::EncodeJson>::encode_json(&self.note, out);
        out.extend_from_slice(b",\"subject\":");
        <String as ::pathway::__private::EncodeJson>::encode_json(&self.subject, out);
        out.extend_from_slice(b",\"region\":");
        <String as ::pathway::__private::EncodeJson>::encode_json(&self.region, out);
        out.extend_from_slice(b",\"trace\":");
        <Option<
            String,
        > as ::pathway::__private::EncodeJson>::encode_json(&self.trace, out);
        out.extend_from_slice(b",\"published\":");
        <Option<
            DateTimeUtc,
        > as ::pathway::__private::EncodeJson>::encode_json(&self.published, out);
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
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<i64>();
        ::pathway::__private::column_type::<f64>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<String>();
        ::pathway::__private::column_type::<Option<String>>();
        ::pathway::__private::column_type::<Option<DateTimeUtc>>();
        show(
            <Self as ::pathway::__private::Schema>::COLUMNS.field(0usize),
            ::pathway::__private::dyn_value::<i64>(&self.order_id),
            ::pathway::__private::dyn_value::<i64>(&other.order_id),
        );
        show(
            <Self as ::pathway::__private::Schema>::COLUMNS.field(1usize),
            ::pathway::__private::dyn_value::<String>(&self.city),
            ::pathway::__private::dyn_value::<String>(&other.city),
        );
        show(
            <Self as ::pathway::__private::Schema>::COLUMNS.field(2usize),
            ::pathway::__private::dyn_value::<i64>(&self.priority),
            ::pathway::__private::dyn_value::<i64>(&other.priority),
        );
        show(
            <Self as ::pathway::__private::Schema>::COLUMNS.field(3usize),
            ::pathway::__private::dyn_value::<String>(&self.currency),
            ::pathway::__private::dyn_value::<String>(&other.currency),
        );
        show(
            <Self as ::pathway::__private::Schema>::COLUMNS.field(4usize),
            ::pathway::__private::dyn_value::<i64>(&self.quantity),
            ::pathway::__private::dyn_value::<i64>(&other.quantity),
        );
        show(
            <Self as ::pathway::__private::Schema>::COLUMNS.field(5usize),
            ::pathway::__private::dyn_value::<f64>(&self.price),
            ::pathway::__private::dyn_value::<f64>(&other.price),
        );
        show(
            <Self as ::pathway::__private::Schema>::COLUMNS.field(6usize),
            ::pathway::__private::dyn_value::<Option<String>>(&self.note),
            ::pathway::__private::dyn_value::<Option<String>>(&other.note),
        );
        show(
            <Self as ::pathway::__private::Schema>::COLUMNS.field(7usize),
            ::pathway::__private::dyn_value::<String>(&self.subject),
            ::pathway::__private::dyn_value::<String>(&other.subject),
        );
        show(
            <Self as ::pathway::__private::Schema>::COLUMNS.field(8usize),
            ::pathway::__private::dyn_value::<String>(&self.region),
            ::pathway::__private::dyn_value::<String>(&other.region),
        );
        show(
            <Self as ::pathway::__private::Schema>::COLUMNS.field(9usize),
            ::pathway::__private::dyn_value::<Option<String>>(&self.trace),
            ::pathway::__private::dyn_value::<Option<String>>(&other.trace),
        );
        show(
            <Self as ::pathway::__private::Schema>::COLUMNS.field(10usize),
            ::pathway::__private::dyn_value::<Option<DateTimeUtc>>(&self.published),
            ::pathway::__private::dyn_value::<Option<DateTimeUtc>>(&other.published),
        );
    }
}
#[automatically_derived]
impl ::pathway::__private::Extends<Self> for Order {
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
    struct __OrderWith<__X: ::pathway::__private::Schema> {
        order_id: i64,
        city: String,
        priority: i64,
        currency: String,
        quantity: i64,
        price: f64,
        note: Option<String>,
        subject: String,
        region: String,
        trace: Option<String>,
        published: Option<DateTimeUtc>,
        __other: __X,
    }
    #[automatically_derived]
    impl<__X: ::pathway::__private::Schema> ::core::ops::Deref for __OrderWith<__X> {
        type Target = __X;
        fn deref(&self) -> &Self::Target {
            &self.__other
        }
    }
    #[automatically_derived]
    impl<__X: ::pathway::__private::Schema> ::core::ops::DerefMut for __OrderWith<__X> {
        fn deref_mut(&mut self) -> &mut Self::Target {
            &mut self.__other
        }
    }
    #[automatically_derived]
    impl ::pathway::__private::ExtensibleRow for Order {
        type With<__X: ::pathway::__private::Schema> = __OrderWith<__X>;
        fn with<__X: ::pathway::__private::Schema>(
            &self,
            other: __X,
        ) -> Self::With<__X> {
            ::pathway::__private::column_type::<i64>();
            ::pathway::__private::column_type::<String>();
            ::pathway::__private::column_type::<i64>();
            ::pathway::__private::column_type::<String>();
            ::pathway::__private::column_type::<i64>();
            ::pathway::__private::column_type::<f64>();
            ::pathway::__private::column_type::<Option<String>>();
            ::pathway::__private::column_type::<String>();
            ::pathway::__private::column_type::<String>();
            ::pathway::__private::column_type::<Option<String>>();
            ::pathway::__private::column_type::<Option<DateTimeUtc>>();
            __OrderWith {
                order_id: <i64 as ::pathway::__private::Datum>::clone_datum(
                    &self.order_id,
                ),
                city: <String as ::pathway::__private::Datum>::clone_datum(&self.city),
                priority: <i64 as ::pathway::__private::Datum>::clone_datum(
                    &self.priority,
                ),
                currency: <String as ::pathway::__private::Datum>::clone_datum(
                    &self.currency,
                ),
                quantity: <i64 as ::pathway::__private::Datum>::clone_datum(
                    &self.quantity,
                ),
                price: <f64 as ::pathway::__private::Datum>::clone_datum(&self.price),
                note: <Option<
                    String,
                > as ::pathway::__private::Datum>::clone_datum(&self.note),
                subject: <String as ::pathway::__private::Datum>::clone_datum(
                    &self.subject,
                ),
                region: <String as ::pathway::__private::Datum>::clone_datum(
                    &self.region,
                ),
                trace: <Option<
                    String,
                > as ::pathway::__private::Datum>::clone_datum(&self.trace),
                published: <Option<
                    DateTimeUtc,
                > as ::pathway::__private::Datum>::clone_datum(&self.published),
                __other: other,
            }
        }
        fn own<__X: ::pathway::__private::Schema>(both: &Self::With<__X>) -> Self {
            ::pathway::__private::column_type::<i64>();
            ::pathway::__private::column_type::<String>();
            ::pathway::__private::column_type::<i64>();
            ::pathway::__private::column_type::<String>();
            ::pathway::__private::column_type::<i64>();
            ::pathway::__private::column_type::<f64>();
            ::pathway::__private::column_type::<Option<String>>();
            ::pathway::__private::column_type::<String>();
            ::pathway::__private::column_type::<String>();
            ::pathway::__private::column_type::<Option<String>>();
            ::pathway::__private::column_type::<Option<DateTimeUtc>>();
            Self {
                order_id: <i64 as ::pathway::__private::Datum>::clone_datum(
                    &both.order_id,
                ),
                city: <String as ::pathway::__private::Datum>::clone_datum(&both.city),
                priority: <i64 as ::pathway::__private::Datum>::clone_datum(
                    &both.priority,
                ),
                currency: <String as ::pathway::__private::Datum>::clone_datum(
                    &both.currency,
                ),
                quantity: <i64 as ::pathway::__private::Datum>::clone_datum(
                    &both.quantity,
                ),
                price: <f64 as ::pathway::__private::Datum>::clone_datum(&both.price),
                note: <Option<
                    String,
                > as ::pathway::__private::Datum>::clone_datum(&both.note),
                subject: <String as ::pathway::__private::Datum>::clone_datum(
                    &both.subject,
                ),
                region: <String as ::pathway::__private::Datum>::clone_datum(
                    &both.region,
                ),
                trace: <Option<
                    String,
                > as ::pathway::__private::Datum>::clone_datum(&both.trace),
                published: <Option<
                    DateTimeUtc,
                > as ::pathway::__private::Datum>::clone_datum(&both.published),
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
            ::pathway::__private::column_type::<i64>();
            ::pathway::__private::column_type::<String>();
            ::pathway::__private::column_type::<i64>();
            ::pathway::__private::column_type::<String>();
            ::pathway::__private::column_type::<i64>();
            ::pathway::__private::column_type::<f64>();
            ::pathway::__private::column_type::<Option<String>>();
            ::pathway::__private::column_type::<String>();
            ::pathway::__private::column_type::<String>();
            ::pathway::__private::column_type::<Option<String>>();
            ::pathway::__private::column_type::<Option<DateTimeUtc>>();
            show(
                <Self as ::pathway::__private::Schema>::COLUMNS.field(0usize),
                ::pathway::__private::dyn_value::<i64>(&first.order_id),
                ::pathway::__private::dyn_value::<i64>(&second.order_id),
            );
            show(
                <Self as ::pathway::__private::Schema>::COLUMNS.field(1usize),
                ::pathway::__private::dyn_value::<String>(&first.city),
                ::pathway::__private::dyn_value::<String>(&second.city),
            );
            show(
                <Self as ::pathway::__private::Schema>::COLUMNS.field(2usize),
                ::pathway::__private::dyn_value::<i64>(&first.priority),
                ::pathway::__private::dyn_value::<i64>(&second.priority),
            );
            show(
                <Self as ::pathway::__private::Schema>::COLUMNS.field(3usize),
                ::pathway::__private::dyn_value::<String>(&first.currency),
                ::pathway::__private::dyn_value::<String>(&second.currency),
            );
            show(
                <Self as ::pathway::__private::Schema>::COLUMNS.field(4usize),
                ::pathway::__private::dyn_value::<i64>(&first.quantity),
                ::pathway::__private::dyn_value::<i64>(&second.quantity),
            );
            show(
                <Self as ::pathway::__private::Schema>::COLUMNS.field(5usize),
                ::pathway::__private::dyn_value::<f64>(&first.price),
                ::pathway::__private::dyn_value::<f64>(&second.price),
            );
            show(
                <Self as ::pathway::__private::Schema>::COLUMNS.field(6usize),
                ::pathway::__private::dyn_value::<Option<String>>(&first.note),
                ::pathway::__private::dyn_value::<Option<String>>(&second.note),
            );
            show(
                <Self as ::pathway::__private::Schema>::COLUMNS.field(7usize),
                ::pathway::__private::dyn_value::<String>(&first.subject),
                ::pathway::__private::dyn_value::<String>(&second.subject),
            );
            show(
                <Self as ::pathway::__private::Schema>::COLUMNS.field(8usize),
                ::pathway::__private::dyn_value::<String>(&first.region),
                ::pathway::__private::dyn_value::<String>(&second.region),
            );
            show(
                <Self as ::pathway::__private::Schema>::COLUMNS.field(9usize),
                ::pathway::__private::dyn_value::<Option<String>>(&first.trace),
                ::pathway::__private::dyn_value::<Option<String>>(&second.trace),
            );
            show(
                <Self as ::pathway::__private::Schema>::COLUMNS.field(10usize),
                ::pathway::__private::dyn_value::<Option<DateTimeUtc>>(&first.published),
                ::pathway::__private::dyn_value::<Option<DateTimeUtc>>(&second.published),
            );
        }
    }
};
