//! The events of the generator, and the file of them that the programs in other languages read.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use nexmark::EventGenerator;
use nexmark::config::NexmarkConfig;
use nexmark::event::{Event, EventType};

/// The first events of the generator, all types in the order of generation.
pub fn generate(count: usize) -> impl Iterator<Item = Event> {
    let config = NexmarkConfig { base_time: 1_436_918_400_000, ..NexmarkConfig::default() };
    EventGenerator::new(config).take(count)
}

/// Writes the first events to a file, one JSON object a line.
pub fn write(count: usize, path: &str) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut line = String::new();
    for event in generate(count) {
        line.clear();
        object(&event, &mut line);
        line.push('\n');
        file.write_all(line.as_bytes())?;
    }
    file.flush()
}

fn object(event: &Event, line: &mut String) {
    let kind = match event.event_type() {
        EventType::Person => "person",
        EventType::Auction => "auction",
        EventType::Bid => "bid",
    };
    let _ = write!(line, r#"{{"kind":"{kind}""#);
    match event {
        Event::Person(p) => {
            number(line, "id", p.id as u64);
            text(line, "name", &p.name);
            text(line, "email_address", &p.email_address);
            text(line, "credit_card", &p.credit_card);
            text(line, "city", &p.city);
            text(line, "state", &p.state);
            number(line, "date_time", p.date_time);
            text(line, "extra", &p.extra);
        }
        Event::Auction(a) => {
            number(line, "id", a.id as u64);
            text(line, "item_name", &a.item_name);
            text(line, "description", &a.description);
            number(line, "initial_bid", a.initial_bid as u64);
            number(line, "reserve", a.reserve as u64);
            number(line, "date_time", a.date_time);
            number(line, "expires", a.expires);
            number(line, "seller", a.seller as u64);
            number(line, "category", a.category as u64);
            text(line, "extra", &a.extra);
        }
        Event::Bid(b) => {
            number(line, "auction", b.auction as u64);
            number(line, "bidder", b.bidder as u64);
            number(line, "price", b.price as u64);
            text(line, "channel", &b.channel);
            text(line, "url", &b.url);
            number(line, "date_time", b.date_time);
            text(line, "extra", &b.extra);
        }
    }
    line.push('}');
}

fn number(line: &mut String, name: &str, value: u64) {
    let _ = write!(line, r#","{name}":{value}"#);
}

/// Writes a text. The generator makes no character that JSON would have to escape.
fn text(line: &mut String, name: &str, value: &str) {
    debug_assert!(!value.contains(|c: char| c == '"' || c == '\\' || c.is_control()));
    let _ = write!(line, r#","{name}":"{value}""#);
}
