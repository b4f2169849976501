//! The rows of Nexmark: an auction house with persons who offer items, and bid for them.

use std::sync::Arc;

use nexmark::EventGenerator;
use nexmark::config::NexmarkConfig;
use pathway::io::{Failure, RowSender, Source, SourceSettings};
use pathway::prelude::*;

/// Someone who sells or bids.
#[derive(Clone, Schema)]
pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) email_address: String,
    pub(crate) credit_card: String,
    pub(crate) city: String,
    pub(crate) state: String,
    #[schema(format = "unix_ms")]
    pub(crate) date_time: DateTimeUtc,
    pub(crate) extra: String,
}

/// An item that is sold to who bids most until it expires.
#[derive(Clone, Schema)]
pub(crate) struct Auction {
    pub(crate) id: i64,
    pub(crate) item_name: String,
    pub(crate) description: String,
    pub(crate) initial_bid: i64,
    pub(crate) reserve: i64,
    #[schema(format = "unix_ms")]
    pub(crate) date_time: DateTimeUtc,
    #[schema(format = "unix_ms")]
    pub(crate) expires: DateTimeUtc,
    pub(crate) seller: i64,
    pub(crate) category: i64,
    pub(crate) extra: String,
}

/// What someone would pay.
#[derive(Clone, Schema)]
pub(crate) struct Bid {
    pub(crate) auction: i64,
    pub(crate) bidder: i64,
    pub(crate) price: i64,
    pub(crate) channel: String,
    pub(crate) url: String,
    #[schema(format = "unix_ms")]
    pub(crate) date_time: DateTimeUtc,
    pub(crate) extra: String,
}

/// One of the three.
enum Event {
    Person(Person),
    Auction(Auction),
    Bid(Bid),
}

/// The first events of the generator, the same in each run.
#[derive(Clone)]
pub(crate) struct Events(Arc<Vec<Event>>);

impl Events {
    pub(crate) fn generate(events: usize) -> Self {
        Events(Arc::new(generator().take(events).map(Event::from).collect()))
    }

    /// A source of these events, `commit` of them in each commit. 0 is all in one.
    pub(crate) fn read(&self, pipeline: &Pipeline, commit: usize) -> Inputs {
        let commit = if commit == 0 { self.0.len() } else { commit };
        let positions = pipeline.source(Positions { events: self.0.len(), commit });
        Inputs { positions, events: self.clone() }
    }
}

/// The three tables. Each is made when a query asks for it, so that no query pays for one that it does not read.
///
/// The events stay in memory, and a row is copied when it enters the pipeline: what the process needs beside the events is
/// what the pipeline needs, and each row costs the allocations that a decoder makes.
pub(crate) struct Inputs {
    positions: Table<Position>,
    events: Events,
}

impl Inputs {
    pub(crate) fn persons(&self) -> Table<Person> {
        self.rows(|event| if let Event::Person(person) = event { Some(person) } else { None })
    }

    pub(crate) fn auctions(&self) -> Table<Auction> {
        self.rows(|event| if let Event::Auction(auction) = event { Some(auction) } else { None })
    }

    pub(crate) fn bids(&self) -> Table<Bid> {
        self.rows(|event| if let Event::Bid(bid) = event { Some(bid) } else { None })
    }

    fn rows<R: Schema + Clone>(&self, of: fn(&Event) -> Option<&R>) -> Table<R> {
        let events = self.events.clone();
        self.positions.filter_map(move |position| of(&events.0[position.index as usize]).cloned())
    }
}

/// Which event arrives.
#[derive(Schema)]
struct Position {
    index: u64,
}

struct Positions {
    events: usize,
    commit: usize,
}

impl Source for Positions {
    type Item = Position;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().name("events").own_commits().append_only()
    }

    fn run(self, rows: &RowSender<Position>) -> std::result::Result<(), Failure> {
        for index in 0..self.events {
            rows.insert(Position { index: index as u64 })?;
            if (index + 1) % self.commit == 0 {
                rows.commit()?;
            }
        }
        Ok(())
    }
}

/// All systems of a comparison get these events: with the defaults of the generator, except that time begins at a fixed moment.
pub(crate) fn generator() -> EventGenerator {
    EventGenerator::new(NexmarkConfig { base_time: 1_436_918_400_000, ..NexmarkConfig::default() })
}

impl From<nexmark::event::Event> for Event {
    fn from(event: nexmark::event::Event) -> Self {
        match event {
            nexmark::event::Event::Person(p) => Event::Person(Person {
                id: p.id as i64,
                name: p.name,
                email_address: p.email_address,
                credit_card: p.credit_card,
                city: p.city,
                state: p.state,
                date_time: time(p.date_time),
                extra: p.extra,
            }),
            nexmark::event::Event::Auction(a) => Event::Auction(Auction {
                id: a.id as i64,
                item_name: a.item_name,
                description: a.description,
                initial_bid: a.initial_bid as i64,
                reserve: a.reserve as i64,
                date_time: time(a.date_time),
                expires: time(a.expires),
                seller: a.seller as i64,
                category: a.category as i64,
                extra: a.extra,
            }),
            nexmark::event::Event::Bid(b) => Event::Bid(Bid {
                auction: b.auction as i64,
                bidder: b.bidder as i64,
                price: b.price as i64,
                channel: b.channel,
                url: b.url,
                date_time: time(b.date_time),
                extra: b.extra,
            }),
        }
    }
}

fn time(milliseconds: u64) -> DateTimeUtc {
    DateTimeUtc::from_millisecond(milliseconds as i64).expect("a time of the generator")
}
