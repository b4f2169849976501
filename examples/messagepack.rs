//! A format of your own: `Decode` and `Encode` for MessagePack, with rmp-serde.
//!
//! Run: `cargo run --example messagepack`. It needs no server: it uses a broker in memory, like a test.

use pathway::format::{ChangeInfo, Decode, DecodeError, Encode, EncodeError, Message};
use pathway::prelude::*;
use pathway::testing::Broker;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A row can also derive serde's traits: they do not conflict with `Schema`.
#[derive(Schema, Deserialize)]
struct Order {
    city: String,
    price: i64,
}

#[derive(Schema, Serialize, Deserialize, Debug, PartialEq)]
struct Total {
    city: String,
    total: i64,
}

/// Any row that serde knows, as a map of its columns.
struct MessagePack<R>(std::marker::PhantomData<fn() -> R>);

impl<R> MessagePack<R> {
    fn new() -> Self {
        MessagePack(std::marker::PhantomData)
    }
}

impl<R: Schema + DeserializeOwned> Decode for MessagePack<R> {
    type Row = R;

    fn decode(&self, message: &Message<'_>) -> Result<R, DecodeError> {
        rmp_serde::from_slice(message.payload).map_err(|error| DecodeError::message(error.to_string()))
    }
}

impl<R: Schema + Serialize> Encode<R> for MessagePack<R> {
    /// The header `pathway_diff` tells insertions from removals, so that the payload need not.
    fn encode(&self, row: &R, _: ChangeInfo, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        rmp_serde::encode::write_named(payload, row).map_err(|error| EncodeError::new(error.to_string()))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let broker = Broker::new();
    let pipeline = Pipeline::new();
    let orders = nats::read(&pipeline, &broker, "orders").decode(MessagePack::<Order>::new());
    let totals = reduce!(o in orders by o.city => Total { city: o.city, total: sum(o.price) });
    nats::write(&totals, &broker, "totals").encode(MessagePack::new());

    #[derive(Serialize)]
    struct Sent<'a> {
        city: &'a str,
        price: i64,
    }
    for (city, price) in [("Oslo", 3), ("Rome", 5), ("Oslo", 4)] {
        broker.publish("orders", rmp_serde::to_vec_named(&Sent { city, price })?);
    }
    broker.publish("orders", "this is not MessagePack");
    broker.commit();
    broker.close();
    pipeline.run()?;

    for message in broker.published("totals") {
        let total: Total = rmp_serde::from_slice(&message.payload)?;
        println!("{} bytes: {total:?}", message.payload.len());
    }
    Ok(())
}
