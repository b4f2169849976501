//! The rows of the three tables, and the text in them.

use arcstr::ArcStr;
use dbsp::{OrdZSet, RootCircuit, Stream};
use feldera_macros::IsNone;
use nexmark::event;
use rkyv::string::{ArchivedString, StringResolver};
use rkyv::{Archive, Deserialize, DeserializeUnsized, Fallible, Serialize, SerializeUnsized};
use size_of::SizeOf;

/// A text that is cheap to clone. Programs that Feldera generates from SQL use the same representation.
#[derive(Clone, Debug, Default, Eq, Hash, IsNone, Ord, PartialEq, PartialOrd, SizeOf)]
pub struct Text(pub ArcStr);

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self(ArcStr::from(text.as_str()))
    }
}

impl Archive for Text {
    type Archived = ArchivedString;
    type Resolver = StringResolver;

    unsafe fn resolve(&self, position: usize, resolver: StringResolver, out: *mut ArchivedString) {
        // SAFETY: the caller's promises about `out` are those that this function needs.
        unsafe { ArchivedString::resolve_from_str(&self.0, position, resolver, out) }
    }
}

impl<S: Fallible + ?Sized> Serialize<S> for Text
where
    str: SerializeUnsized<S>,
{
    fn serialize(&self, serializer: &mut S) -> Result<StringResolver, S::Error> {
        ArchivedString::serialize_from_str(&self.0, serializer)
    }
}

impl<D: Fallible + ?Sized> Deserialize<Text, D> for ArchivedString
where
    str: DeserializeUnsized<str, D>,
{
    fn deserialize(&self, _: &mut D) -> Result<Text, D::Error> {
        Ok(Text(ArcStr::from(self.as_str())))
    }
}

/// Declares the row of a table, with what dbsp needs of a row.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident { $($column:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(
            Archive, Clone, Debug, Default, Deserialize, Eq, Hash, IsNone, Ord, PartialEq, PartialOrd, Serialize, SizeOf,
        )]
        #[archive_attr(derive(Eq, Ord, PartialEq, PartialOrd))]
        pub struct $name {
            $(pub $column: $type,)*
        }
    };
}

row! {
    /// A person, with the columns of the table.
    Person {
        id: u64,
        name: Text,
        email_address: Text,
        credit_card: Text,
        city: Text,
        state: Text,
        date_time: u64,
        extra: Text,
    }
}

row! {
    /// An auction, with the columns of the table.
    Auction {
        id: u64,
        item_name: Text,
        description: Text,
        initial_bid: u64,
        reserve: u64,
        date_time: u64,
        expires: u64,
        seller: u64,
        category: u64,
        extra: Text,
    }
}

row! {
    /// A bid, with the columns of the table.
    Bid {
        auction: u64,
        bidder: u64,
        price: u64,
        channel: Text,
        url: Text,
        date_time: u64,
        extra: Text,
    }
}

impl From<&event::Person> for Person {
    fn from(person: &event::Person) -> Self {
        Self {
            id: person.id as u64,
            name: (&person.name).into(),
            email_address: (&person.email_address).into(),
            credit_card: (&person.credit_card).into(),
            city: (&person.city).into(),
            state: (&person.state).into(),
            date_time: person.date_time,
            extra: (&person.extra).into(),
        }
    }
}

impl From<&event::Auction> for Auction {
    fn from(auction: &event::Auction) -> Self {
        Self {
            id: auction.id as u64,
            item_name: (&auction.item_name).into(),
            description: (&auction.description).into(),
            initial_bid: auction.initial_bid as u64,
            reserve: auction.reserve as u64,
            date_time: auction.date_time,
            expires: auction.expires,
            seller: auction.seller as u64,
            category: auction.category as u64,
            extra: (&auction.extra).into(),
        }
    }
}

impl From<&event::Bid> for Bid {
    fn from(bid: &event::Bid) -> Self {
        Self {
            auction: bid.auction as u64,
            bidder: bid.bidder as u64,
            price: bid.price as u64,
            channel: (&bid.channel).into(),
            url: (&bid.url).into(),
            date_time: bid.date_time,
            extra: (&bid.extra).into(),
        }
    }
}

/// A table as it changes.
pub type Table<R> = Stream<RootCircuit, OrdZSet<R>>;
