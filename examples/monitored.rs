//! `monitor`: a pipeline that can be watched in a browser while messages flow, its server breaks, or it falls behind.
//!
//! ```sh
//! cargo run --release --example monitored
//! ```
//!
//! It prints the address of its page, and then does what you type:
//!
//! | line | what happens |
//! |---|---|
//! | `bad` | ten orders arrive that are none |
//! | `flood` | 300 000 orders arrive at once |
//! | `break` | the server is killed |
//! | `restore`, or any other line after that | the server is started again |
//! | `stop`, or the end of the input | the pipeline ends |
//!
//! With `OPERATORS=60` it has so many operators. `PATHWAY_MONITORING` says where the page is; default: a port that is free.

use std::io::BufRead;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use pathway::prelude::*;
use pathway_testkit::Server;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
    placed_at: DateTimeUtc,
}

#[derive(Schema)]
struct City {
    #[schema(primary_key)]
    city: String,
    country: String,
}

const CITIES: [(&str, &str); 6] =
    [("Oslo", "NO"), ("Bergen", "NO"), ("Rome", "IT"), ("Milan", "IT"), ("Lima", "PE"), ("Kyoto", "JP")];
/// Orders in a second.
const ORDERS: u64 = 400;

fn service(uri: &str, operators: usize) -> Pipeline {
    let pipeline = Pipeline::named("orders-service");
    let orders = nats::read(&pipeline, uri, "orders.>").jetstream("ORDERS").dead_letter("bad.orders").name("orders");
    let orders = orders.json::<Order>();
    let cities = nats::read(&pipeline, uri, "cities").json::<City>();
    let large = filter!(o in orders => o.price > 20.0).named("large orders");
    let placed = join!(o in large, c? in cities on o.city == c.city => {
        o.id,
        o.price,
        country: c.map_or("??".to_owned(), |c| c.country.clone()),
    });
    let countries =
        reduce!(o in placed.named("with country") by o.country => { o.country, total: sum(o.price), n: count() });
    let minutes = reduce!(o in orders by o.city window tumbling(o.placed_at, 1.minutes()).allowed_lateness(5.seconds()) as w => {
        o.city, minute: w.start, n: count(), dearest: max(o.price)
    });
    nats::write(&countries.named("countries"), uri, "totals.countries").jetstream("TOTALS").json();
    nats::write(&minutes.named("minutes"), uri, "totals.minutes").jetstream("TOTALS").json();
    // More of the same, for a picture of many operators.
    for number in 0..operators.saturating_sub(4) / 4 {
        let least = 10.0 + number as f64;
        let some = filter!(o in orders => o.price > least).named(format!("above {least}"));
        let priced = select!(o in some => { o.city, cents: (o.price * 100.0) as i64 }).named(format!("cents {number}"));
        let totals =
            reduce!(o in priced by o.city => { o.city, cents: sum(o.cents) }).named(format!("totals {number}"));
        let high = filter!(t in totals => t.cents > 1_000).named(format!("high {number}"));
        if number % 4 == 0 {
            nats::write(&high, uri, format!("totals.high.{number}")).json();
        } else {
            high.subscribe(|_| ());
        }
    }
    pipeline
}

fn main() -> Outcome {
    let operators = std::env::var("OPERATORS").ok().and_then(|number| number.parse().ok()).unwrap_or(0);
    let mut server = Server::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(prepare(&server.url()))?;
    let pipeline = service(&server.url(), operators);
    let monitored = std::env::var_os("PATHWAY_MONITORING").is_some();
    let pipeline = if monitored { pipeline } else { pipeline.monitor("127.0.0.1:0") };
    let running = pipeline.start()?;
    let address = running.monitor_address().ok_or("it is not monitored")?;
    println!("look at http://{address} and type `bad`, `flood`, `break`, `restore` or `stop`");
    let commands = lines();
    let mut published = 0;
    while runtime.block_on(publish(&server.url(), &commands, &mut published))? == "break" {
        server.stop();
        let next = commands.recv().unwrap_or_else(|_| "stop".to_owned());
        // Also for the end: what is not written yet needs a server.
        server.restart()?;
        if next == "stop" {
            break;
        }
    }
    running.stop();
    running.join()?;
    Ok(())
}

/// Creates the streams.
async fn prepare(url: &str) -> Outcome {
    let context = jetstream::new(async_nats::connect(url).await?);
    for (name, subject) in [("ORDERS", "orders.>"), ("TOTALS", "totals.>")] {
        let subjects = vec![subject.to_owned()];
        let config = jetstream::stream::Config { name: name.to_owned(), subjects, ..Default::default() };
        context.create_stream(config).await?;
    }
    Ok(())
}

/// Publishes orders until a line says `break` or `stop`, and returns that. The end of the lines is a `stop`.
async fn publish(url: &str, commands: &Receiver<String>, published: &mut u64) -> Outcome<String> {
    let client = async_nats::connect(url).await?;
    for (city, country) in CITIES {
        client.publish("cities", format!(r#"{{"city": "{city}", "country": "{country}"}}"#).into()).await?;
    }
    let (begin, first) = (Instant::now(), *published);
    loop {
        match commands.try_recv() {
            Ok(command) if command == "bad" => {
                for _ in 0..10 {
                    client.publish("orders.bad", r#"{"id": 7, "city": "Oslo", "price": "cheap"}"#.into()).await?;
                }
            }
            Ok(command) if command == "flood" => {
                for number in 0..300_000 {
                    client.publish("orders.new", order(number).into()).await?;
                }
            }
            Ok(command) if command == "break" || command == "stop" => return Ok(command),
            Err(TryRecvError::Disconnected) => return Ok("stop".to_owned()),
            Ok(_) | Err(TryRecvError::Empty) => {}
        }
        let due = first + begin.elapsed().as_millis() as u64 * ORDERS / 1000;
        while *published < due {
            client.publish("orders.new", order(*published).into()).await?;
            *published += 1;
        }
        client.flush().await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn order(number: u64) -> String {
    let (city, _) = CITIES[number as usize * 7 % CITIES.len()];
    let price = number * 37 % 200;
    let at = pathway::jiff::Timestamp::now();
    format!(r#"{{"id": {number}, "city": "{city}", "price": {price}.5, "placed_at": "{at}"}}"#)
}

/// The lines that are typed.
fn lines() -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line.trim().to_owned()).is_err() {
                return;
            }
        }
    });
    lines
}
